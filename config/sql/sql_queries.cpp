#include "config/sql/sql_queries.hpp"

#include "config/core_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace millrace::config {
namespace {

/// The branches of UNION ALL, without what stands around all of them.
sql::query branches_alone(const sql::query& q) {
  auto out = q;
  out.with.clear();
  out.order_by.clear();
  out.limit.reset();
  return out;
}

/// DISTINCT ON (k) ... ORDER BY k, time of PostgreSQL, where the order says which row of a key stays.
bool is_order_of_duplicates(const sql::query& q) {
  if (!q.one || q.one->distinct_on.empty() || q.order_by.empty())
    return false;
  const auto& keys = q.one->distinct_on;
  for (std::size_t i = 0; i < q.order_by.size() && i < keys.size(); ++i)
    if (std::ranges::none_of(
            keys, [&](const auto& k) { return same_expression(q.order_by[i].value.tree, k.tree, {}); }))
      return false;
  return true;
}

std::string order_of_duplicates(const sql::query& q) {
  const auto behind = std::min(q.order_by.size(), q.one->distinct_on.size());
  const bool last = std::any_of(q.order_by.begin() + static_cast<std::ptrdiff_t>(behind), q.order_by.end(),
                                [](const sql::sorted& o) { return o.descending; });
  return last
             ? "DISTINCT ON keeps the row of each key that is the earliest by event time here; the last one "
               "is not offered, since another may always follow: last(column) of a window, FROM tumble(...), "
               "gives it"
             : "DISTINCT ON keeps the row of each key that is the earliest by event time here, without more "
               "words; leave ORDER BY out";
}

}  // namespace

std::string name_of_rows(const sql::relation& r) {
  return r.alias.empty() && !r.path.empty() ? r.path.back().text : r.alias;
}

bool sql_queries::is_whole(const sql::query& q, sql::relation::kind what) {
  if (!q.one || !q.order_by.empty() || q.limit)
    return false;
  const auto& s = *q.one;
  if (s.from.size() != 1 || s.from.front().what != what || s.outputs.size() != 1 || !s.outputs.front().star)
    return false;
  const auto& of = s.outputs.front().star_of;
  return (of.empty() || of == name_of_rows(s.from.front())) && !s.where && !s.not_exists && !s.distinct &&
         s.group_by.empty() && !s.having;
}

bool sql_queries::is_plain(const sql::query& q) {
  return q.with.empty() && is_whole(q, sql::relation::kind::named);
}

bool sql_queries::has_groups(const sql::select& s) {
  const auto aggregates = [](const sql::output& o) { return o.value && has_aggregate(o.value->tree); };
  return !s.group_by.empty() || s.having || std::ranges::any_of(s.outputs, aggregates);
}

bool sql_queries::is_grouped(const sql::select& s) {
  return has_groups(s) || (s.from.size() == 1 && s.from.front().what == sql::relation::kind::windowed);
}

void sql_queries::define(const sql::query& q, common_tables& scope) {
  std::set<std::string_view> defined;
  for (const auto& c : q.with) {
    if (!defined.insert(c.called.text).second)
      to_.say(c.called.at,
              fmt::format("WITH defines \"{}\" a second time; expected another name", c.called.text));
    if (!c.columns.empty())
      to_.say(c.called.at,
              "a query of WITH names its columns in its SELECT; expected no list of them behind its name");
    scope[c.called.text] = {rows_of(*c.body, owner_ + "-" + c.called.text, scope), c.called.at};
    unread_.emplace(c.called.at, c.called.text);
  }
}

void sql_queries::warn_of_unread() const {
  for (const auto& [at, name] : unread_)
    to_.warn(at, fmt::format("nothing reads \"{}\" of WITH", name));
}

void sql_queries::refuse_alias_columns(const sql::relation& r) const {
  if (!r.alias_columns.empty())
    to_.say(r.at, "a table's columns keep their names in FROM; AS in the SELECT gives others");
}

std::vector<node> sql_queries::named(const sql::relation& r, const common_tables& scope) {
  refuse_alias_columns(r);
  if (r.path.size() == 1)
    if (const auto known = scope.find(r.path.front().text); known != scope.end()) {
      unread_.erase(known->second.at);
      return known->second.from;
    }
  std::string whole;
  for (const auto& p : r.path)
    whole += (whole.empty() ? "" : ".") + p.text;
  std::vector<node> out;
  out.push_back(to_.text.made(std::move(whole), r.path.front().at));
  return out;
}

