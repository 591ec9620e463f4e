// The tree of a topology -> SQL (docs/design/topologies_in_sql.md): each stage becomes a statement with its name.
#pragma once

#include "config/catalog.hpp"
#include "config/text/node.hpp"
#include "config/text/report.hpp"

#include <string>

namespace millrace::config {

/// Returns SQL from which the same stages are read, with their names, options and expressions. `topology`: as read_json_file gives
/// it, with `${VAR}` as it is. What has no form in SQL is reported at its place; the text is of use where nothing was.
[[nodiscard]] std::string write_sql(const node& topology, const catalog& connectors, report& out);

}  // namespace millrace::config
