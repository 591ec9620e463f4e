// Expressions of a query as those of a stage: names of tables in front of columns go, functions of the topology's own are put in. Pure.
#pragma once

#include "config/sql/sql_text.hpp"
#include "runtime/expression/statements/token_list.hpp"

#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// The names of a query's tables stand for these in front of columns: "" nothing, as in the expressions of a stage; "l", "r" the
/// rows of a pair. A name with a dot in it is that of a column, table.column or .column, and what stands for it a whole expression.
using table_names = std::map<std::string, std::string, std::less<>>;

class sql_expressions {
public:
  sql_expressions(const sql_text& text, const sql::tokens& words, report& out)
      : text_(text), words_(words), out_(out) {}

  /// Functions are added in the order of the file: each calls those before it.
  void add_function(const sql::create_function& f);
  /// The expression's text for a stage. Each part of it knows where it stands in the file.
  [[nodiscard]] node write(const sql::scalar_expression& e, const table_names& tables) const;

  /// True where it calls a function that neither CREATE FUNCTION nor we have.
  [[nodiscard]] bool calls_unknown(const expression::syntax& s) const;
  /// True where something that was written called a function whose CREATE FUNCTION has a mistake, which was told.
  [[nodiscard]] bool called_unreadable() const { return called_unreadable_; }
  void forget_unreadable() { called_unreadable_ = false; }

private:
  struct edit {
    std::size_t begin;
    std::size_t end;
    std::string text;
  };
  /// Says what names in a text stand for. `parameters`: of the function whose body it is.
  struct meaning {
    const table_names& tables;
    const std::map<std::string, std::string, std::less<>>& parameters;
    std::size_t functions_below = std::numeric_limits<std::size_t>::max();  // those that it may call
  };
  [[nodiscard]] node written(sql::slice where, const expression::syntax& tree, const meaning& names) const;
  [[nodiscard]] std::string text_of(sql::slice where, const expression::syntax& tree,
                                    const meaning& names) const;
  void collect(const expression::syntax& s, const meaning& names, std::vector<edit>& edits) const;
  void rename(const expression::syntax& s, const std::string& to, std::vector<edit>& edits) const;
  /// Puts in what stands for the column, if it is one of which `tables` says so.
  [[nodiscard]] bool replace(const expression::syntax& s, const table_names& tables,
                             std::vector<edit>& edits) const;
  [[nodiscard]] std::optional<edit> call_of(const expression::syntax& s, const sql::create_function& f,
                                            std::size_t nth, const meaning& names) const;
  /// Where the arguments of the call stand whose name is that token; `end`: behind its last parenthesis.
  [[nodiscard]] std::vector<sql::slice> arguments_at(std::size_t token, std::size_t& end) const;
  /// The index of the token that begins there; the number of tokens where none does.
  [[nodiscard]] std::size_t token_at(std::size_t offset) const;

  const sql_text& text_;
  const sql::tokens& words_;
  report& out_;
  struct function {
    sql::create_function made;
    std::size_t nth = 0;  // it calls those with a lower number
  };
  std::map<std::string, function, std::less<>> functions_;
  mutable bool called_unreadable_ = false;
};

/// The name that PostgreSQL gives to an item of SELECT without AS; empty where it has none of its own.
[[nodiscard]] std::string name_of_output(const expression::syntax& s);
/// True where an aggregate is called in it.
[[nodiscard]] bool has_aggregate(const expression::syntax& s);
/// The first call of one of these functions in it; null: there is none.
[[nodiscard]] const expression::syntax* find_call(const expression::syntax& s,
                                                  std::span<const std::string_view> functions);
/// Equal but for places. `tables`: names in front of columns that say nothing.
[[nodiscard]] bool same_expression(const expression::syntax& a, const expression::syntax& b,
                                   const table_names& tables);
/// The column that it is, without the name of its table; nothing where it is more.
[[nodiscard]] std::optional<std::string> column_of(const expression::syntax& s, const table_names& tables);
/// A name of PostgreSQL: in lower case unless it stands in quotes.
[[nodiscard]] std::string folded(const expression::name_part& n);
/// Calls `with` for every column in the expression.
void each_column(const expression::syntax& s, const std::function<void(const expression::syntax&)>& with);
/// A type as a cast writes it.
[[nodiscard]] std::string cast_of(const sql::column_type& t);

}  // namespace millrace::config