rows_in_from sql_queries::rows_of(const sql::relation& r, const common_tables& scope) {
  rows_in_from out;
  switch (r.what) {
  case sql::relation::kind::named:
  case sql::relation::kind::windowed:
    out.from = named(r, scope);
    out.tables.emplace(name_of_rows(r), "");
    if (const auto front = names_of_front_.find(r.path.back().text); front != names_of_front_.end())
      out.tables = front->second;
    break;
  case sql::relation::kind::subquery:
    refuse_alias_columns(r);
    if (r.lateral)
      to_.say(r.at,
              "LATERAL has no meaning in front of a subquery, which reads its own FROM alone; leave it out");
    out.from = rows_of(*r.sub, owner_ + "-" + (r.alias.empty() ? "query" : r.alias), scope);
    out.tables.emplace(r.alias, "");
    break;
  default:
    to_.say(r.at, "expected a table, a view, a subquery, or one of these in tumble, hop or session");
    out.from.push_back(to_.text.made(owner_, r.at));
  }
  return out;
}

std::vector<node> sql_queries::rows_of(const sql::query& q, const std::string& name,
                                       const common_tables& scope) {
  refuse_order(q);
  auto inner = scope;
  define(q, inner);
  if (is_whole(q, sql::relation::kind::named))
    return named(q.one->from.front(), inner);
  if (is_whole(q, sql::relation::kind::subquery))
    return rows_of(q.one->from.front(), inner).from;
  if (q.one) {
    to_.add(name, q.at, stage_of_select(*q.one, name, inner, {}, false));
    std::vector<node> out;
    out.push_back(to_.text.made(name, q.at));
    return out;
  }
  std::vector<node> out;
  for (const auto& branch : q.all)
    std::ranges::move(
        rows_of(branch, is_plain(branch) ? name : fmt::format("{}-{}", owner_, ++numbered_), inner),
        std::back_inserter(out));
  return out;
}

void sql_queries::refuse_order(const sql::query& q) const {
  if (is_order_of_duplicates(q))
    to_.say(q.order_at, order_of_duplicates(q));
  else if (!q.order_by.empty())
    to_.say(q.order_at, "the rows of a view have no order; ORDER BY, and LIMIT with it, belong to the sink "
                        "that writes them: CREATE TABLE "
                        "... WITH (connector = ...) AS SELECT ... ORDER BY");
  else if (q.limit)
    to_.say(q.limit_at, "a stream has no end; LIMIT takes the first rows of each window, behind ORDER BY, in "
                        "the sink that writes them");
}

node sql_queries::view_of(const sql::create_view& v) {
  const auto& q = v.as;
  const auto& name = v.called.text;
  const auto& columns = v.columns;
  common_tables scope;
  refuse_order(q);
  define(q, scope);
  if (q.one)
    return stage_of_select(*q.one, name, scope, columns, true);
  if (!columns.empty())
    to_.say(columns.front().at, "the columns of UNION ALL have the names of its branches; expected no list "
                                "of them behind the view's name");
  auto out = to_.stage("transform", "select", q.at);
  add_from(out, rows_of(branches_alone(q), name, scope));
  add_own_options(out);
  return out;
}

void sql_queries::add_own_options(node& stage) const {
  to_.add_options(stage, options_, to_.declared_for(stage));
}

void sql_queries::add_from(node& stage, std::vector<node> from) const {
  auto where = from.front().where;
  add_member(stage, "from", std::move(where), one_or_list(std::move(from)));
}

void sql_queries::add_where(node& stage, const sql::select& s, const table_names& tables) const {
  if (s.where)
    add_member(stage, "where", to_.text.at(s.where->where.begin), to_.expressions.write(*s.where, tables));
}

std::string sql_queries::name_of(const sql::output& o) const {
  auto out = !o.alias.empty() ? o.alias : o.value ? name_of_output(o.value->tree) : std::string();
  if (out.empty())
    to_.say(o.at, "this column has no name; expected AS and one behind it");
  return out;
}

