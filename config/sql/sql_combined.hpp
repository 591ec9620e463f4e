// Two members of FROM give the stage of a join, or of rows with the elements of a list: here before its columns are written.
#pragma once

#include "config/sql/sql_conditions.hpp"
#include "config/sql/sql_queries.hpp"

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::config {

/// The rows of joins in front, as the left side of the next one.
struct joined_in_front {
  sql::relation rows;               // their stage
  std::vector<std::string> tables;  // names in front of columns
  std::set<std::string> whole;      // tables of which each row has one
  std::vector<carried_column> carried{};
  std::map<std::string, std::string, std::less<>>
      same{};          // the columns of `carried` that USING of the next join names
  std::string time{};  // the column with the event time, as the query writes it
};

/// The column of a table in the text of a later JOIN.
struct read_column {
  std::string table;  // empty: one of USING
  std::string column;
  std::size_t at = 0;
};

/// Calls `with` for the expressions of a SELECT that read rows of FROM. Names in GROUP BY may be those of its items.
void each_expression(const sql::select& s, const std::function<void(const sql::scalar_expression&)>& with);

/// A member of a row: l.amount, l."Amount".
[[nodiscard]] std::string member_of(std::string_view row, std::string_view column);
/// "o.amount" of o.amount, ".amount" of amount: what table_names calls a column.
[[nodiscard]] std::string key_of(const expression::syntax& column, const table_names& tables);
[[nodiscard]] inline std::string_view column_in(std::string_view key) {
  return key.substr(key.find('.') + 1);
}
/// The tables alone, of `combined::tables`: their names say nothing behind the join.
[[nodiscard]] table_names names_in_front(const table_names& resolved);

struct sql_queries::combined {
  node stage;
  std::string suffix = "-join";  // of its name where another stage stands behind it
  table_names tables{};          // and, once resolved, of columns
  bool good = true;              // else something is wrong, which was told

  // A join has these.
  std::vector<std::string> called{};  // names of the left side and the right one
  std::vector<std::string> names{};   // of all tables, in the order of FROM
  std::vector<pair_condition::equality> keys{};
  std::set<std::string, std::less<>> alone{};  // columns that may stand without the name of a table
  const sql::relation* window = nullptr;       // both sides are this window
  bool left_whole = true;                      // every row has one of the left side; likewise
  bool right_whole = true;
  bool anti = false;
  std::array<std::vector<node>, 2> from{};  // the stages of both sides
  std::string time{};  // the column with the event time, as the query writes it; empty: unknown
  std::map<std::string, bool, std::less<>> whole{};  // of the tables of a join in front: every row has one
  bool in_front = false;                             // one side is a join itself
  std::vector<std::pair<std::string, sql_given_columns::names>> columns_of_tables{};  // where that is so
  std::set<std::pair<std::string, std::string>> merged{};  // columns of these tables that USING makes one

  // A list has these.
  std::string list{};                  // its column, as an expression; empty: this is a join
  std::string element{};               // the name of its elements in FROM
  std::string value{};                 // the name of elements that are values, in AS element (value)
  std::vector<std::string> members{};  // of an element; empty: it is a value itself, or nothing says them
  bool reads_element = false;          // WHERE does
};

}  // namespace millrace::config
