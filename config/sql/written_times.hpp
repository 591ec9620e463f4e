// Which column of a stage holds its rows' event time, by the tree of stages alone. Internal to write_sql.
#pragma once

#include "config/text/node.hpp"

#include <optional>
#include <string>

namespace millrace::config {

/// The expression is that column's name and no more.
[[nodiscard]] bool names_column(const std::string& expression, const std::string& column);
/// The stage's column whose value is the event time of each row; a hidden one where that is no column of the stage's own. None:
/// the rows have no event time, or no column with it. `stages`: the map of all.
[[nodiscard]] std::optional<std::string> time_column(const node& stages, const std::string& stage);

}  // namespace millrace::config
