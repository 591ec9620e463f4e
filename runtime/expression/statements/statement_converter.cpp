#include "runtime/expression/statements/statement_converter.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/statements/select_clauses.hpp"
#include "runtime/expression/syntax/source_text.hpp"
#include "runtime/expression/syntax/tree_converter.hpp"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace millrace::sql {
namespace {

using tree = PgQuery__Node;
using expression::form;
using expression::problem;
using expression::problems;
using expression::syntax;

/// Queries within queries beyond this are refused: recursion over them is safe on any thread's stack.
constexpr std::size_t deepest_query = 64;

/// Thrown inside this file only, to leave a statement that has no form here.
struct refused {
  problem what;
};

void move_by(syntax& s, std::size_t bytes) {
  s.offset += bytes;
  for (auto& a : s.args)
    move_by(a, bytes);
  for (auto& f : s.filter)
    move_by(f, bytes);
  for (auto& o : s.order)
    move_by(o.value, bytes);
}

bool is_set(const char* text) { return text != nullptr && *text != '\0'; }

/// PostgreSQL cuts longer names, which need not end at a whole character then.
constexpr std::size_t longest_name = 63;

/// The word of the statement in the place of one of JSON, in a problem of an expression.
std::string in_statements(std::string message) {
  static constexpr std::pair<std::string_view, std::string_view> remedies[] = {
      {"a subquery cannot be used in an expression here",
       "a JOIN in FROM adds the columns of another table, and WHERE NOT EXISTS (SELECT ...) alone keeps the "
       "rows that have no partner"},
      {"a window function (over ...) cannot be used in an expression here",
       "row_number() OVER (PARTITION BY window_start ORDER BY ...) is an item of SELECT by itself, with <= n "
       "around it"},
      {"* cannot be used in an expression here", "name the columns"}};
  for (const auto& [head, remedy] : remedies)
    if (message.starts_with(head))
      return fmt::format("{}; {}", head, remedy);
  return message;
}

class converter {
public:
  converter(std::string_view text, const tokens& words, std::size_t begin)
      : text_(text), words_(words), begin_(begin) {}

  expression::bound_or<statement> run(const tree* n) {
    statement out;
    out.where = {begin_ + (words_.empty() ? 0 : words_.front().begin),
                 begin_ + (words_.empty() ? 0 : words_.back().end)};
    try {
      dispatch(*n, out);
    } catch (refused& r) {
      problems_.push_back(std::move(r.what));
    }
    if (problems_.empty())
      return out;
    std::ranges::stable_sort(problems_, {}, &problem::offset);
    return tl::unexpected(std::move(problems_));
  }

private:
  [[nodiscard]] std::size_t offset(std::int32_t location) const {
    return begin_ + (location < 0 ? start() : std::min(static_cast<std::size_t>(location), text_.size()));
  }
  [[nodiscard]] std::size_t start() const { return words_.empty() ? 0 : words_.front().begin; }
  [[nodiscard]] slice moved(slice s) const { return {s.begin + begin_, s.end + begin_}; }
  void say(std::size_t at, std::string message) { problems_.push_back({at, std::move(message)}); }
  [[noreturn]] static void refuse(std::size_t at, std::string message) {
    throw refused{{at, std::move(message)}};
  }

  /// The token that begins at an offset of the whole text, or behind it.
  [[nodiscard]] const token* token_at(std::size_t at) const {
    const auto found = std::ranges::lower_bound(words_, at - begin_, {}, &token::begin);
    return found == words_.end() ? nullptr : &*found;
  }
  /// The first token of that word that begins at the offset or behind it.
  [[nodiscard]] std::size_t word_from(std::size_t at, std::string_view word) const {
    for (const auto& t : words_)
      if (t.begin + begin_ >= at && t.word == word)
        return t.begin + begin_;
    return at;
  }

  /// A name of the tree as it is written: PostgreSQL cuts long ones. `at`: where it stands in the whole text, if that is known.
  std::string whole_name(const char* parsed, std::optional<std::size_t> at = std::nullopt) {
    std::string out = parsed == nullptr ? "" : parsed;
    if (out.size() + 4 <= longest_name)
      return out;
    std::string found;
    for (const auto& t : words_) {
      const bool is_long = t.end - t.begin > longest_name && (t.is_quoted || !t.word.empty());
      if (!is_long || (at && t.begin + begin_ != *at))
        continue;
      const auto parts = expression::names_at(text_.substr(0, t.end), t.begin);
      if (parts.empty())
        continue;
      auto whole = parts[0].quoted ? parts[0].name : expression::fold(parts[0].name);
      if (whole.size() <= longest_name || !whole.starts_with(out))
        continue;
      if (!found.empty() && found != whole)
        refuse(begin_ + t.begin,
               fmt::format("two names begin with the same {} bytes here; shorten one of them", longest_name));
      found = std::move(whole);
    }
    return found.empty() ? out : found;
  }
  std::string name_of_node(const tree* n) {
    return n != nullptr && n->node_case == PG_QUERY__NODE__NODE_STRING ? whole_name(n->string->sval)
                                                                       : std::string();
  }
  /// The token behind a name that begins with `t`: one in double quotes may have UESCAPE 'c' behind it.
  [[nodiscard]] const token* behind_name(const token* t) const {
    const auto* const end = words_.data() + words_.size();
    if (t != end)
      ++t;
    return end - t > 1 && t->word == "uescape" && t[1].is_text ? t + 2 : t;
  }
  void dispatch(const tree& n, statement& out) {
    switch (n.node_case) {
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT:
      out.what = setting(*n.variable_set_stmt);
      return;
    case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
      out.what = type(*n.composite_type_stmt);
      return;
    case PG_QUERY__NODE__NODE_CREATE_STMT:
      out.what = table(*n.create_stmt);
      return;
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
      out.what = table_as(*n.create_table_as_stmt);
      return;
    case PG_QUERY__NODE__NODE_VIEW_STMT:
      out.what = view(*n.view_stmt);
      return;
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
      out.what = function(*n.create_function_stmt);
      return;
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      out.what = insert(*n.insert_stmt);
      return;
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      refuse(
          begin_ + start(),
          "the rows of a query go nowhere here; write CREATE VIEW name AS SELECT ..., or CREATE TABLE name "
          "WITH (connector = ...) AS SELECT ...");
    default:
      refuse(begin_ + start(),
             "a topology has no such statement; it has SET, CREATE TYPE, CREATE TABLE, CREATE VIEW, CREATE "
             "FUNCTION and INSERT INTO");
    }
  }