node sql_queries::columns_of(const sql::select& s, const std::vector<sql::name>& names,
                             const table_names& tables) const {
  auto out = to_.text.empty(node::kind::map, s.outputs.empty() ? s.at : s.outputs.front().at);
  if (s.outputs.empty())
    to_.say(s.at, "expected columns, or *, behind SELECT");
  if (!names.empty() &&
      (names.size() != s.outputs.size() || std::ranges::any_of(s.outputs, &sql::output::star)))
    to_.say(
        names.front().at,
        fmt::format("{} names stand behind the view's; expected one for each column of its SELECT, and no *",
                    names.size()));
  for (std::size_t i = 0; i < s.outputs.size(); ++i) {
    const auto& o = s.outputs[i];
    if (o.star) {
      if (!o.star_of.empty() && !tables.contains(o.star_of))
        to_.say(o.at, fmt::format("there is no table \"{}\" in FROM", o.star_of));
      const auto row = o.star_of.empty() ? tables.end() : tables.find(o.star_of);
      const auto star = row == tables.end() || row->second.empty() ? std::string("*") : row->second + ".*";
      if (out.find(star) != nullptr)
        to_.say(o.at, "* stands here a second time");
      else
        add_member(out, star, to_.text.at(o.at), to_.text.flag(true, o.at));
    } else if (o.value) {
      const auto name = i < names.size() ? names[i].text : name_of(o);
      if (out.find(name) != nullptr)
        to_.say(o.at, fmt::format("there is a column \"{}\" already; expected another name behind AS", name));
      else
        add_member(out, name, to_.text.at(o.at), to_.expressions.write(*o.value, tables));
    } else {
      to_.say(o.at, o.rank ? place_of_rank(*o.rank, s) : std::string(place_of_ranks()));
    }
  }
  if (out.members.size() == 1 && out.members.front().name == "*")
    out.members.clear();
  return out;
}

/// Windows as Flink and ksqlDB write them: by functions beside the columns.
bool sql_queries::refuse_windows_of_others(const sql::select& s) const {
  constexpr std::array<std::string_view, 12> functions{
      "tumble",  "hop",           "session",     "tumble_start",   "tumble_end",  "hop_start",
      "hop_end", "session_start", "session_end", "tumble_rowtime", "hop_rowtime", "session_window"};
  bool found = false;
  const auto look = [&](const expression::syntax& tree) {
    if (const auto* const call = find_call(tree, functions)) {
      to_.say(call->offset,
              fmt::format(
                  "{}(...) stands in FROM here, around a table: FROM tumble(clicks, '5 minutes') GROUP BY "
                  "window_start, window_end; its bounds are the columns window_start and window_end",
                  call->text.substr(0, call->text.find('_'))));
      found = true;
    }
  };
  for (const auto& o : s.outputs)
    if (o.value)
      look(o.value->tree);
  for (const auto& g : s.group_by)
    look(g.tree);
  const bool windowed = s.from.size() == 1 && s.from.front().what == sql::relation::kind::windowed;
  const auto is_key = [&](const expression::syntax& column) {
    return std::ranges::any_of(s.group_by,
                               [&](const auto& g) { return same_expression(g.tree, column, {}); });
  };
  for (const auto& o : s.outputs)
    if (o.value && windowed)
      each_column(o.value->tree, [&](const expression::syntax& column) {
        const auto name = column.path.size() == 1 ? folded(column.path.front()) : std::string();
        if ((name != "windowstart" && name != "windowend") || is_key(column))
          return;
        to_.say(column.offset, fmt::format("the bounds of a window are the columns window_start and "
                                           "window_end; expected {} in place of {}",
                                           name == "windowend" ? "window_end" : "window_start", name));
        found = true;
      });
  return found;
}

bool sql_queries::refuse_more(const sql::select& s) const {
  if (s.from.empty()) {
    to_.say(s.at, "expected FROM with a table or view: a constant comes with rows of one");
    return true;
  }
  if (refuse_windows_of_others(s))
    return true;
  if (s.distinct && s.distinct_on.empty()) {
    to_.say(s.at, "DISTINCT would keep all rows for ever; SELECT DISTINCT ON (columns) * of a view WITH (ttl "
                  "= '1 hour') keeps them for a "
                  "time, and GROUP BY with a window gives each once in it");
    return true;
  }
  return false;
}

