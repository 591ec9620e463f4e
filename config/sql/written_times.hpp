// Which column of a stage holds its rows' event time, by the tree of stages alone. Internal to write_sql.
#pragma once

#include "config/text/node.hpp"
#include "runtime/base/time.hpp"

#include <optional>
#include <string>

namespace millrace::config {

/// The expression is that column's name and no more.
[[nodiscard]] bool names_column(const std::string& expression, const std::string& column);
/// A column whose value is the event time of its row, or so much later.
struct written_time {
  std::string column;
  micros later{0};

  bool operator==(const written_time&) const = default;
};
/// A stage whose `columns` leave out the column with the event time.
struct dropped_time {
  std::string stage;
  std::string column;
  std::string expression;  // that names it there, such as l.at
};
/// The stage's column whose value is the event time of each row, or a constant time later; a hidden one where that is no column of the stage's own. None:
/// the rows have no event time, or no column with it: `dropped` then says which stage leaves it out. `stages`: the map of all.
[[nodiscard]] std::optional<written_time> time_column(const node& stages, const std::string& stage,
                                                      std::optional<dropped_time>* dropped = nullptr);

}  // namespace millrace::config
