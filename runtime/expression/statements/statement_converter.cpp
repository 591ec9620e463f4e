#include "runtime/expression/statements/statement_converter.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/statements/query_converter.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sql {
namespace {

using expression::problem;

class converter : private query_converter {
public:
  using query_converter::query_converter;

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
          "nothing takes the rows of this query; write CREATE VIEW name AS SELECT ..., or CREATE TABLE name "
          "WITH (connector = ...) AS SELECT ...");
    default:
      refuse(
          begin_ + start(),
          "a topology has no such statement; it has SET, CREATE TYPE, CREATE TABLE, CREATE VIEW and CREATE "
          "FUNCTION");
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

  /// Returns what stands behind the word RETURN of CREATE FUNCTION: it is no parameter's name and not the name of the type.
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
};

}  // namespace

expression::bound_or<statement> convert_statement(const PgQuery__Node* tree, std::string_view text,
                                                  const tokens& words, std::size_t begin) {
  return converter(text, words, begin).run(tree);
}

}  // namespace millrace::sql