node sql_queries::stage_of_select(const sql::select& s, const std::string& name, const common_tables& scope,
                                  const std::vector<sql::name>& columns, bool owns) {
  if (refuse_more(s))
    return to_.stage("transform", "select", s.at);
  if (is_combined(s))
    return stage_of_combined(s, name, scope, columns, owns);
  if (!s.distinct_on.empty())
    return dedup_of(s, scope, columns, owns);
  // An unknown function is meant as an aggregate where the view emits groups.
  const auto calls_unknown = [&](const sql::output& o) {
    return o.value && to_.expressions.calls_unknown(o.value->tree);
  };
  if (is_grouped(s) ||
      (owns && find_option(options_, "emit") != nullptr && std::ranges::any_of(s.outputs, calls_unknown)))
    return window_of(s, name, scope, columns, owns);
  const auto rows = rows_of(s.from.front(), scope);
  const bool model = owns && find_option(options_, "model") != nullptr;
  auto out = to_.stage("transform", model ? "model" : "select", s.at);
  add_from(out, rows.from);
  auto made = columns_of(s, columns, rows.tables);
  if (model && (!made.members.empty() || s.where))
    to_.say(s.at, "a view with a model gives all columns and its own; expected SELECT * without WHERE, and a "
                  "view in front of it or behind it "
                  "for the rest");
  add_where(out, s, rows.tables);
  if (!made.members.empty())
    add_member(out, "columns", made.where, made);
  if (owns)
    add_own_options(out);
  return out;
}

bool sql_queries::has_column(const std::vector<node>& stages, const std::string& name) const {
  return std::ranges::any_of(stages, [&](const node& n) {
    const auto at = std::ranges::find(to_.all, n.text, &member::name);
    if (at == to_.all.end())
      return false;
    const auto* const columns =
        at->value.find(at->value.members.front().name == "parser" ? "schema" : "columns");
    return columns != nullptr && columns->value.find(name) != nullptr;
  });
}

bool sql_queries::reads_column(const sql::scalar_expression& e, const std::string& name,
                               const table_names& tables) {
  bool found = false;
  each_column(e.tree,
              [&](const expression::syntax& column) { found = found || column_of(column, tables) == name; });
  return found;
}

node sql_queries::dedup_of(const sql::select& s, const common_tables& scope,
                           const std::vector<sql::name>& columns, bool owns) {
  const auto rows = rows_of(s.from.front(), scope);
  if (const auto& r = s.from.front(); r.what == sql::relation::kind::windowed)
    to_.say(r.at,
            fmt::format("DISTINCT ON keeps the first row of a key for the time that the option ttl says; "
                        "expected the table without {}(...)",
                        r.function));
  auto out = to_.stage("window", "dedup", s.at);
  if (!owns)
    to_.say(
        s.at,
        "DISTINCT ON keeps its rows for a time, which a view of its own says: CREATE VIEW name WITH (ttl = "
        "'1 hour') AS SELECT DISTINCT ON ..., and FROM name here");
  add_from(out, rows.from);
  std::vector<node> key;
  for (const auto& k : s.distinct_on) {
    const auto column = column_of(k.tree, rows.tables);
    // A column that SELECT makes goes before one of the rows, as in ORDER BY.
    const auto made = std::ranges::find_if(s.outputs, [&](const sql::output& o) {
      return o.value && column && o.alias == *column && column_of(o.value->tree, rows.tables) != *column;
    });
    if (made != s.outputs.end())
      to_.say(
          k.where.begin,
          fmt::format("DISTINCT ON takes the \"{}\" that SELECT makes; make it in a view in front", *column));
    if (!column)
      to_.say(k.where.begin, "DISTINCT ON takes columns; make one of this expression in a view in front");
    key.push_back(to_.text.made(column.value_or(""), k.where.begin));
  }
  auto where = key.front().where;
  add_member(out, "key", std::move(where), one_or_list(std::move(key)));
  add_where(out, s, rows.tables);
  auto made = columns_of(s, columns, rows.tables);
  if (!made.members.empty())
    add_member(out, "columns", made.where, made);
  if (!s.group_by.empty() || s.having)
    to_.say(s.at, "DISTINCT ON stands beside GROUP BY; make a view of one of them");
  if (owns)
    add_own_options(out);
  return out;
}

