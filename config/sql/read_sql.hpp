// A topology in SQL -> the tree of stages that JSON gives, each part with its place in the .sql file (docs/design/topologies_in_sql.md).
#pragma once

#include "config/catalog.hpp"
#include "config/text/node.hpp"
#include "config/text/report.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::config {

/// It gives nothing where something is wrong, which is reported: every mistake, not the first alone.
[[nodiscard]] std::optional<node> read_sql(std::string_view text, const std::string& file,
                                           const catalog& connectors, report& out);
/// Whether a file of that name holds SQL: it ends in .sql, in letters of either case.
[[nodiscard]] bool is_sql_file(std::string_view file);
/// Such a file as above, any other one as JSON.
[[nodiscard]] std::optional<node> read_topology_file(const std::string& file, const catalog& connectors,
                                                     report& out);

}  // namespace millrace::config
