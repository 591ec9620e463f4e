// Two members of FROM give the stage of a join, or of rows with the elements of a list: here before its columns are written.
#pragma once

#include "config/sql/sql_conditions.hpp"
#include "config/sql/sql_queries.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// A column that windows give their rows.
[[nodiscard]] inline bool is_bound(std::string_view column) {
  return column == "window_start" || column == "window_end";
}

struct sql_queries::combined {
  node stage;
  std::string suffix = "-join";  // of its name where another stage stands behind it
  table_names tables{};          // and, once resolved, of columns
  bool good = true;              // else something is wrong, which was told

  // These are of a join.
  std::vector<std::string> called{};  // names of the left side and the right one
  std::vector<pair_condition::equality> keys{};
  std::set<std::string, std::less<>> alone{};  // columns that may stand without the name of a table
  const sql::relation* window = nullptr;       // both sides are this window
  bool left_whole = true;                      // every row has one of the left side; likewise
  bool right_whole = true;
  bool anti = false;

  // These are of a list.
  std::string list{};                  // its column, as an expression; empty: this is a join
  std::string element{};               // the name of its elements in FROM
  std::string value{};                 // the name of elements that are values, in AS element (value)
  std::vector<std::string> members{};  // of an element; empty: it is a value itself, or nothing says them
  bool reads_element = false;          // WHERE does
};

}  // namespace millrace::config
