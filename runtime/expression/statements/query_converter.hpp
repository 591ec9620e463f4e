// Converts libpg_query's tree of a query to ours. Internal to statement_converter.
#pragma once

#include "runtime/expression/statements/part_converter.hpp"

namespace millrace::sql {

/// Queries within queries beyond this are refused: recursion over them is safe on any thread's stack.
inline constexpr std::size_t deepest_query = 64;

class query_converter : public part_converter {
public:
  using part_converter::part_converter;

protected:
  query query_of_node(const tree* n);

private:
  /// A place in text_ within the SELECT; npos: nothing of it is known.
  std::size_t inside(const PgQuery__SelectStmt& s);
  std::size_t inside(const tree& relation);
  std::size_t select_word_of(const PgQuery__SelectStmt& s);
  /// The index of the word SELECT; of several branches that of the last.
  std::size_t select_word(const PgQuery__SelectStmt& s);
  query query_of(const PgQuery__SelectStmt& s);
  std::vector<common_table> tables_of(const PgQuery__WithClause& w);
  /// The branches of UNION ALL, which PostgreSQL nests to the left.
  void branches_of(const PgQuery__SelectStmt& s, std::vector<query>& out);
  void order_of(const PgQuery__SelectStmt& s, const select_clauses& clauses, query& out);
  sorted sorted_of(const PgQuery__SortBy& by, slice where);
  void limit_of(const PgQuery__SelectStmt& s, const select_clauses& clauses, query& out);
  select select_of(const PgQuery__SelectStmt& s, std::size_t word, const select_clauses& clauses);
  void distinct_of(const PgQuery__SelectStmt& s, const select_clauses& clauses, select& out);
  output output_of(const PgQuery__ResTarget& t, token_range words);
  /// "" of *, t of t.*.
  std::optional<std::string> star_of(const tree& n);
  std::optional<ranking> ranking_of(const PgQuery__FuncCall& f);
  void condition_of(const tree* n, const select_clauses& clauses, select& out);

  // FROM: relation_converter.cpp.
  void name_of(const PgQuery__Alias* a, relation& out);
  relation relation_of(const tree& n, const select_clauses& clauses);
  void join_of(const PgQuery__JoinExpr& j, const select_clauses& clauses, relation& out);
  void function_in_from(const PgQuery__RangeFunction& r, relation& out);
  /// Returns the unit of interval '5' minute; empty where it has none.
  std::string unit_of(const PgQuery__TypeName& t);
  void argument_of(const tree& n, relation& out);

  std::size_t depth_ = 0;
};

}  // namespace millrace::sql
