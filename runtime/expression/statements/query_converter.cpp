#include "runtime/expression/statements/query_converter.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/bind/aggregate_names.hpp"

#include <fmt/format.h>

namespace millrace::sql {
namespace {

/// The SELECT of one query, or of several side by side the last.
const PgQuery__SelectStmt& last_of(const PgQuery__SelectStmt& s) {
  const auto* leaf = &s;
  while (leaf->op != PG_QUERY__SET_OPERATION__SETOP_NONE)
    leaf = leaf->rarg;
  return *leaf;
}

/// Which of the ORDER BY behind a SELECT is that of `s`, whose last SELECT it is: the innermost query's comes first.
template<class Has>
std::size_t number_of(const PgQuery__SelectStmt& s, Has has) {
  std::size_t inner = 0;
  for (const auto* n = &s; n->op != PG_QUERY__SET_OPERATION__SETOP_NONE; n = n->rarg)
    inner += static_cast<std::size_t>(has(*n->rarg));
  return inner;
}

/// The subquery of NOT EXISTS (...); null: it is something else.
const PgQuery__SubLink* not_exists_of(const PgQuery__Node* n) {
  if (n->node_case != PG_QUERY__NODE__NODE_BOOL_EXPR ||
      n->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR)
    return nullptr;
  const auto* const inner = n->bool_expr->args[0];
  const bool exists = inner->node_case == PG_QUERY__NODE__NODE_SUB_LINK &&
                      inner->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK;
  return exists ? inner->sub_link : nullptr;
}

}  // namespace

query query_converter::query_of_node(const tree* n) {
  if (n == nullptr || n->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
    refuse(begin_ + start(), "expected SELECT ...");
  return query_of(*n->select_stmt);
}

std::size_t query_converter::inside(const PgQuery__SelectStmt& s) {
  if (s.n_target_list > 0 && s.target_list[0]->res_target->location >= 0)
    return static_cast<std::size_t>(s.target_list[0]->res_target->location);
  return s.n_from_clause > 0 ? inside(*s.from_clause[0]) : std::string::npos;
}

std::size_t query_converter::inside(const tree& relation) {
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

std::size_t query_converter::select_word_of(const PgQuery__SelectStmt& s) {
  const auto at = s.n_values_lists > 0 ? std::string::npos : inside(s);
  return at == std::string::npos ? at : select_before(words_, at);
}

std::size_t query_converter::select_word(const PgQuery__SelectStmt& s) {
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

query query_converter::query_of(const PgQuery__SelectStmt& s) {
  if (++depth_ > deepest_query)
    refuse(
        begin_ + start(),
        fmt::format("queries nest deeper than {} levels here; make views of the inner ones", deepest_query));
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

std::vector<common_table> query_converter::tables_of(const PgQuery__WithClause& w) {
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

void query_converter::branches_of(const PgQuery__SelectStmt& s, std::vector<query>& out) {
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

void query_converter::order_of(const PgQuery__SelectStmt& s, const select_clauses& clauses, query& out) {
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

sorted query_converter::sorted_of(const PgQuery__SortBy& by, slice where) {
  sorted out;
  out.value = where.end == 0 ? tree_alone(by.node) : expression_of(by.node, where);
  if (by.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING)
    say(out.value.where.begin, "ORDER BY ... USING has no meaning here; write ASC or DESC");
  out.descending = by.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
  out.nulls_first = by.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
                    (by.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT && out.descending);
  return out;
}

void query_converter::limit_of(const PgQuery__SelectStmt& s, const select_clauses& clauses, query& out) {
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

select query_converter::select_of(const PgQuery__SelectStmt& s, std::size_t word,
                                  const select_clauses& clauses) {
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

void query_converter::distinct_of(const PgQuery__SelectStmt& s, const select_clauses& clauses, select& out) {
  out.distinct = s.n_distinct_clause > 0;
  const bool on = out.distinct && s.distinct_clause[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET;
  if (!on)
    return;
  if (clauses.distinct_on.size() != s.n_distinct_clause)
    refuse(out.at, "the items of DISTINCT ON could not be told apart");
  for (std::size_t i = 0; i < s.n_distinct_clause; ++i)
    out.distinct_on.push_back(expression_of(s.distinct_clause[i], slice_of(clauses.distinct_on[i])));
}

output query_converter::output_of(const PgQuery__ResTarget& t, token_range words) {
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

std::optional<std::string> query_converter::star_of(const tree& n) {
  if (n.node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
    return std::nullopt;
  const auto& ref = *n.column_ref;
  if (ref.n_fields == 0 || ref.fields[ref.n_fields - 1]->node_case != PG_QUERY__NODE__NODE_A_STAR)
    return std::nullopt;
  if (ref.n_fields > 2)
    refuse(offset(ref.location), "expected * or NAME.*; the members of a column are named one by one");
  return ref.n_fields == 1 ? std::string() : name_of_node(ref.fields[0]);
}

std::optional<ranking> query_converter::ranking_of(const PgQuery__FuncCall& f) {
  const auto at = offset(f.location);
  const auto& w = *f.over;
  if (expression::is_aggregate(name_of_node(f.funcname[f.n_funcname - 1]))) {
    say(at, "an aggregate OVER rows is not offered; that of the last 10 minutes is GROUP BY of FROM hop(t, "
            "'1 minute', '10 minutes'), or, at each row, GROUP BY of FROM tumble(pairs, '1 us') over a view "
            "pairs: FROM t AS a JOIN t AS b ON b.key = a.key AND b.at BETWEEN a.at - interval '10 minutes' "
            "AND a.at");
    return std::nullopt;
  }
  if (name_of_node(f.funcname[f.n_funcname - 1]) != "row_number" || w.n_order_clause == 0 || f.n_args > 0 ||
      f.agg_filter != nullptr || f.agg_star != 0 || f.agg_distinct != 0 || is_set(w.name) ||
      is_set(w.refname)) {
    say(at, "of functions over rows there is row_number() OVER (PARTITION BY window_start ORDER BY ...) "
            "alone here, with <= n around it; an aggregate of a window's rows is GROUP BY");
    return std::nullopt;
  }
  ranking out;
  for (std::size_t i = 0; i < w.n_partition_clause; ++i)
    out.partition.push_back(tree_alone(w.partition_clause[i]));
  for (std::size_t i = 0; i < w.n_order_clause; ++i)
    out.order.push_back(sorted_of(*w.order_clause[i]->sort_by, {}));
  return out;
}

void query_converter::condition_of(const tree* n, const select_clauses& clauses, select& out) {
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

}  // namespace millrace::sql