  // Names, options, types.

  name table_name(const PgQuery__RangeVar& r) {
    const auto at = offset(r.location);
    if (is_set(r.schemaname) || is_set(r.catalogname)) {
      say(at, "a name of a table has no schema here; expected the name alone");
      return {r.relname, at};
    }
    if (r.relpersistence != nullptr && std::string_view(r.relpersistence) != "p")
      say(begin_ + start(),
          "tables and views of a topology are neither temporary nor unlogged; leave the word out");
    return {whole_name(r.relname, at), at};
  }

  option option_of(const PgQuery__DefElem& e) {
    option out;
    out.key.at = offset(e.location);
    const auto* t = token_at(out.key.at);
    const auto* const end = words_.data() + words_.size();
    if (t == nullptr)
      return out;
    out.space = whole_name(e.defnamespace, out.key.at);
    if (!out.space.empty())
      t = std::min(behind_name(t) + 1, end);
    out.key.text = whole_name(e.defname, t == end ? out.key.at : begin_ + t->begin);
    // The value's tokens: behind the name and "=", up to a comma or the end of the parentheses.
    t = behind_name(t);
    if (t < end && t->sign == '=')
      ++t;
    const auto* last = t;
    int depth = 0;
    while (last < end && !(depth == 0 && (last->sign == ',' || last->sign == ')' || last->sign == ';'))) {
      depth += depth_of(*last);
      ++last;
    }
    if (e.arg == nullptr || last == t)
      return out;
    fill_value(out, *e.arg, {t, last});
    return out;
  }

  /// `words`: of the value.
  void fill_value(option& out, const tree& n, token_range words) {
    out.value_at = moved(slice_of(words));
    if (words.front().is_quoted)
      say(out.value_at.begin,
          fmt::format("{} is a name; a text stands in single quotes", excerpt_of(out.value_at)));
    switch (n.node_case) {
    case PG_QUERY__NODE__NODE_STRING:
      out.what = words.front().is_text ? option::kind::text : option::kind::word;
      out.value = n.string->sval;
      return;
    case PG_QUERY__NODE__NODE_INTEGER:
      out.what = option::kind::number;
      out.value = std::to_string(n.integer->ival);
      return;
    case PG_QUERY__NODE__NODE_FLOAT:
      out.what = option::kind::number;
      out.value = n.float_->fval;
      return;
    default:
      out.what = option::kind::word;
      out.value = words.front().word;
      if (!words.front().is_quoted && (words.size() != 1 || out.value.empty()))
        say(out.value_at.begin,
            fmt::format("expected a text in single quotes, a number or one word as the value, found {}",
                        excerpt_of(out.value_at)));
    }
  }
  [[nodiscard]] std::string excerpt_of(slice s) const {
    return data::excerpt(text_.substr(s.begin - begin_, s.end - s.begin));
  }

  std::vector<option> options_of(tree* const* list, std::size_t count) {
    std::vector<option> out;
    for (std::size_t i = 0; i < count; ++i)
      out.push_back(option_of(*list[i]->def_elem));
    return out;
  }

  column_type type_of(const PgQuery__TypeName& t) {
    column_type out;
    out.at = offset(t.location);
    if (t.n_names > 0)
      out.name = name_of_node(t.names[t.n_names - 1]);
    if (t.n_names > 1 && name_of_node(t.names[0]) != "pg_catalog")
      say(out.at, "a type has no schema here; expected its name alone");
    if (t.setof != 0 || t.pct_type != 0)
      say(out.at, "a type is a name here, with [] behind it for a list; SETOF and %TYPE are not offered");
    for (std::size_t i = 0; i < t.n_typmods; ++i) {
      const auto* m = t.typmods[i];
      if (m->node_case == PG_QUERY__NODE__NODE_A_CONST &&
          m->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL)
        out.modifiers.push_back(m->a_const->ival->ival);
      else
        say(out.at, "the parentheses behind a type hold whole numbers");
    }
    out.dimensions = t.n_array_bounds;
    return out;
  }

  column column_of(const PgQuery__ColumnDef& c) {
    column out;
    out.called = {whole_name(c.colname, offset(c.location)), offset(c.location)};
    if (c.type_name != nullptr)
      out.type = type_of(*c.type_name);
    if (c.coll_clause != nullptr)
      say(offset(c.coll_clause->location),
          "COLLATE has no meaning here: text is always ordered by its UTF-8 bytes");
    if (is_set(c.compression))
      say(out.called.at, "COMPRESSION has no meaning here; leave it out");
    out.options = options_of(c.fdwoptions, c.n_fdwoptions);
    return out;
  }

  void constraint_of(const PgQuery__Constraint& c, const name* of_column, create_table& out) {
    const auto at = offset(c.location);
    switch (c.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
      if (c.n_including > 0 || c.n_options > 0 || is_set(c.indexname) || is_set(c.indexspace) ||
          c.deferrable != 0)
        say(at, "PRIMARY KEY has columns here, and nothing else");
      if (of_column != nullptr)
        out.primary_key.push_back(*of_column);
      for (std::size_t i = 0; i < c.n_keys; ++i)
        out.primary_key.push_back({name_of_node(c.keys[i]), at});
      return;
    case PG_QUERY__CONSTR_TYPE__CONSTR_NULL:
      return;
    default:
      say(at, "columns of a table may be null and have no default and no check here; a view with WHERE "
              "leaves rows out");
    }
  }

  create_type type(const PgQuery__CompositeTypeStmt& s) {
    create_type out{table_name(*s.typevar), {}};
    for (std::size_t i = 0; i < s.n_coldeflist; ++i)
      out.columns.push_back(column_of(*s.coldeflist[i]->column_def));
    return out;
  }