void sql_queries::add_order(const sql::query& q, node& sink) const {
  std::vector<node> items;
  for (const auto& o : q.order_by) {
    // A table's name in front of a column says nothing here: all columns are those of the sink's rows.
    const auto& tree = o.value.tree;
    std::string name;
    if (tree.what == expression::form::column && !tree.path.empty())
      name = folded(tree.path.back());
    else if (tree.what == expression::form::integer && q.one) {
      const auto nth = std::strtoull(tree.text.c_str(), nullptr, 10);
      if (nth >= 1 && nth <= q.one->outputs.size() && !q.one->outputs[nth - 1].star)
        name = name_of(q.one->outputs[nth - 1]);
    }
    const auto other = [&](const sql::output& p) {
      return p.value && p.alias == name &&
             (p.value->tree.what != expression::form::column || p.value->tree.path.empty() ||
              folded(p.value->tree.path.back()) != name);
    };
    if (tree.path.size() > 1 && q.one && std::ranges::any_of(q.one->outputs, other))
      to_.say(o.value.where.begin,
              fmt::format(
                  "\"{0}\" is another column among those that are written; give that one another name, or "
                  "the rows this one",
                  name));
    if (name.ends_with(" desc") || name.ends_with(" asc"))
      to_.say(o.value.where.begin,
              "a column that rows are ordered by has no name with \" desc\" or \" asc\" at its end");
    if (name.empty())
      to_.say(o.value.where.begin, "ORDER BY takes columns that the SELECT gives; expected the name of one");
    if (o.nulls_first != o.descending)
      to_.say(o.value.where.begin, "nulls come last, with DESC first; leave NULLS FIRST and NULLS LAST out");
    items.push_back(to_.text.made(name + (o.descending ? " desc" : ""), o.value.where.begin));
  }
  if (!items.empty())
    add_member(sink, "order_by", to_.text.at(q.order_at), one_or_list(std::move(items)));
  if (q.limit)
    add_member(sink, "limit", to_.text.at(q.limit_at), to_.text.number(std::to_string(*q.limit), q.limit_at));
}

void sql_queries::fill_sink(const sql::query& q, node& sink) {
  const auto before = to_.out.errors();
  if (const auto top = first_rows(q)) {
    fill_sink(top->rows, sink);
    return add_groups(q, *top, sink);
  }
  if (to_.out.errors() != before)
    return add_from(sink, {to_.text.made(owner_, q.at)});
  common_tables scope;
  define(q, scope);
  if (!q.one) {
    add_from(sink, rows_of(branches_alone(q), owner_ + "-rows", scope));
    return add_order(q, sink);
  }
  const auto& s = *q.one;
  if (refuse_more(s))
    return add_from(sink, {to_.text.made(owner_, s.at)});
  if (is_order_of_duplicates(q) && q.order_by.size() > s.distinct_on.size()) {
    to_.say(q.order_at, order_of_duplicates(q));
    return add_from(sink, {to_.text.made(owner_, s.at)});
  }
  if (is_combined(s) || is_grouped(s) || !s.distinct_on.empty()) {
    const auto name = owner_ + "-rows";
    to_.add(name, s.at, stage_of_select(s, name, scope, {}, false));
    add_from(sink, {to_.text.made(name, s.at)});
    return add_order(q, sink);
  }
  const auto rows = rows_of(s.from.front(), scope);
  add_from(sink, rows.from);
  add_where(sink, s, rows.tables);
  auto made = columns_of(s, {}, rows.tables);
  if (!made.members.empty())
    add_member(sink, "columns", made.where, made);
  add_order(q, sink);
}

void add_view(const sql::create_view& v, sql_stages& to) {
  sql_queries queries(to, v.called.text, v.called.at, v.options);
  auto stage = queries.view_of(v);
  queries.warn_of_unread();
  to.add(v.called.text, v.called.at, std::move(stage));
}

void add_sink(const sql::create_table& t, sql_stages& to) {
  const auto* const connector = find_option(t.options, "connector");
  if (connector == nullptr)
    return to.say(
        t.called.at,
        fmt::format(
            "nothing says where the rows of \"{}\" go; expected WITH (connector = 'kafka', ...), or CREATE "
            "VIEW for rows that other stages read",
            t.called.text));
  auto stage = to.stage("sink", to.text.value_of(*connector, nullptr, to.out), t.called.at);
  sql_queries queries(to, t.called.text, t.called.at, t.options);
  queries.fill_sink(*t.as, stage);
  queries.warn_of_unread();
  auto options = t.options;
  std::erase_if(options, [](const sql::option& o) { return o.space.empty() && o.key.text == "connector"; });
  to.add_options(stage, options, to.declared_for(stage));
  const auto* const from = stage.find("from");
  if (from == nullptr || !from->value.is_text() || from->value.text != "dead_letters")
    return to.add(t.called.text, t.called.at, std::move(stage));
  if (!to.dead_letters.empty())
    return to.say(t.called.at, "a topology has one sink for dead letters, and there is one already");
  std::erase_if(stage.members, [](const member& m) { return m.name == "from"; });
  to.dead_letters.push_back({"dead_letters", to.text.at(t.called.at), std::move(stage)});
}

}  // namespace millrace::config
