// Statements of a topology in SQL, free of libpg_query's types: tables, views, types, functions and settings, with the place of
// each part. All offsets are bytes of the whole text. Built by read_statements() alone (docs/design/topologies_in_sql.md).
#pragma once

#include "runtime/expression/syntax/syntax.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace::sql {

/// Bytes [begin, end) of the text.
struct slice {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A name as PostgreSQL takes it: in lower case where it stands without quotes.
struct name {
  std::string text;
  std::size_t at = 0;
};

/// An expression: its text, and the same as a tree whose offsets are those of the whole text.
struct scalar_expression {
  slice where;
  expression::syntax tree;
};

/// `name = value` of WITH (...), or `name value` of a column's OPTIONS (...).
struct option {
  enum class kind : std::uint8_t {
    none,    // the name alone
    text,    // 'text'
    number,  // 12, 1.5, -3
    word,    // true, final: a name or keyword without quotes
  };
  std::string space{};  // what stands before a dot: "roll" of roll.age
  name key;
  kind what = kind::none;
  std::string value{};  // a text without its quotes, a number's digits, a word in lower case
  slice value_at{};     // with the quotes
};

struct column_type {
  std::string
      name;  // as written, in lower case; "double precision", "timestamp with time zone" are one name each
  std::vector<std::int64_t> modifiers{};  // numeric(10, 4)
  std::size_t dimensions = 0;             // [] behind it
  std::size_t at = 0;
};

struct column {
  name called;
  column_type type;
  std::vector<option> options{};
};

struct query;

/// A constant argument of a function in FROM: '5 minutes', zone => 'Europe/Paris'.
struct constant_argument {
  std::string name{};  // empty: by its position
  std::string value{};
  bool is_text = true;
  slice where{};
};

/// A member of FROM.
struct relation {
  enum class kind : std::uint8_t {
    named,     // path
    windowed,  // function(path, arguments): tumble, hop, session; as_of(path, value)
    subquery,  // sub
    unnested,  // function is unnest; value
    joined,    // left, right
  };
  enum class join : std::uint8_t { inner, left, right, full, cross };
  kind what = kind::named;
  std::size_t at = 0;
  std::vector<name> path{};  // counts, or counts.late
  std::string function{};
  std::vector<constant_argument> arguments{};
  std::optional<scalar_expression> value{};  // of unnest its list; of as_of the time
  std::string alias{};                       // empty: none
  std::vector<std::string> alias_columns{};
  std::shared_ptr<query> sub{};
  bool lateral = false;
  join how = join::inner;
  std::shared_ptr<relation> left{};
  std::shared_ptr<relation> right{};
  std::vector<std::string> same{};        // USING (...)
  std::optional<scalar_expression> on{};  // its slice is empty
};

/// An item of ORDER BY.
struct sorted {
  scalar_expression value;
  bool descending = false;
  bool nulls_first = false;
};

/// row_number() OVER (PARTITION BY ... ORDER BY ...). The slices of its expressions are empty, at their trees' offsets.
struct ranking {
  std::vector<scalar_expression> partition;
  std::vector<sorted> order;
};

/// An item of SELECT.
struct output {
  bool star = false;
  std::string star_of{};  // of t.*
  std::string alias{};    // what AS gives; empty: none
  std::size_t at = 0;
  std::optional<scalar_expression> value{};  // neither a star nor a ranking
  std::optional<ranking> rank{};
};

struct select {
  std::size_t at = 0;  // of the word SELECT
  bool distinct = false;
  std::vector<scalar_expression> distinct_on{};
  std::vector<output> outputs{};
  std::vector<relation> from{};
  std::optional<scalar_expression> where{};
  std::shared_ptr<query> not_exists{};  // WHERE NOT EXISTS (query), in the place of `where`
  std::vector<scalar_expression> group_by{};
  std::optional<scalar_expression> having{};
};

struct common_table {
  name called;
  std::vector<std::string> columns{};
  std::shared_ptr<query> body;
};

struct query {
  std::size_t at = 0;
  std::vector<common_table> with{};
  std::optional<select> one{};  // or
  std::vector<query> all{};     // the branches of UNION ALL, in order
  std::vector<sorted> order_by{};
  std::size_t order_at = 0;
  std::optional<std::int64_t> limit{};
  std::size_t limit_at = 0;
};

struct set_value {
  std::vector<std::string> path;  // snapshot_every; dead_letters.rows
  option value;                   // its key is the last of the path
};
struct create_type {
  name called;
  std::vector<column> columns;
};
struct create_table {
  name called;
  std::vector<column> columns{};
  std::vector<name> primary_key{};
  std::vector<option> options{};
  std::optional<query> as{};
};
struct create_view {
  name called;
  std::vector<name> columns{};  // CREATE VIEW v (a, b)
  std::vector<option> options{};
  query as;
};
struct create_function {
  name called;
  struct parameter {
    std::string name;
    column_type type;
  };
  std::vector<parameter> parameters;
  std::optional<column_type> returns{};
  scalar_expression body;
};
struct insert_into {
  name called;
  std::vector<name> columns{};
  query from;
};

struct statement {
  slice where;
  std::variant<set_value, create_type, create_table, create_view, create_function, insert_into> what;
};

}  // namespace millrace::sql