  create_table table(const PgQuery__CreateStmt& s) {
    create_table out;
    out.called = table_name(*s.relation);
    if (s.if_not_exists != 0)
      say(begin_ + start(), "IF NOT EXISTS has no meaning here, where each table is made once; leave it out");
    if (s.n_inh_relations > 0 || s.partspec != nullptr || s.of_typename != nullptr)
      say(begin_ + start(), "a table has columns and WITH (...) here, and nothing else");
    nothing_else(s.oncommit, s.tablespacename, s.access_method);
    for (std::size_t i = 0; i < s.n_table_elts; ++i) {
      const auto* e = s.table_elts[i];
      if (e->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) {
        auto made = column_of(*e->column_def);
        for (std::size_t c = 0; c < e->column_def->n_constraints; ++c)
          constraint_of(*e->column_def->constraints[c]->constraint, &made.called, out);
        out.columns.push_back(std::move(made));
      } else if (e->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
        constraint_of(*e->constraint, nullptr, out);
      } else {
        say(e->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE
                ? offset(e->table_like_clause->relation->location)
                : begin_ + start(),
            "LIKE has no meaning here; expected columns");
      }
    }
    out.options = options_of(s.options, s.n_options);
    return out;
  }

  void nothing_else(PgQuery__OnCommitAction commit, const char* space, const char* method) {
    const auto at = begin_ + start();
    if (commit != PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_NOOP &&
        commit != PG_QUERY__ON_COMMIT_ACTION__ON_COMMIT_ACTION_UNDEFINED)
      say(word_from(at, "commit"), "ON COMMIT has no meaning here; leave it out");
    if (is_set(space))
      say(word_from(at, "tablespace"), "TABLESPACE has no meaning here; leave it out");
    if (is_set(method))
      say(word_from(at, "using"),
          fmt::format(
              "USING {} has no meaning here; a table's connector and format are options: WITH (connector = "
              "'kafka', format = 'json', ...)",
              data::excerpt(method)));
    for (std::size_t i = 0; i + 1 < words_.size(); ++i)
      if (words_[i].word == "without" && words_[i + 1].word == "oids")
        say(begin_ + words_[i].begin, "WITHOUT OIDS has no meaning here; leave it out");
  }

  create_table table_as(const PgQuery__CreateTableAsStmt& s) {
    create_table out;
    out.called = table_name(*s.into->rel);
    if (s.is_select_into != 0)
      refuse(begin_ + start(), "SELECT ... INTO has no meaning here; write CREATE TABLE name WITH (connector "
                               "= ...) AS SELECT ...");
    if (s.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW)
      refuse(begin_ + start(), "every view is kept up to date here; write CREATE VIEW, or CREATE TABLE name "
                               "WITH (connector = ...) AS "
                               "SELECT ... for a sink");
    if (s.if_not_exists != 0)
      say(begin_ + start(), "IF NOT EXISTS has no meaning here, where each table is made once; leave it out");
    if (s.into->n_col_names > 0)
      say(out.called.at,
          "a sink's columns are named in its SELECT; expected no list of them behind its name");
    nothing_else(s.into->on_commit, s.into->table_space_name, s.into->access_method);
    if (s.into->skip_data != 0)
      say(out.called.at, "WITH NO DATA has no meaning here; leave it out");
    out.options = options_of(s.into->options, s.into->n_options);
    out.as = query_of_node(s.query);
    return out;
  }

  create_view view(const PgQuery__ViewStmt& s) {
    create_view out;
    out.called = table_name(*s.view);
    if (s.replace != 0)
      say(begin_ + start(), "OR REPLACE has no meaning here, where each view is made once; leave it out");
    if (words_.size() > 1 && words_[1].word == "recursive")
      refuse(begin_ + words_[1].begin, "a recursive query has no end on a stream; expected CREATE VIEW");
    if (s.with_check_option != PG_QUERY__VIEW_CHECK_OPTION__NO_CHECK_OPTION &&
        s.with_check_option != PG_QUERY__VIEW_CHECK_OPTION__VIEW_CHECK_OPTION_UNDEFINED)
      say(word_from(out.called.at, "check"), "WITH CHECK OPTION has no meaning here; leave it out");
    // The names behind the view's own: ( a , b )
    const auto* t = token_at(out.called.at);
    const auto* const end = words_.data() + words_.size();
    t = t == nullptr ? end : behind_name(t);
    for (std::size_t i = 0; i < s.n_aliases; ++i) {
      t = std::min(t + 1, end);
      const auto at = t < end ? begin_ + t->begin : out.called.at;
      out.columns.push_back({name_of_node(s.aliases[i]), at});
      t = t < end ? behind_name(t) : end;
    }
    out.options = options_of(s.options, s.n_options);
    out.as = query_of_node(s.query);
    return out;
  }

  insert_into insert(const PgQuery__InsertStmt& s) {
    insert_into out;
    out.called = table_name(*s.relation);
    for (std::size_t i = 0; i < s.n_cols; ++i) {
      const auto& column = *s.cols[i]->res_target;
      const auto at = offset(column.location);
      if (column.n_indirection > 0)
        say(at, "expected names of columns alone");
      out.columns.push_back({whole_name(column.name, at), at});
    }
    if (s.override != PG_QUERY__OVERRIDING_KIND__OVERRIDING_NOT_SET &&
        s.override != PG_QUERY__OVERRIDING_KIND__OVERRIDING_KIND_UNDEFINED)
      say(word_from(out.called.at, "overriding"), "OVERRIDING has no meaning here; leave it out");
    if (s.on_conflict_clause != nullptr)
      say(begin_ + start(), "ON CONFLICT has no meaning here; a sink \"sql\" has mode = 'upsert' and key");
    if (s.n_returning_list > 0)
      say(begin_ + start(), "RETURNING has no meaning here");
    if (s.select_stmt == nullptr)
      refuse(begin_ + start(), "expected SELECT ... behind INSERT INTO");
    out.from = query_of_node(s.select_stmt);
    if (s.with_clause != nullptr)
      say(begin_ + start(), "WITH stands behind INSERT INTO name here, in front of its SELECT");
    return out;
  }

