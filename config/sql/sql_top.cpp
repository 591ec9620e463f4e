// The first rows of each window: row_number() in a subquery, and a bound on it around it.
#include "config/sql/sql_queries.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace millrace::config {
namespace {

using expression::form;
using expression::syntax;

constexpr std::string_view where_it_stands = "the first rows of a window are taken by the sink that writes "
                                             "them; expected CREATE TABLE ... AS SELECT * FROM "
                                             "(SELECT *, row_number() OVER (PARTITION BY window_start, "
                                             "window_end ORDER BY n DESC) AS rank FROM view) t "
                                             "WHERE rank <= 10";

std::optional<std::int64_t> whole_number(const syntax& s) {
  std::int64_t out = 0;
  const auto* const end = s.text.data() + s.text.size();
  if (s.what != form::integer || std::from_chars(s.text.data(), end, out).ptr != end)
    return std::nullopt;
  return out;
}

/// The n of rank <= n, rank < n + 1, rank = 1, and the same the other way round.
std::optional<std::int64_t> bound_on(const syntax& s, const std::string& rank, const table_names& tables) {
  if (s.what != form::call || s.args.size() != 2)
    return std::nullopt;
  const bool turned = column_of(s.args[1], tables) == rank;
  if (!turned && column_of(s.args[0], tables) != rank)
    return std::nullopt;
  const auto n = whole_number(s.args[turned ? 0 : 1]);
  if (!n)
    return std::nullopt;
  if (s.text == (turned ? ">=" : "<="))
    return n;
  if (s.text == (turned ? ">" : "<"))
    return *n - 1;
  return s.text == "=" && *n == 1 ? n : std::nullopt;
}

/// The names of the columns; nothing where one is an expression, or a bound of windows.
std::optional<std::string> keys_of(const sql::ranking& r) {
  std::string out;
  for (const auto& p : r.partition) {
    if (p.tree.what != form::column || p.tree.path.empty())
      return std::nullopt;
    const auto name = folded(p.tree.path.back());
    if (name == "window_start" || name == "window_end")
      return std::nullopt;
    out += (out.empty() ? "" : ", ") + expression::quoted_identifier(name);
  }
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

bool is_column(const sql::output& o, const std::string& name, const table_names& tables) {
  return o.value && column_of(o.value->tree, tables) == name;
}

}  // namespace

std::string place_of_rank(const sql::ranking& rank, const sql::select& s) {
  const auto keys = keys_of(rank);
  if (!keys)
    return std::string(where_it_stands);
  const bool named = s.from.size() == 1 && s.from.front().what == sql::relation::kind::named;
  const auto table =
      named ? expression::quoted_identifier(s.from.front().path.back().text) : std::string("t");
  if (!rank.order.empty() && rank.order.front().descending)
    return fmt::format("the last row of each key is not offered, since another may always follow; "
                       "last(column) of a window gives it: SELECT {0}, last(column) AS name FROM tumble({1}, "
                       "'5 minutes') GROUP BY window_start, window_end, {0}",
                       *keys, table);
  return fmt::format(
      "the first row of each key is SELECT DISTINCT ON ({0}) * FROM {1}, of a view WITH (ttl = "
      "'1 hour'); the first rows of a window have PARTITION BY window_start, window_end, in the "
      "sink that writes them",
      *keys, table);
}

std::string_view place_of_ranks() { return where_it_stands; }

std::optional<sql_queries::ranked_rows> sql_queries::first_rows(const sql::query& q) {
  if (!q.one || q.one->from.size() != 1 || q.one->from.front().what != sql::relation::kind::subquery)
    return std::nullopt;
  const auto& inner = *q.one->from.front().sub;
  const auto is_rank = [](const sql::output& o) { return o.rank.has_value(); };
  if (!inner.one || std::ranges::none_of(inner.one->outputs, is_rank))
    return std::nullopt;
  const auto& ranked = *std::ranges::find_if(inner.one->outputs, is_rank);
  const auto rank = ranked.alias.empty() ? std::string("row_number") : ranked.alias;
  const table_names tables{{q.one->from.front().alias, ""}};
  const auto limit = q.one->where ? bound_on(q.one->where->tree, rank, tables) : std::nullopt;
  const auto wrong = [&](std::size_t at, std::string message) {
    to_.say(at, std::move(message));
    return std::nullopt;
  };
  if (!limit || *limit < 1)
    return wrong(
        q.one->where ? q.one->where->where.begin : ranked.at,
        fmt::format("expected WHERE {0} <= and a number from 1 around it, and no more conditions: others "
                    "stand in the subquery",
                    rank));
  if (std::ranges::count_if(inner.one->outputs, is_rank) > 1 || !inner.order_by.empty() || inner.limit ||
      !q.one->group_by.empty() || q.one->having || q.one->distinct)
    return wrong(ranked.at, std::string(where_it_stands));
  ranked_rows made{q, {}, rank_of(q.one->outputs, rank, tables)};
  auto& out = made.rows;
  auto& from = out.one->from.front();
  from.sub = std::make_shared<sql::query>(inner);
  std::erase_if(from.sub->one->outputs, is_rank);
  std::erase_if(out.one->outputs, [&](const sql::output& o) { return is_column(o, rank, tables); });
  if (from.sub->one->outputs.empty() || out.one->outputs.empty())
    return wrong(ranked.at, "expected columns, or *, beside row_number()");
  const bool by_rank = q.order_by.size() == 1 && !q.order_by.front().descending &&
                       column_of(q.order_by.front().value.tree, tables) == rank;
  if ((!q.order_by.empty() && !by_rank) || q.limit)
    return wrong(q.order_by.empty() ? q.limit_at : q.order_at,
                 fmt::format("rows come in the order of \"{}\"; leave ORDER BY and LIMIT out here", rank));
  // The sink orders and groups what it writes: the columns must be those that OVER reads, by their names.
  const auto is_other = [&](const std::vector<sql::output>& outputs, const std::string& name) {
    bool there = std::ranges::any_of(outputs, &sql::output::star);
    for (const auto& p : outputs) {
      const auto column = p.value ? column_of(p.value->tree, tables) : std::nullopt;
      const bool called = p.value && (p.alias.empty() ? column == name : p.alias == name);
      if (called && column != name)
        return true;
      there = there || called;
    }
    return !there;
  };
  const auto is_written = [&](const std::string& name) {
    return !is_other(from.sub->one->outputs, name) && !is_other(out.one->outputs, name);
  };
  for (const auto& o : ranked.rank->order)
    if (const auto name = column_of(o.value.tree, {}); name && !is_written(*name))
      return wrong(
          ranked.at,
          fmt::format("the sink orders the rows that it writes; expected \"{}\" among them as it is", *name));
  for (const auto& p : ranked.rank->partition)
    if (const auto name = column_of(p.tree, {}); name && is_written(*name))
      made.written_keys.insert(*name);
  out.one->where.reset();
  out.order_by = ranked.rank->order;
  out.order_at = ranked.at;
  out.limit = limit;
  out.limit_at = q.one->where->where.begin;
  return made;
}

std::optional<sql_queries::written_rank> sql_queries::rank_of(const std::vector<sql::output>& outputs,
                                                              const std::string& rank,
                                                              const table_names& tables) const {
  std::optional<written_rank> out;
  const auto add = [&](std::string name, const sql::output& o, bool is_last) {
    if (out)
      return to_.say(o.at, fmt::format("\"{}\" is written once; leave it out here", rank));
    out = written_rank{std::move(name), o.at};
    if (!is_last)
      to_.warn(o.at, fmt::format("\"{}\" is written behind the other columns", out->name));
  };
  for (const auto& o : outputs) {
    const bool is_last = &o == &outputs.back();
    if (o.star)
      add(rank, o, is_last);
    else if (is_column(o, rank, tables))
      add(o.alias.empty() ? rank : o.alias, o, is_last);
    else if (o.value)
      each_column(o.value->tree, [&](const syntax& c) {
        if (column_of(c, tables) == rank)
          to_.say(o.at,
                  fmt::format("a sink writes the place of a row as it is; expected \"{}\" alone", rank));
      });
  }
  return out;
}

void sql_queries::add_groups(const sql::query& q, const ranked_rows& top, node& sink) const {
  const auto& outputs = q.one->from.front().sub->one->outputs;
  const auto ranked = std::ranges::find_if(outputs, [](const sql::output& o) { return o.rank.has_value(); });
  const auto* const from = sink.find("from");
  if (from == nullptr)
    return;
  const auto names =
      from->value.what == node::kind::list ? from->value.items : std::vector<node>{from->value};
  const auto times = to_.times.of(names, to_.all);
  bool end = false;
  bool start = false;
  std::vector<node> groups;
  for (const auto& p : ranked->rank->partition) {
    const auto column = column_of(p.tree, {});
    const bool is_end = column == "window_end" || std::ranges::any_of(times, [&](const timed_value& v) {
                          return column && v.later == micros(1) && column_of(v.value, {}) == column;
                        });
    const bool is_start =
        column == "window_start" || (column && std::ranges::all_of(names, [&](const node& n) {
                                       return is_window_start(n.text, *column);
                                     }));
    end = end || is_end;
    start = start || is_start;
    if (is_end || is_start)
      continue;
    if (column && top.written_keys.contains(*column))
      groups.push_back(to_.text.made(*column, p.where.begin));
    else
      to_.say(p.where.begin,
              column ? fmt::format("the sink takes the first rows of each group among those that it writes; "
                                   "expected \"{}\" among them as it is",
                                   *column)
                     : std::string(
                           "expected a column, by its name; an expression stands in the subquery's FROM"));
  }
  if (!end && !start)
    to_.say(
        ranked->at,
        groups.empty() ? std::string("a stream has no end; expected PARTITION BY window_start, "
                                     "window_end, so that each window has its first rows")
        : std::ranges::all_of(names, [&](const node& n) { return window_of(n.text, {}).stage != nullptr; })
            ? std::string("each window has first rows of its own; name window_end in PARTITION BY, beside "
                          "the other columns")
            : place_of_rank(*ranked->rank, *q.one->from.front().sub->one));
  else if (start && is_of_sessions(names.front().text))
    to_.say(ranked->at,
            "sessions that end at one time are written together; expected PARTITION BY window_end alone, or "
            "with columns beside it");
  if (!groups.empty())
    add_member(sink, "limit_by", to_.text.at(ranked->at), one_or_list(std::move(groups)));
  if (top.rank)
    add_member(sink, "rank", to_.text.at(top.rank->at), to_.text.made(top.rank->name, top.rank->at));
}

sql_queries::window_column sql_queries::window_of(const std::string& stage, std::string column) const {
  auto name = stage;
  for (std::size_t i = 0; i <= to_.all.size(); ++i) {
    const auto at = std::ranges::find(to_.all, name, &member::name);
    if (at == to_.all.end())
      return {};
    const auto& kind = at->value.members.front();
    const bool is_transform = kind.name == "transform";
    if (!is_transform && kind.name != "join" && kind.name != "window")
      return {};
    const auto* const columns = at->value.find("columns");
    if (const auto* const given =
            columns == nullptr || !columns->value.is_map() ? nullptr : columns->value.find(column);
        given != nullptr) {
      const auto read =
          expression::parse(given->value.is_text() ? given->value.text : std::string(), nullptr);
      column = read ? column_of(*read, {}).value_or(std::string()) : std::string();
    }
    if (!is_transform)
      return kind.value.text == "global" || kind.value.text == "dedup" ||
                     (kind.name == "join" && kind.value.text != "window")
                 ? window_column{}
                 : window_column{&at->value, std::move(column)};
    const auto* const from = at->value.find("from");
    if (from == nullptr || !from->value.is_text())
      return {};
    name = from->value.text;
  }
  return {};
}

bool sql_queries::is_window_start(const std::string& stage, const std::string& column) const {
  return window_of(stage, column).column == "window_start";
}

bool sql_queries::is_of_sessions(const std::string& stage) const {
  const auto* const window = window_of(stage, {}).stage;
  return window != nullptr && window->members.front().name == "window" &&
         window->members.front().value.text == "session";
}

}  // namespace millrace::config
