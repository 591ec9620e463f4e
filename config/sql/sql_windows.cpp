// GROUP BY: windows.
#include "config/sql/sql_queries.hpp"
#include "runtime/expression/bind/aggregate_names.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace millrace::config {
namespace {

constexpr std::string_view start_column = "window_start";
constexpr std::string_view end_column = "window_end";

/// A function of FROM: the window it makes, and its arguments in their order.
struct window_function {
  std::string_view name;
  std::string_view type;
  std::array<std::string_view, 3> by_position;
  std::array<std::string_view, 4> by_name;
};
constexpr std::array<window_function, 3> window_functions{
    {{"tumble", "tumbling", {"size", "offset", ""}, {"size", "offset", "zone", ""}},
     {"hop", "sliding", {"slide", "size", "offset"}, {"slide", "size", "offset", "zone"}},
     {"session", "session", {"gap", "", ""}, {"gap", "", "", ""}}}};

const window_function* find_function(std::string_view name) {
  const auto at = std::ranges::find(window_functions, name, &window_function::name);
  return at == window_functions.end() ? nullptr : &*at;
}

/// Adds the columns that aggregates in it read.
void columns_in_aggregates(const expression::syntax& s, bool inside, const table_names& tables,
                           std::vector<std::string>& out) {
  inside = inside || (s.what == expression::form::call && expression::is_aggregate(s.text));
  if (auto name = inside ? column_of(s, tables) : std::nullopt)
    out.push_back(*std::move(name));
  for (const auto& a : s.args)
    columns_in_aggregates(a, inside, tables, out);
  for (const auto& f : s.filter)
    columns_in_aggregates(f, inside, tables, out);
  for (const auto& o : s.order)
    columns_in_aggregates(o.value, inside, tables, out);
}

}  // namespace

struct sql_queries::group_key {
  std::string column;                               // of the window's input
  const sql::scalar_expression* value = nullptr;    // null: the input has the column; else what gives it
  const sql::scalar_expression* written = nullptr;  // in GROUP BY or SELECT
};

struct sql_queries::grouping {
  std::vector<group_key> keys;
  bool start = false;
  bool end = false;
};

/// Reads the items of GROUP BY, which may be columns, expressions, names of items of SELECT, or their numbers.
class sql_queries::group_reader {
public:
  /// `from`: the stages whose rows are grouped.
  group_reader(const sql_queries& q, const sql::select& s, const table_names& tables,
               const std::vector<node>& from)
      : q_(q), s_(s), tables_(tables), from_(from),
        windowed_(s.from.front().what == sql::relation::kind::windowed) {}

  grouping run() {
    note_read();
    for (const auto& item : s_.group_by)
      if (const auto meant = meant_by(item))
        add(*meant);
    return std::move(out_);
  }

private:
  /// An item groups by this value, and names this item of SELECT; null: it names none.
  struct meaning {
    const sql::scalar_expression* value;
    const sql::output* shown;
  };

  /// A column that an aggregate reads, or that is a key itself, must stay what it is.
  void note_read() {
    for (const auto& o : s_.outputs)
      if (o.value)
        columns_in_aggregates(o.value->tree, false, tables_, read_);
    if (s_.having)
      columns_in_aggregates(s_.having->tree, false, tables_, read_);
    for (const auto& item : s_.group_by)
      if (auto name = column_of(item.tree, tables_);
          name && (item.tree.path.size() > 1 || output_called(*name) == nullptr))
        read_.push_back(*std::move(name));
  }

  /// A column of the rows goes before one that SELECT makes, as in PostgreSQL.
  [[nodiscard]] const sql::output* output_called(const std::string& name) const {
    if (q_.has_column(from_, name))
      return nullptr;
    for (const auto& o : s_.outputs)
      if (o.value && o.alias == name && !has_aggregate(o.value->tree) &&
          !reads_column(*o.value, name, tables_))
        return &o;
    return nullptr;
  }

  [[nodiscard]] const sql::output* output_like(const expression::syntax& tree) const {
    for (const auto& o : s_.outputs)
      if (o.value && same_expression(o.value->tree, tree, tables_))
        return &o;
    return nullptr;
  }

  [[nodiscard]] const sql::output* output_numbered(const sql::scalar_expression& item) const {
    const auto nth = std::strtoull(item.tree.text.c_str(), nullptr, 10);
    if (nth >= 1 && nth <= s_.outputs.size() && s_.outputs[nth - 1].value)
      return &s_.outputs[nth - 1];
    q_.to_.say(item.where.begin, fmt::format("GROUP BY {} names no column of the SELECT, which has {}",
                                             item.tree.text, s_.outputs.size()));
    return nullptr;
  }

