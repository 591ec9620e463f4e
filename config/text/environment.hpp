// `${VAR}` and `${VAR:-default}` in texts (not in keys). `$${` stands for a literal `${`; any other dollar
// sign is itself. `${secret:NAME}` stays, and is counted: the reader of the options checks whether it may
// stand there. Values of the environment are secret until an option that is declared plain takes them: each
// filled text also keeps the form that may be shown.
#pragma once

#include "config/text/node.hpp"
#include "config/text/report.hpp"

namespace millrace::config {

/// A larger value was surely not meant for a topology.
inline constexpr std::size_t largest_variable = 64U << 10U;

/// A node of a cluster fills nothing in: its environment is none of a topology's business.
enum class variables : std::uint8_t { filled_in, refused };

/// Fills the tree in; the report learns what came from the environment.
void fill_environment(node& root, report& out, variables how = variables::filled_in);

}  // namespace millrace::config
