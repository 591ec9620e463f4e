// A topology's file with its overlays and single values laid over it, in their order.
#pragma once

#include "config/catalog.hpp"
#include "config/plan.hpp"
#include "config/text/node.hpp"
#include "config/text/report.hpp"

#include <optional>

namespace millrace::config {

/// Variables of the environment are not filled in yet. No value where a file cannot be read; `out` says why.
[[nodiscard]] std::optional<node> read_merged(const load_request& request, const catalog& connectors,
                                              report& out);

}  // namespace millrace::config