  /// The meaning of an item of GROUP BY; nothing, and a finding, where it can be no key.
  [[nodiscard]] std::optional<meaning> meant_by(const sql::scalar_expression& item) const {
    const sql::output* shown = nullptr;
    if (item.tree.what == expression::form::integer)
      shown = output_numbered(item);
    else if (const auto name = column_of(item.tree, tables_); !name)
      shown = output_like(item.tree);
    else if (item.tree.path.size() == 1)
      shown = output_called(*name);
    const auto* const value = shown != nullptr ? &*shown->value : &item;
    if (!has_aggregate(value->tree))
      return meaning{value, shown};
    q_.to_.say(item.where.begin,
               "an aggregate is what groups give; expected columns and expressions of the rows in GROUP BY");
    return std::nullopt;
  }

  void add(const meaning& m) {
    const auto name = column_of(m.value->tree, tables_);
    // The rows of a table or view may have columns of these names themselves.
    if (windowed_ && name == start_column)
      out_.start = true;
    else if (windowed_ && name == end_column)
      out_.end = true;
    else if (name)
      out_.keys.push_back({*name, nullptr, m.value});
    else
      out_.keys.push_back({name_for(m), m.value, m.value});
  }

  [[nodiscard]] std::string name_for(const meaning& m) const {
    auto out = m.shown != nullptr && !m.shown->alias.empty() ? m.shown->alias : name_of_output(m.value->tree);
    if (out.empty())
      out = fmt::format("key{}", out_.keys.size() + 1);
    while (std::ranges::find(read_, out) != read_.end() ||
           std::ranges::find(out_.keys, out, &group_key::column) != out_.keys.end())
      out += "_key";
    return out;
  }

  const sql_queries& q_;
  const sql::select& s_;
  const table_names& tables_;
  const std::vector<node>& from_;
  bool windowed_;
  std::vector<std::string> read_;
  grouping out_;
};

void sql_queries::add_times(node& window, const sql::relation& r) const {
  const auto* const f = find_function(r.function);
  if (f == nullptr)
    return;
  if (r.value)
    to_.say(
        r.value->tree.offset,
        fmt::format(
            "the event time is that of the table (its option event_time); leave the column out of {}(...)",
            r.function));
  std::size_t position = 0;
  for (const auto& a : r.arguments) {
    const auto name = a.name.empty() && position < f->by_position.size() ? f->by_position[position++]
                                                                         : std::string_view(a.name);
    if (name.empty() || std::ranges::find(f->by_name, name) == f->by_name.end()) {
      to_.say(a.where.begin, fmt::format("{}(...) takes {}", r.function,
                                         f->type == "tumbling" ? "the size, and \"offset\" => and zone =>"
                                         : f->type == "sliding"
                                             ? "the slide and then the size, and \"offset\" => and zone =>"
                                             : "the gap"));
      continue;
    }
    sql::option o;
    o.what = a.is_text ? sql::option::kind::text : sql::option::kind::number;
    o.value = a.value;
    o.value_at = a.where;
    o.key.at = a.where.begin;
    if (window.find(name) != nullptr)
      to_.say(a.where.begin, fmt::format("\"{}\" of {}(...) is given a second time", name, r.function));
    else
      add_member(window, std::string(name), to_.text.at(a.where.begin),
                 to_.text.value_of(o, nullptr, to_.out));
  }
}

/// Keys that are no columns become some in a stage in front, from which the window reads then.
bool sql_queries::add_key_columns(const sql::select& s, const std::string& name, const grouping& groups,
                                  rows_in_from& rows) {
  if (std::ranges::none_of(groups.keys, [](const group_key& k) { return k.value != nullptr; }))
    return false;
  auto input = to_.stage("transform", "select", s.at);
  add_from(input, std::move(rows.from));
  add_where(input, s, rows.tables);
  auto given = to_.text.empty(node::kind::map, s.at);
  add_member(given, "*", to_.text.at(s.at), to_.text.flag(true, s.at));
  for (const auto& k : groups.keys)
    if (k.value != nullptr)
      add_member(given, k.column, to_.text.at(k.value->where.begin),
                 to_.expressions.write(*k.value, rows.tables));
  add_member(input, "columns", to_.text.at(s.at), std::move(given));
  to_.add(name + "-input", s.at, std::move(input));
  rows.from.clear();
  rows.from.push_back(to_.text.made(name + "-input", s.at));
  return true;
}

