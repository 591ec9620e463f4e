// `${VAR}` and `${VAR:-default}` in texts (not in keys). `$${` stands for a literal `${`; any other dollar
// sign is itself. What comes from the environment is secret: each filled text also keeps the form that may be
// shown.
#pragma once

#include "config/node.hpp"
#include "config/report.hpp"

namespace millrace::config {

/// A larger value was surely not meant for a topology.
inline constexpr std::size_t largest_variable = 64U << 10U;

/// Fills the tree in; what came from the environment is kept secret by the report.
void fill_environment(node& root, report& out);

}  // namespace millrace::config
