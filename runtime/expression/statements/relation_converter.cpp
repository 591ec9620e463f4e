// FROM: tables, subqueries, functions and joins.
#include "runtime/expression/statements/query_converter.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::sql {

void query_converter::name_of(const PgQuery__Alias* a, relation& out) {
  if (a == nullptr)
    return;
  out.alias = whole_name(a->aliasname);
  for (std::size_t i = 0; i < a->n_colnames; ++i)
    out.alias_columns.push_back(name_of_node(a->colnames[i]));
}

relation query_converter::relation_of(const tree& n, const select_clauses& clauses) {
  relation out;
  out.at = begin_ + slice_of(clauses.from).begin;
  switch (n.node_case) {
  case PG_QUERY__NODE__NODE_RANGE_VAR: {
    const auto& r = *n.range_var;
    out.at = offset(r.location);
    if (is_set(r.catalogname))
      refuse(out.at, "expected a table or view, or the late rows of one as name.late");
    if (r.inh == 0)
      say(out.at, "ONLY has no meaning here, where tables inherit nothing; leave it out");
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

void query_converter::join_of(const PgQuery__JoinExpr& j, const select_clauses& clauses, relation& out) {
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

void query_converter::function_in_from(const PgQuery__RangeFunction& r, relation& out) {
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

std::string query_converter::unit_of(const PgQuery__TypeName& t) {
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

void query_converter::argument_of(const tree& n, relation& out) {
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
    refuse(at, fmt::format("expected texts as the arguments of {}(...), such as '5 minutes'", out.function));
  }
  out.arguments.push_back(std::move(made));
}

}  // namespace millrace::sql