/// The aggregates, HAVING, and `columns` where these are not what a window gives without more words.
void sql_queries::add_group_columns(node& out, const sql::select& s, const grouping& groups,
                                    const table_names& tables, const std::vector<sql::name>& columns) const {
  auto aggregates = to_.text.empty(node::kind::map, s.at);
  auto shown = to_.text.empty(node::kind::map, s.at);
  if (!columns.empty() && columns.size() != s.outputs.size())
    to_.say(
        columns.front().at,
        fmt::format("{} names stand behind the view's; expected one for each of the {} columns of its SELECT",
                    columns.size(), s.outputs.size()));
  bool as_given = true;  // each column shows what it is called
  const auto& expressions = to_.expressions;
  // A function that there is none of, over columns of the rows, is meant as an aggregate.
  const auto reads_no_key = [&](const sql::scalar_expression& e) {
    bool found = false;
    each_column(e.tree, [&](const expression::syntax& column) {
      const auto name = column_of(column, tables);
      found =
          found || (name && std::ranges::find(groups.keys, *name, &group_key::column) == groups.keys.end());
    });
    return found;
  };
  for (std::size_t i = 0; i < s.outputs.size(); ++i) {
    const auto& o = s.outputs[i];
    if (!o.value) {
      to_.say(o.at, o.star
                        ? std::string(
                              "expected the keys, aggregates, window_start and window_end by their names: a "
                              "group has many rows")
                        : std::string(place_of_ranks()));
      continue;
    }
    const auto called = i < columns.size() ? columns[i].text : name_of(o);
    if (shown.find(called) != nullptr) {
      to_.say(o.at, fmt::format("there is a column \"{}\" already; expected another name behind AS", called));
      continue;
    }
    const auto where = to_.text.at(o.at);
    if (has_aggregate(o.value->tree) ||
        (reads_no_key(*o.value) && expressions.calls_unknown(o.value->tree))) {
      add_member(aggregates, called, where, to_.expressions.write(*o.value, tables));
      add_member(shown, called, where, to_.text.made(expression::quoted_identifier(called), o.at));
      continue;
    }
    const auto key = std::ranges::find_if(groups.keys, [&](const group_key& k) {
      return same_expression(k.written->tree, o.value->tree, tables) ||
             (k.value != nullptr && same_expression(k.value->tree, o.value->tree, tables));
    });
    const auto column = column_of(o.value->tree, tables);
    if (key != groups.keys.end()) {
      as_given = as_given && key->column == called;
      add_member(shown, called, where, to_.text.made(expression::quoted_identifier(key->column), o.at));
      continue;
    }
    if (column && *column != start_column && *column != end_column)
      to_.say(
          o.at,
          fmt::format("\"{}\" is not a key; expected it in GROUP BY, or an aggregate of it such as last({})",
                      *column, *column));
    as_given = as_given && column == called;
    add_member(shown, called, where, to_.expressions.write(*o.value, tables));
  }
  if (!aggregates.members.empty())
    add_member(out, "aggregates", aggregates.where, aggregates);
  if (s.having)
    add_member(out, "having", to_.text.at(s.having->where.begin), to_.expressions.write(*s.having, tables));
  // The keys, the aggregates, the bounds, which are null where there is no window: what it gives without more words.
  std::vector<std::string> usual;
  for (const auto& k : groups.keys)
    usual.push_back(k.column);
  for (const auto& a : aggregates.members)
    usual.push_back(a.name);
  usual.emplace_back(start_column);
  usual.emplace_back(end_column);
  if (!as_given || !std::ranges::equal(shown.members, usual, {}, &member::name))
    add_member(out, "columns", shown.where, shown);
}

node sql_queries::window_of(const sql::select& s, const std::string& name, const common_tables& scope,
                            const std::vector<sql::name>& columns, bool owns) {
  const auto& r = s.from.front();
  const bool windowed = r.what == sql::relation::kind::windowed;
  const auto* const function = windowed ? find_function(r.function) : nullptr;
  if (windowed && function == nullptr)
    to_.say(r.at,
            fmt::format("there is no function {} in FROM; expected tumble, hop, session, or as_of in a JOIN",
                        r.function));
  auto rows = rows_of(r, scope);
  auto groups = group_reader(*this, s, rows.tables, rows.from).run();
  if (windowed && !groups.start && !groups.end)
    to_.say(r.at, "the rows of a window are given by GROUP BY window_start, window_end and the keys");
  const auto* const emit = owns ? find_option(options_, "emit") : nullptr;
  if (!windowed && emit == nullptr)
    to_.say(s.group_by.empty() ? s.at : s.group_by.front().where.begin,
            "without a window these groups end with the input; CREATE VIEW ... WITH (emit = 'updates', every "
            "= '10 s') gives those that have "
            "changed, FROM tumble(table, '5 minutes') a row for each window, and emit = 'final' waits for "
            "the end");

  const bool computed = add_key_columns(s, name, groups, rows);
  auto out = to_.stage("window", std::string(function != nullptr ? function->type : "global"), r.at);
  add_times(out, r);
  add_from(out, std::move(rows.from));
  if (!groups.keys.empty()) {
    std::vector<node> key;
    for (const auto& k : groups.keys)
      key.push_back(to_.text.made(k.column, k.written->where.begin));
    auto where = key.front().where;
    add_member(out, "key", std::move(where), one_or_list(std::move(key)));
  }
  if (!computed)
    add_where(out, s, rows.tables);

  add_group_columns(out, s, groups, rows.tables, columns);
  if (owns)
    add_own_options(out);
  return out;
}

}  // namespace millrace::config
