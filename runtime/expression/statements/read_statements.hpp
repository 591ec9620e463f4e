// The text of a topology in SQL -> its statements, by PostgreSQL's own parser.
#pragma once

#include "runtime/expression/statements/statement.hpp"
#include "runtime/expression/statements/token_list.hpp"

#include <string_view>
#include <vector>

namespace millrace::sql {

/// A longer statement is refused: the stack and time that libpg_query needs stay bounded.
inline constexpr std::size_t longest_statement = 64 * 1024;
/// So is a text with more statements.
inline constexpr std::size_t most_statements = 2000;

struct statements {
  std::vector<statement> all;           // those that could be read, in the order of the text
  tokens words;                         // of the whole text
  std::vector<std::string> unreadable;  // names of tables and views that the others would have made
  expression::problems problems;        // of the others, in the same order
};
/// Each mistake is a problem, at its place; a statement that is wrong hides no other one.
[[nodiscard]] statements read_statements(std::string_view text);

}  // namespace millrace::sql