  create_function function(const PgQuery__CreateFunctionStmt& s) {
    create_function out;
    const auto at = word_from(begin_ + start(), "function");
    const auto* const word = token_at(at + 1);
    out.called.at = word == nullptr ? at : begin_ + word->begin;
    if (s.is_procedure != 0)
      refuse(begin_ + start(), "a topology has no procedures; expected CREATE FUNCTION");
    out.called.text = s.n_funcname == 0 ? "" : name_of_node(s.funcname[s.n_funcname - 1]);
    if (s.n_funcname > 1)
      say(out.called.at, "a name of a function has no schema here; expected the name alone");
    if (s.replace != 0)
      say(begin_ + start(), "OR REPLACE has no meaning here, where each function is made once; leave it out");
    for (std::size_t i = 0; i < s.n_parameters; ++i)
      out.parameters.push_back(parameter_of(*s.parameters[i]->function_parameter, out.called.at));
    if (s.return_type != nullptr)
      out.returns = type_of(*s.return_type);
    for (std::size_t i = 0; i < s.n_options; ++i)
      function_option(*s.options[i]->def_elem);
    if (s.sql_body == nullptr || s.sql_body->node_case != PG_QUERY__NODE__NODE_RETURN_STMT)
      refuse(out.called.at,
             "a function is one expression: CREATE FUNCTION f(a bigint) RETURNS bigint RETURN a * 2");
    out.body = expression_of(s.sql_body->return_stmt->returnval, behind_return());
    return out;
  }

  create_function::parameter parameter_of(const PgQuery__FunctionParameter& p, std::size_t function_at) {
    const bool taken = p.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_DEFAULT ||
                       p.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_IN;
    if (!taken || !is_set(p.name))
      refuse(function_at, "a function has parameters with names, such as f(a bigint), and gives one value");
    if (p.defexpr != nullptr)
      say(function_at, "parameters have no defaults here; each call gives all arguments");
    return {whole_name(p.name), type_of(*p.arg_type)};
  }

  void function_option(const PgQuery__DefElem& o) {
    const std::string_view called = o.defname;
    if (called == "as")
      return;  // its body: refused as that
    const bool is_sql =
        called != "language" || (o.arg != nullptr && o.arg->node_case == PG_QUERY__NODE__NODE_STRING &&
                                 expression::fold(o.arg->string->sval) == "sql");
    if (called != "volatility" && called != "strict" && called != "parallel" && called != "leakproof" &&
        called != "cost" && called != "language")
      say(offset(o.location), "a function has parameters, RETURNS and RETURN here, and nothing else");
    else if (!is_sql)
      say(offset(o.location),
          "a function is one expression of SQL: RETURNS bigint RETURN a * 2, without LANGUAGE");
    else if (called == "strict" && o.arg != nullptr && o.arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN &&
             o.arg->boolean->boolval != 0)
      say(offset(o.location), "STRICT is not offered: write CASE WHEN a IS NOT NULL THEN ... END");
  }

  /// What stands behind the word RETURN of CREATE FUNCTION: it is no parameter's name and not the name of the type.
  [[nodiscard]] slice behind_return() const {
    int depth = 0;
    bool parameters_over = false;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      depth += depth_of(words_[i]);
      parameters_over = parameters_over || (depth == 0 && words_[i].sign == ')');
      if (parameters_over && depth == 0 && words_[i].word == "return" && words_[i - 1].word != "returns" &&
          words_[i - 1].word != "setof" && i + 1 < words_.size())
        return {words_[i + 1].begin, words_.back().end};
    }
    return {};
  }

  set_value setting(const PgQuery__VariableSetStmt& s) {
    set_value out;
    const auto at = begin_ + start();
    if (s.kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE || s.n_args != 1 || s.is_local != 0)
      refuse(at, "expected SET name = value, such as SET topology = 'clicks'");
    std::string_view whole = s.name;
    while (true) {
      const auto dot = whole.find('.');
      out.path.push_back(whole_name(std::string(whole.substr(0, dot)).c_str()));
      if (dot == std::string_view::npos)
        break;
      whole.remove_prefix(dot + 1);
    }
    out.value.key = {out.path.back(), words_.size() > 1 ? begin_ + words_[1].begin : at};
    const auto* n = s.args[0];
    if (n->node_case != PG_QUERY__NODE__NODE_A_CONST)
      refuse(at, "expected a text, a number or a word as the value");
    // SET name = value, or TO; SET TIME ZONE value and its like have neither.
    auto value = std::ranges::find_if(words_, [](const token& t) { return t.sign == '=' || t.word == "to"; });
    value = value == words_.end() || value + 1 == words_.end() ? words_.end() - 1 : value + 1;
    const token_range words(value, words_.end());
    const auto& c = *n->a_const;
    out.value.value_at = moved(slice_of(words));
    if (words.front().is_quoted)
      say(out.value.value_at.begin,
          fmt::format("{} is a name; a text stands in single quotes", excerpt_of(out.value.value_at)));
    switch (c.val_case) {
    case PG_QUERY__A__CONST__VAL_SVAL:
      out.value.what = words.front().is_text ? option::kind::text : option::kind::word;
      out.value.value = c.sval->sval;
      break;
    case PG_QUERY__A__CONST__VAL_IVAL:
      out.value.what = option::kind::number;
      out.value.value = std::to_string(c.ival->ival);
      break;
    case PG_QUERY__A__CONST__VAL_FVAL:
      out.value.what = option::kind::number;
      out.value.value = c.fval->fval;
      break;
    default:
      out.value.what = option::kind::word;
      out.value.value = words.front().word;
    }
    return out;
  }

  // Queries.

