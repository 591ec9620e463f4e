// Where the clauses of a SELECT and the expressions in them begin and end: PostgreSQL's tree has the beginnings alone. Pure.
#pragma once

#include "runtime/expression/statements/statement.hpp"
#include "runtime/expression/statements/token_list.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::sql {

/// Tokens [begin, end).
using token_range = std::span<const token>;

struct select_clauses {
  std::vector<token_range> outputs;      // with their names
  std::vector<token_range> distinct_on;  // the items
  token_range from;
  token_range where;
  std::vector<token_range> group_by;
  token_range having;
  /// The items of each ORDER BY, with desc and nulls first, and what stands behind each LIMIT or FETCH. There are several where
  /// the SELECT is the last one of queries in parentheses: the first belongs to the innermost of these that has one.
  std::vector<std::vector<token_range>> orders;
  std::vector<token_range> limits;
};

/// The SELECT that has something of its own at `inside`, in no deeper parentheses than it; npos: there is none before it.
[[nodiscard]] std::size_t select_before(const tokens& all, std::size_t inside);
/// `at`: the index of the word SELECT. What follows its last clause, such as UNION, ends it.
[[nodiscard]] select_clauses clauses_of(const tokens& all, std::size_t at);

/// Divides at the commas that stand in no parentheses.
[[nodiscard]] std::vector<token_range> divided(token_range all);
[[nodiscard]] slice slice_of(token_range r);
/// The item without the name that AS gives it.
[[nodiscard]] token_range without_name(token_range output);
/// Without ASC, DESC, NULLS FIRST, NULLS LAST.
[[nodiscard]] token_range without_order(token_range item);

}  // namespace millrace::sql
