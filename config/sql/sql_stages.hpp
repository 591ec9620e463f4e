// The stages that statements give, as they are put together.
#pragma once

#include "config/catalog.hpp"
#include "config/sql/option_forms.hpp"
#include "config/sql/sql_expressions.hpp"
#include "config/sql/sql_given_columns.hpp"
#include "config/sql/sql_text.hpp"
#include "config/sql/sql_times.hpp"
#include "runtime/expression/statements/statement.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

struct sql_stages {
  const sql_text& text;
  const sql_expressions& expressions;
  const catalog& connectors;
  report& out;
  std::vector<member> all{};  // in the order of the file
  std::map<std::string, std::size_t, std::less<>> taken{};
  /// A type made by CREATE TYPE: its members as the map of a nested column, and how many columns that is in all.
  struct made_type {
    node members;
    std::size_t columns = 0;
    std::size_t depth = 0;  // levels of nested columns
  };
  std::map<std::string, made_type, std::less<>> types{};
  std::size_t columns_in_all = 0;      // of types and tables, with those in nested ones
  bool has_unreadable_type = false;    // a column has one whose CREATE TYPE has a mistake, which was told
  std::vector<member> dead_letters{};  // the sink for them, if there is one
  sql_times times{};                   // of `all`
  sql_given_columns given{};           // likewise

  void say(std::size_t at, std::string message) const { out.error(text.at(at), {}, std::move(message)); }
  void warn(std::size_t at, std::string message) const { out.warning(text.at(at), {}, std::move(message)); }

  /// A stage whose first key says what it is. `at`: of the statement's name.
  [[nodiscard]] node stage(std::string_view kind, node type, std::size_t at) const;
  [[nodiscard]] node stage(std::string_view kind, std::string type, std::size_t at) const;
  /// Reports a name that a stage has already.
  void add(const std::string& name, std::size_t at, node stage);
  /// Adds options of WITH to a stage, those of one map together. `declared`: of the stage.
  void add_options(node& stage, const std::vector<sql::option>& options,
                   const std::vector<option>& declared) const;
  /// All options of a stage, by what its first key says.
  [[nodiscard]] std::vector<option> declared_for(const node& stage) const;
};

/// The option of that name, without a dot in front; null: there is none.
[[nodiscard]] const sql::option* find_option(const std::vector<sql::option>& options, std::string_view name);

void add_type(const sql::create_type& t, sql_stages& to);
/// The columns as the option `schema` of a parser has them.
[[nodiscard]] node columns_of(const std::vector<sql::column>& columns, sql_stages& to);
/// Columns that are found in records by their names: warns where SQL reads a name in lower case that has capitals in the file.
void warn_of_folded_names(const std::vector<sql::column>& columns, const sql_stages& to);

/// The source of a table that is a parser, too, where the table gives it no other name.
[[nodiscard]] inline std::string source_of(const std::string& table) { return table + "-source"; }
/// CREATE TABLE without a query: a source, a parser, or both.
void add_table(const sql::create_table& t, sql_stages& to);
/// CREATE VIEW: a transform, window or join.
void add_view(const sql::create_view& v, sql_stages& to);
/// CREATE TABLE ... AS: a sink.
void add_sink(const sql::create_table& t, sql_stages& to);

}  // namespace millrace::config