  /// `where`: offsets in text_.
  scalar_expression expression_of(const tree* n, slice where) {
    scalar_expression out;
    out.where = moved(where);
    auto made = expression::convert_tree(n, text_, 0);
    if (made) {
      move_by(*made, begin_);
      out.tree = *std::move(made);
    } else {
      // A node without a place is where its expression begins.
      for (auto& p : made.error())
        say(std::max(p.offset + begin_, out.where.begin), in_statements(std::move(p.message)));
      out.tree.offset = out.where.begin;
    }
    return out;
  }
  /// Of parts whose ends nobody needs.
  scalar_expression tree_alone(const tree* n) {
    auto out = expression_of(n, {});
    out.where = {out.tree.offset, out.tree.offset};
    return out;
  }

  query query_of_node(const tree* n) {
    if (n == nullptr || n->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
      refuse(begin_ + start(), "expected SELECT ...");
    return query_of(*n->select_stmt);
  }

  /// The SELECT of one query, or of several side by side the last.
  static const PgQuery__SelectStmt& last_of(const PgQuery__SelectStmt& s) {
    const auto* leaf = &s;
    while (leaf->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
      leaf = leaf->rarg;
    return *leaf;
  }

  /// Where something of the SELECT stands in text_; npos: nowhere.
  std::size_t inside(const PgQuery__SelectStmt& s) {
    if (s.n_target_list > 0 && s.target_list[0]->res_target->location >= 0)
      return static_cast<std::size_t>(s.target_list[0]->res_target->location);
    return s.n_from_clause > 0 ? inside(*s.from_clause[0]) : std::string::npos;
  }
  std::size_t inside(const tree& relation) {
    const auto* n = &relation;
    while (n->node_case == PG_QUERY__NODE__NODE_JOIN_EXPR)
      n = n->join_expr->larg;
    const auto at = [](std::int32_t location) {
      return location < 0 ? std::string::npos : static_cast<std::size_t>(location);
    };
    switch (n->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
      return at(n->range_var->location);
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT: {
      const auto* sub = n->range_subselect->subquery;
      if (sub == nullptr || sub->node_case != PG_QUERY__NODE__NODE_SELECT_STMT || ++depth_ > deepest_query)
        return std::string::npos;
      const auto* first = sub->select_stmt;
      while (first->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
        first = first->larg;
      const auto word = first->with_clause != nullptr ? std::string::npos : select_word_of(*first);
      --depth_;
      return word == std::string::npos ? word : words_[word].begin;
    }
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION: {
      const auto& f = *n->range_function;
      const auto* call = f.n_functions > 0 ? f.functions[0]->list->items[0] : nullptr;
      return call != nullptr && call->node_case == PG_QUERY__NODE__NODE_FUNC_CALL
                 ? at(call->func_call->location)
                 : std::string::npos;
    }
    default:
      return std::string::npos;
    }
  }

  std::size_t select_word_of(const PgQuery__SelectStmt& s) {
    const auto at = s.n_values_lists > 0 ? std::string::npos : inside(s);
    return at == std::string::npos ? at : select_before(words_, at);
  }

  /// The index of the word SELECT; of several branches that of the last.
  std::size_t select_word(const PgQuery__SelectStmt& s) {
    const auto out = select_word_of(last_of(s));
    if (out != std::string::npos)
      return out;
    auto at = begin_ + start();
    for (const auto word : {"values", "table"})
      if (const auto found = word_from(begin_ + (words_.size() > 2 ? words_[2].begin : 0), word);
          found > at && at == begin_ + start() && token_at(found)->word == word)
        at = found;
    refuse(at, "expected SELECT columns FROM a table or view; VALUES and TABLE have no meaning here");
  }

  query query_of(const PgQuery__SelectStmt& s) {
    if (++depth_ > deepest_query)
      refuse(begin_ + start(),
             fmt::format("queries nest deeper than {} levels here; make views of the inner ones",
                         deepest_query));
    query out;
    const auto word = select_word(s);
    out.at = begin_ + words_[word].begin;
    const auto clauses = clauses_of(words_, word);
    if (s.with_clause != nullptr)
      out.with = tables_of(*s.with_clause);
    if (s.op == PG_QUERY__SET_OPERATION__SETOP_NONE)
      out.one = select_of(s, word, clauses);
    else
      branches_of(s, out.all);
    order_of(s, clauses, out);
    limit_of(s, clauses, out);
    if (s.n_locking_clause > 0)
      say(out.at, "FOR UPDATE and the like have no meaning here");
    --depth_;
    return out;
  }

  std::vector<common_table> tables_of(const PgQuery__WithClause& w) {
    std::vector<common_table> out;
    if (w.recursive != 0)
      refuse(offset(w.location), "a recursive query has no end on a stream; expected WITH without RECURSIVE");
    for (std::size_t i = 0; i < w.n_ctes; ++i) {
      const auto& c = *w.ctes[i]->common_table_expr;
      if (c.search_clause != nullptr || c.cycle_clause != nullptr)
        say(offset(c.location), "SEARCH and CYCLE are of recursive queries, which are not offered");
      if (c.ctequery == nullptr || c.ctequery->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        refuse(offset(c.location), "expected SELECT ... in the parentheses of WITH");
      common_table made{{whole_name(c.ctename, offset(c.location)), offset(c.location)},
                        {},
                        std::make_shared<query>(query_of_node(c.ctequery))};
      for (std::size_t n = 0; n < c.n_aliascolnames; ++n)
        made.columns.push_back(name_of_node(c.aliascolnames[n]));
      out.push_back(std::move(made));
    }
    return out;
  }

  /// The branches of UNION ALL, which PostgreSQL nests to the left.
  void branches_of(const PgQuery__SelectStmt& s, std::vector<query>& out) {
    const auto* top = &s;
    std::vector<const PgQuery__SelectStmt*> branches;
    while (true) {
      if (top->op != PG_QUERY__SET_OPERATION__SETOP_UNION || top->all == 0)
        refuse(begin_ + words_[select_word(s)].begin,
               "of queries side by side there is UNION ALL alone here: rows that occur twice would have to "
               "be kept for ever; SELECT "
               "DISTINCT ON (key) * with ttl leaves them out for a time");
      branches.push_back(top->rarg);
      const auto* next = top->larg;
      const bool plain = next->op != PG_QUERY__SET_OPERATION__SETOP_NONE && next->n_sort_clause == 0 &&
                         next->limit_count == nullptr && next->with_clause == nullptr;
      if (!plain) {
        branches.push_back(next);
        break;
      }
      top = next;
    }
    for (auto b = branches.rbegin(); b != branches.rend(); ++b)
      out.push_back(query_of(**b));
  }

  /// Which of the ORDER BY behind a SELECT is that of `s`, whose last SELECT it is: the innermost query's comes first.
  template<class Has>
  static std::size_t number_of(const PgQuery__SelectStmt& s, Has has) {
    std::size_t inner = 0;
    for (const auto* n = &s; n->op != PG_QUERY__SET_OPERATION__SETOP_NONE; n = n->rarg)
      inner += static_cast<std::size_t>(has(*n->rarg));
    return inner;
  }

  void order_of(const PgQuery__SelectStmt& s, const select_clauses& clauses, query& out) {
    if (s.n_sort_clause == 0)
      return;
    const auto number = number_of(s, [](const PgQuery__SelectStmt& q) { return q.n_sort_clause > 0; });
    if (number >= clauses.orders.size() || clauses.orders[number].size() != s.n_sort_clause)
      refuse(out.at, "the items of ORDER BY could not be told apart; leave out parentheses around the query");
    const auto& items = clauses.orders[number];
    out.order_at = begin_ + items.front().front().begin;
    for (std::size_t i = 0; i < s.n_sort_clause; ++i)
      out.order_by.push_back(sorted_of(*s.sort_clause[i]->sort_by, slice_of(without_order(items[i]))));
  }

  sorted sorted_of(const PgQuery__SortBy& by, slice where) {
    sorted out;
    out.value = where.end == 0 ? tree_alone(by.node) : expression_of(by.node, where);
    if (by.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING)
      say(out.value.where.begin, "ORDER BY ... USING has no meaning here; write ASC or DESC");
    out.descending = by.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    out.nulls_first = by.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
                      (by.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT && out.descending);
    return out;
  }

  void limit_of(const PgQuery__SelectStmt& s, const select_clauses& clauses, query& out) {
    if (s.limit_offset != nullptr)
      say(out.at,
          "OFFSET has no meaning here: rows of a window are taken from the first on; expected LIMIT alone");
    if (s.limit_count == nullptr)
      return;
    const auto number = number_of(s, [](const PgQuery__SelectStmt& q) { return q.limit_count != nullptr; });
    out.limit_at = number < clauses.limits.size() && !clauses.limits[number].empty()
                       ? begin_ + clauses.limits[number].front().begin
                       : out.at;
    const auto* n = s.limit_count;
    const bool whole = n->node_case == PG_QUERY__NODE__NODE_A_CONST && n->a_const->isnull == 0 &&
                       n->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL && n->a_const->ival->ival >= 0;
    if (whole && s.limit_option != PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES)
      out.limit = n->a_const->ival->ival;
    else
      say(out.limit_at, "expected LIMIT and a whole number");
  }

  select select_of(const PgQuery__SelectStmt& s, std::size_t word, const select_clauses& clauses) {
    select out;
    out.at = begin_ + words_[word].begin;
    if (s.into_clause != nullptr)
      say(out.at, "SELECT ... INTO has no meaning here; write CREATE TABLE name WITH (connector = ...) AS "
                  "SELECT ...");
    if (s.n_window_clause > 0)
      say(out.at, "WINDOW has no meaning here; write tumble(t, '5 minutes') in FROM");
    distinct_of(s, clauses, out);
    if (clauses.outputs.size() != s.n_target_list)
      refuse(out.at, "the items of this SELECT could not be told apart; put expressions into parentheses");
    for (std::size_t i = 0; i < s.n_target_list; ++i)
      out.outputs.push_back(output_of(*s.target_list[i]->res_target, clauses.outputs[i]));
    for (std::size_t i = 0; i < s.n_from_clause; ++i)
      out.from.push_back(relation_of(*s.from_clause[i], clauses));
    if (s.where_clause != nullptr)
      condition_of(s.where_clause, clauses, out);
    if (s.n_group_clause != clauses.group_by.size())
      refuse(out.at, "the items of GROUP BY could not be told apart; expected columns and expressions");
    for (std::size_t i = 0; i < s.n_group_clause; ++i) {
      if (s.group_clause[i]->node_case == PG_QUERY__NODE__NODE_GROUPING_SET)
        refuse(begin_ + slice_of(clauses.group_by[i]).begin,
               "GROUPING SETS, ROLLUP and CUBE are not offered; make a view for each grouping");
      out.group_by.push_back(expression_of(s.group_clause[i], slice_of(clauses.group_by[i])));
    }
    if (s.having_clause != nullptr)
      out.having = expression_of(s.having_clause, slice_of(clauses.having));
    return out;
  }

  void distinct_of(const PgQuery__SelectStmt& s, const select_clauses& clauses, select& out) {
    out.distinct = s.n_distinct_clause > 0;
    const bool on = out.distinct && s.distinct_clause[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET;
    if (!on)
      return;
    if (clauses.distinct_on.size() != s.n_distinct_clause)
      refuse(out.at, "the items of DISTINCT ON could not be told apart");
    for (std::size_t i = 0; i < s.n_distinct_clause; ++i)
      out.distinct_on.push_back(expression_of(s.distinct_clause[i], slice_of(clauses.distinct_on[i])));
  }

  output output_of(const PgQuery__ResTarget& t, token_range words) {
    output out;
    out.at = begin_ + slice_of(words).begin;
    out.alias = whole_name(t.name);
    if (const auto star = star_of(*t.val)) {
      out.star = true;
      out.star_of = *star;
      return out;
    }
    if (t.val->node_case == PG_QUERY__NODE__NODE_FUNC_CALL && t.val->func_call->over != nullptr) {
      out.rank = ranking_of(*t.val->func_call);
      return out;
    }
    // PostgreSQL takes the unit of INTERVAL '5' MINUTES, but not of MINUTE, for the column's name.
    const auto n = words.size();
    if (!out.alias.empty() && n > 2 && words[n - 2].is_text && words[n - 3].word == "interval" &&
        !words[n - 1].word.empty())
      say(begin_ + words[n - 3].begin,
          fmt::format(
              "a duration is a text as a whole, such as interval '5 minutes'; {} would be the column's name",
              data::excerpt(out.alias)));
    out.value = expression_of(t.val, slice_of(out.alias.empty() ? words : without_name(words)));
    return out;
  }

  /// "" of *, t of t.*.
  std::optional<std::string> star_of(const tree& n) {
    if (n.node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
      return std::nullopt;
    const auto& ref = *n.column_ref;
    if (ref.n_fields == 0 || ref.fields[ref.n_fields - 1]->node_case != PG_QUERY__NODE__NODE_A_STAR)
      return std::nullopt;
    if (ref.n_fields > 2)
      refuse(offset(ref.location), "expected * or NAME.*; the members of a column are named one by one");
    return ref.n_fields == 1 ? std::string() : name_of_node(ref.fields[0]);
  }

  std::optional<ranking> ranking_of(const PgQuery__FuncCall& f) {
    const auto at = offset(f.location);
    const auto& w = *f.over;
    if (name_of_node(f.funcname[f.n_funcname - 1]) != "row_number" || w.n_order_clause == 0 || f.n_args > 0 ||
        f.agg_filter != nullptr || f.agg_star != 0 || f.agg_distinct != 0 || is_set(w.name) ||
        is_set(w.refname)) {
      say(at, "of functions over rows there is row_number() OVER (PARTITION BY window_start ORDER BY ...) "
              "alone here, with <= n around it; "
              "an aggregate of a window's rows is GROUP BY");
      return std::nullopt;
    }
    ranking out;
    for (std::size_t i = 0; i < w.n_partition_clause; ++i)
      out.partition.push_back(tree_alone(w.partition_clause[i]));
    for (std::size_t i = 0; i < w.n_order_clause; ++i)
      out.order.push_back(sorted_of(*w.order_clause[i]->sort_by, {}));
    return out;
  }

  /// The subquery of NOT EXISTS (...); null: it is something else.
  static const PgQuery__SubLink* not_exists_of(const tree* n) {
    if (n->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR ||
        n->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR)
      return nullptr;
    const auto* const inner = n->bool_expr->args[0];
    const bool exists = inner->node_case == PG_QUERY__NODE__NODE_SUB_LINK &&
                        inner->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK;
    return exists ? inner->sub_link : nullptr;
  }

  void condition_of(const tree* n, const select_clauses& clauses, select& out) {
    if (const auto* const absent = not_exists_of(n)) {
      out.not_exists = std::make_shared<query>(query_of_node(absent->subselect));
      return;
    }
    if (n->node_case == PG_QUERY__NODE__NODE_BOOL_EXPR)
      for (std::size_t i = 0; i < n->bool_expr->n_args; ++i)
        if (const auto* const absent = not_exists_of(n->bool_expr->args[i]))
          return say(
              offset(absent->location),
              "NOT EXISTS stands alone in WHERE; other conditions go into a subquery in FROM, (SELECT * FROM "
              "table WHERE ...) t, or into a view behind this one");
    out.where = expression_of(n, slice_of(clauses.where));
  }

  // FROM.

  void name_of(const PgQuery__Alias* a, relation& out) {
    if (a == nullptr)
      return;
    out.alias = whole_name(a->aliasname);
    for (std::size_t i = 0; i < a->n_colnames; ++i)
      out.alias_columns.push_back(name_of_node(a->colnames[i]));
  }

  relation relation_of(const tree& n, const select_clauses& clauses) {
    relation out;
    out.at = begin_ + slice_of(clauses.from).begin;
    switch (n.node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR: {
      const auto& r = *n.range_var;
      out.at = offset(r.location);
      if (is_set(r.catalogname))
        refuse(out.at, "expected a table or view, or the late rows of one as name.late");
      if (is_set(r.schemaname))
        out.path.push_back({whole_name(r.schemaname, out.at), out.at});
      if (const auto* t = token_at(out.at); is_set(r.schemaname) && t != nullptr) {
        t = std::min(behind_name(t) + 1, words_.data() + words_.size() - 1);
        out.path.push_back({whole_name(r.relname, begin_ + t->begin), begin_ + t->begin});
      } else {
        out.path.push_back({whole_name(r.relname, out.at), out.at});
      }
      name_of(r.alias, out);
      return out;
    }
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
      out.what = relation::kind::subquery;
      out.lateral = n.range_subselect->lateral != 0;
      out.sub = std::make_shared<query>(query_of_node(n.range_subselect->subquery));
      out.at = out.sub->at;
      name_of(n.range_subselect->alias, out);
      return out;
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
      function_in_from(*n.range_function, out);
      return out;
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
      join_of(*n.join_expr, clauses, out);
      return out;
    default:
      refuse(out.at, "expected a table, a view, tumble(...), hop(...), session(...) or a subquery in FROM");
    }
  }

  void join_of(const PgQuery__JoinExpr& j, const select_clauses& clauses, relation& out) {
    if (++depth_ > deepest_query)
      refuse(out.at, "there are too many joins side by side; make views of them");
    out.what = relation::kind::joined;
    out.left = std::make_shared<relation>(relation_of(*j.larg, clauses));
    out.right = std::make_shared<relation>(relation_of(*j.rarg, clauses));
    out.at = out.left->at;
    if (out.left->alias == "asof")
      say(out.at, "ASOF JOIN is not offered; a row as of a time is LEFT JOIN as_of(rates, s.at) r ON "
                  "r.currency = s.currency");
    else if (out.left->alias == "anti")
      say(out.at, "ANTI JOIN is not offered; rows without a partner are WHERE NOT EXISTS (SELECT FROM ...)");
    else if (out.left->alias == "semi")
      say(out.at, "SEMI JOIN is not offered; an inner JOIN gives a row for each partner");
    switch (j.jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
      out.how = relation::join::left;
      break;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
      out.how = relation::join::right;
      break;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
      out.how = relation::join::full;
      break;
    default:
      out.how = j.quals == nullptr && j.n_using_clause == 0 ? relation::join::cross : relation::join::inner;
    }
    if (j.is_natural != 0)
      say(out.at, "NATURAL is not offered: a new column would change the key; write USING (...)");
    for (std::size_t i = 0; i < j.n_using_clause; ++i)
      out.same.push_back(name_of_node(j.using_clause[i]));
    if (j.quals != nullptr)
      out.on = tree_alone(j.quals);
    if (j.join_using_alias != nullptr)
      say(out.at,
          "USING (...) AS name is not offered; the columns of USING have no table's name in front of them");
    name_of(j.alias, out);
    --depth_;
  }

  void function_in_from(const PgQuery__RangeFunction& r, relation& out) {
    out.lateral = r.lateral != 0;
    name_of(r.alias, out);
    if (r.ordinality != 0)
      say(out.at, "WITH ORDINALITY is not offered; unnest(list) gives the elements alone");
    if (r.n_coldeflist > 0)
      say(out.at, "the columns behind AS are names without types here");
    const auto* call = r.n_functions == 1 ? r.functions[0]->list->items[0] : nullptr;
    if (call == nullptr || call->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
      refuse(out.at, "expected one of tumble, hop, session, as_of and unnest in FROM");
    const auto& f = *call->func_call;
    out.at = offset(f.location);
    out.function = name_of_node(f.funcname[f.n_funcname - 1]);
    if (f.n_funcname > 1 && name_of_node(f.funcname[0]) != "pg_catalog")
      say(out.at, "a name of a function has no schema here; expected the name alone");
    if (f.agg_filter != nullptr || f.agg_star != 0 || f.agg_distinct != 0 || f.n_agg_order > 0 ||
        f.over != nullptr || f.func_variadic != 0)
      refuse(out.at, fmt::format("{}(...) has arguments here, and nothing else", out.function));
    if (out.function == "unnest") {
      out.what = relation::kind::unnested;
      if (f.n_args != 1)
        refuse(out.at, "expected one list in unnest(...)");
      out.value = tree_alone(f.args[0]);
      return;
    }
    out.what = relation::kind::windowed;
    if (f.n_args == 0 || f.args[0]->node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
      refuse(out.at, fmt::format("expected the name of a table or view first in {}(...); a query in its "
                                 "place becomes one by WITH",
                                 out.function));
    const auto& ref = *f.args[0]->column_ref;
    const auto* t = token_at(offset(ref.location));
    for (std::size_t i = 0; i < ref.n_fields; ++i) {
      const auto at = t == nullptr ? offset(ref.location) : begin_ + t->begin;
      if (ref.fields[i]->node_case != PG_QUERY__NODE__NODE_STRING)
        refuse(at,
               fmt::format("expected the name of a table or view first in {}(...), without *", out.function));
      out.path.push_back({whole_name(ref.fields[i]->string->sval, at), at});
      if (t != nullptr)
        t = std::min(behind_name(t) + 1, words_.data() + words_.size() - 1);
    }
    for (std::size_t i = 1; i < f.n_args; ++i)
      argument_of(*f.args[i], out);
  }

  /// Of interval '5' minute its unit; empty where it has none.
  std::string unit_of(const PgQuery__TypeName& t) {
    if (t.n_typmods == 0)
      return {};
    // The bits are those of PostgreSQL's INTERVAL_MASK.
    const auto* const m = t.typmods[0];
    const auto mask = t.n_typmods == 1 && m->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                              m->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL
                          ? m->a_const->ival->ival
                          : 0;
    switch (mask) {
    case 1 << 3:
      return "days";
    case 1 << 10:
      return "hours";
    case 1 << 11:
      return "minutes";
    case 1 << 12:
      return "seconds";
    default:
      refuse(offset(t.location), "expected a duration such as '5 minutes'");
    }
  }

  void argument_of(const tree& n, relation& out) {
    const bool named = n.node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR;
    const auto* value = named ? n.named_arg_expr->arg : &n;
    // interval '5 minutes' is '5 minutes' here, and interval '5' minute likewise.
    std::string unit;
    if (value->node_case == PG_QUERY__NODE__NODE_TYPE_CAST && value->type_cast->type_name->n_names > 0 &&
        name_of_node(value->type_cast->type_name->names[value->type_cast->type_name->n_names - 1]) ==
            "interval") {
      unit = unit_of(*value->type_cast->type_name);
      value = value->type_cast->arg;
    }
    if (value->node_case != PG_QUERY__NODE__NODE_A_CONST) {
      if (named || out.value)
        refuse(out.at,
               fmt::format("expected texts as the arguments of {}(...), such as '5 minutes'", out.function));
      out.value = tree_alone(value);
      return;
    }
    const auto& c = *value->a_const;
    constant_argument made;
    made.name = named ? whole_name(n.named_arg_expr->name) : "";
    const auto at = offset(c.location);
    const auto* const t = token_at(at);
    const bool has_sign = t != nullptr && (t->sign == '-' || t->sign == '+');
    const auto* const last = has_sign ? t + 1 : t;
    made.where = {at, last == nullptr || last == words_.data() + words_.size() ? at : begin_ + last->end};
    if (c.isnull == 0 && c.val_case == PG_QUERY__A__CONST__VAL_SVAL) {
      made.value = c.sval->sval;
      if (!unit.empty())
        made.value += " " + unit;
    } else if (c.val_case == PG_QUERY__A__CONST__VAL_IVAL) {
      made.is_text = false;
      made.value = std::to_string(c.ival->ival);
    } else {
      refuse(at,
             fmt::format("expected texts as the arguments of {}(...), such as '5 minutes'", out.function));
    }
    out.arguments.push_back(std::move(made));
  }

  std::string_view text_;
  const tokens& words_;
  std::size_t begin_;
  std::size_t depth_ = 0;
  problems problems_;
};

}  // namespace

expression::bound_or<statement> convert_statement(const PgQuery__Node* tree, std::string_view text,
                                                  const tokens& words, std::size_t begin) {
  return converter(text, words, begin).run(tree);
}

}  // namespace millrace::sql
