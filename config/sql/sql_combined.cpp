// The stages of a query over a join or over the elements of a list: what its columns mean there, and what stands behind it.
#include "config/sql/sql_combined.hpp"

#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace millrace::config {
namespace {

/// The unnest(...) that stands behind another one in FROM; null: there is none.
const sql::relation* second_unnest(const sql::select& s) {
  std::vector<const sql::relation*> lists;
  std::vector<const sql::relation*> open;
  for (auto r = s.from.rbegin(); r != s.from.rend(); ++r)
    open.push_back(&*r);
  while (!open.empty() && lists.size() < 2) {
    const auto& r = *open.back();
    open.pop_back();
    if (r.what == sql::relation::kind::unnested)
      lists.push_back(&r);
    for (const auto* const side : {r.right.get(), r.left.get()})
      if (r.what == sql::relation::kind::joined && side != nullptr)
        open.push_back(side);
  }
  return lists.size() < 2 ? nullptr : lists.back();
}

}  // namespace

void each_expression(const sql::select& s, const std::function<void(const sql::scalar_expression&)>& with) {
  for (const auto& o : s.outputs)
    if (o.value)
      with(*o.value);
  if (s.where)
    with(*s.where);
  for (const auto& g : s.group_by) {
    const auto name = column_of(g.tree, {});
    if (!name || std::ranges::none_of(s.outputs, [&](const sql::output& o) { return o.alias == *name; }))
      with(g);
  }
  if (s.having)
    with(*s.having);
  for (const auto& d : s.distinct_on)
    with(d);
}

std::string member_of(std::string_view row, std::string_view column) {
  return fmt::format("{}.{}", row, expression::quoted_label(column));
}

table_names names_in_front(const table_names& resolved) {
  table_names out;
  for (const auto& [table, what] : resolved)
    if (table.find('.') == std::string::npos)
      out.emplace(table, "");
  return out;
}

std::string key_of(const expression::syntax& column, const table_names& tables) {
  const auto first = folded(column.path.front());
  return column.path.size() > 1 && tables.contains(first) ? first + "." + folded(column.path[1])
                                                          : "." + first;
}

std::string sql_queries::text_of_column(const std::string& key, const combined& c) {
  if (const auto known = c.tables.find(key); known != c.tables.end())
    return known->second;
  const auto row = c.tables.find(key.substr(0, key.find('.')));
  return row == c.tables.end() || row->second.empty() ? expression::quoted_identifier(column_in(key))
                                                      : member_of(row->second, column_in(key));
}

void sql_queries::resolve_one(const expression::syntax& column, combined& c) const {
  const auto key = key_of(column, c.tables);
  const std::string name(column_in(key));
  const bool alone = key.front() == '.';
  if (!c.list.empty()) {
    const auto of_element = [&](const std::string& member) {
      c.tables.insert_or_assign(
          key, fmt::format("(unnest({})).{}", c.list, expression::quoted_identifier(member)));
    };
    const bool listed = std::ranges::find(c.members, name) != c.members.end();
    const bool is_value = !c.value.empty() && name == c.value;
    if ((alone && (name == c.element || is_value)) || (is_value && key == c.element + "." + name))
      c.tables.insert_or_assign(key, fmt::format("unnest({})", c.list));
    else if (alone && listed)
      of_element(name);
    else if (!alone && key.starts_with(c.element + ".") && (listed || c.members.empty()))
      of_element(name);
    else if (!alone && key.starts_with(c.element + "."))
      to_.say(column.offset, fmt::format("the elements have no member \"{}\" here; AS {} (...) names their "
                                         "members",
                                         name, c.element));
    return;
  }
  if (alone && c.anti) {
    c.tables.insert_or_assign(key, member_of("l", name));
  } else if (alone && !c.alone.contains(name) && !is_bound(name)) {
    std::string shown;
    for (const auto& table : c.names)
      shown += fmt::format("{}{}.{}", shown.empty() ? "" : " or ", table, name);
    to_.say(column.offset, fmt::format("expected the name of its table in front of \"{}\": {}", name, shown));
  } else if (!alone && c.window != nullptr && is_bound(name)) {
    const auto table = key.substr(0, key.find('.'));
    const auto front = c.whole.find(table);
    if ((c.tables.find(table)->second == "l" ? c.left_whole : c.right_whole) &&
        (front == c.whole.end() || front->second))
      c.tables.insert_or_assign(key, name);
    else
      to_.say(column.offset,
              fmt::format("rows without a partner have no {0} of that side; expected {0} alone, "
                          "and USING (window_start, window_end, ...)",
                          name));
  }
}

void sql_queries::resolve(const sql::select& s, combined& c) const {
  const auto seen = [&](const expression::syntax& column) {
    if (!column.path.empty())
      resolve_one(column, c);
  };
  each_expression(s, [&](const sql::scalar_expression& e) { each_column(e.tree, seen); });
  if (s.where && !c.list.empty())
    each_column(s.where->tree, [&](const expression::syntax& column) {
      c.reads_element = c.reads_element || c.tables.contains(key_of(column, c.tables));
    });
}

void sql_queries::name_keys_of_both(const sql::select& s, const std::vector<sql::name>& names,
                                    const combined& c, node& columns) const {
  for (std::size_t i = 0; c.window != nullptr && i < s.outputs.size(); ++i) {
    const auto& o = s.outputs[i];
    if (!o.value || o.value->tree.what != expression::form::coalesce || o.value->tree.args.size() != 2)
      continue;
    const auto& args = o.value->tree.args;
    const auto is = [&](const expression::syntax& a, std::size_t side, const std::string& column) {
      return a.what == expression::form::column && a.path.size() == 2 &&
             folded(a.path[0]) == c.called[side] && folded(a.path[1]) == column;
    };
    for (const auto& k : c.keys)
      if ((is(args[0], 0, k.left) && is(args[1], 1, k.right)) ||
          (is(args[0], 1, k.right) && is(args[1], 0, k.left)))
        if (auto* const made = columns.find(i < names.size() ? names[i].text : name_of(o)); made != nullptr)
          made->value = to_.text.made(expression::quoted_identifier(k.left), o.at);
  }
}

node sql_queries::columns_of(const sql::select& s, const std::vector<sql::name>& names,
                             const combined& c) const {
  if (c.in_front)
    return columns_of_joins(s, names, c);
  if (c.window == nullptr && c.list.empty())
    return columns_of(s, names, c.tables);
  auto plain = s;
  if (!c.list.empty())
    std::erase_if(plain.outputs, [&](const sql::output& o) { return o.star && o.star_of == c.element; });
  const bool cleared = plain.outputs.size() == 1 && plain.outputs.front().star;
  auto out =
      plain.outputs.empty() ? to_.text.empty(node::kind::map, s.at) : columns_of(plain, names, c.tables);
  name_keys_of_both(s, names, c, out);
  if (cleared && out.members.empty())
    add_member(out, "*", to_.text.at(s.at), to_.text.flag(true, s.at));
  // A side of windows has their bounds among its columns, and elements with listed members have these.
  for (const auto& o : s.outputs) {
    if (!o.star)
      continue;
    const auto more = [&](const std::string& name, std::string text) {
      if (out.find(name) == nullptr)
        add_member(out, name, to_.text.at(o.at), to_.text.made(std::move(text), o.at));
    };
    if (c.window != nullptr && !o.star_of.empty() &&
        (o.star_of == c.called[0] ? c.left_whole : c.right_whole)) {
      more("window_start", "window_start");
      more("window_end", "window_end");
    }
    if (c.list.empty() || (!o.star_of.empty() && o.star_of != c.element))
      continue;
    if (c.members.empty())
      to_.say(o.at,
              fmt::format("the members of these elements are not known here; expected their names behind "
                          "AS {} (...), or columns in SELECT",
                          c.element));
    for (const auto& m : c.members)
      more(m, fmt::format("(unnest({})).{}", c.list, expression::quoted_identifier(m)));
  }
  if (c.window != nullptr && out.members.size() == 1 && out.members.front().name == "*")
    out.members.clear();
  if (!c.list.empty() && std::ranges::none_of(out.members, [](const member& m) {
        return m.value.text.find("unnest(") != std::string::npos;
      }))
    to_.say(s.at,
            fmt::format("nothing of the elements is in SELECT, and the rows are one for each; expected a "
                        "member of \"{0}\", or {0} itself",
                        c.element));
  return out;
}

node sql_queries::stage_of_combined(const sql::select& s, const std::string& name, const common_tables& scope,
                                    const std::vector<sql::name>& columns, bool owns) {
  const bool unnests =
      !s.not_exists &&
      (s.from.size() > 1
           ? s.from.back().what == sql::relation::kind::unnested
           : s.from.front().what == sql::relation::kind::unnested ||
                 (s.from.front().right && s.from.front().right->what == sql::relation::kind::unnested));
  const auto before = to_.out.errors();
  if (const auto* const second = second_unnest(s)) {
    std::string list;
    for (const auto& part : second->value ? second->value->tree.path : std::vector<expression::name_part>())
      list += (list.empty() ? "" : ".") + expression::quoted_identifier(folded(part));
    to_.say(second->at, fmt::format("a FROM has one unnest(...) here; unnest {} in a view behind this one",
                                    list.empty() ? "the other list" : list));
    return to_.stage("transform", "select", s.at);
  }
  auto c = unnests ? unnest_of(s, scope) : join_of(s, scope, owns);
  if (c.good)
    resolve(s, c);
  if (to_.out.errors() != before)
    return to_.stage("transform", "select", s.at);
  if (is_grouped(s) || !s.distinct_on.empty())
    return grouped_behind(s, std::move(c), name, scope, columns, owns);
  if (s.where && (c.list.empty() || c.reads_element))
    return filtered_behind(s, std::move(c), name, columns, owns);
  add_where(c.stage, s, c.tables);
  if (auto made = columns_of(s, columns, c); !made.members.empty())
    add_member(c.stage, "columns", made.where, std::move(made));
  if (owns)
    add_own_options(c.stage);
  return std::move(c.stage);
}

node sql_queries::grouped_behind(const sql::select& s, combined c, const std::string& name,
                                 const common_tables& scope, const std::vector<sql::name>& columns,
                                 bool owns) {
  const auto front = name + c.suffix;
  auto given = to_.text.empty(node::kind::map, s.at);
  auto tables = names_in_front(c.tables);
  const auto text_of = [&](const std::string& key) {
    const auto known = c.tables.find(key);
    if (known != c.tables.end())
      return known->second;
    const auto column = column_in(key);
    if (key.front() == '.')
      return expression::quoted_identifier(column);
    const auto row = c.tables.find(key.substr(0, key.find('.')))->second;
    // The columns of an equality are one where each row has both.
    for (const auto& k : c.keys)
      if (c.left_whole && c.right_whole && (row == "l" ? k.left : k.right) == column)
        return expression::quoted_identifier(k.left);
    return row.empty() ? expression::quoted_identifier(column) : member_of(row, column);
  };
  each_expression(s, [&](const sql::scalar_expression& e) {
    each_column(e.tree, [&](const expression::syntax& column) {
      const auto key = key_of(column, c.tables);
      const std::string called(column_in(key));
      if (c.window != nullptr && is_bound(called))
        return;
      auto text = text_of(key);
      const auto* const known = given.find(called);
      if (known == nullptr)
        add_member(given, called, to_.text.at(column.offset), to_.text.made(std::move(text), column.offset));
      else if (known->value.text != text)
        to_.say(column.offset,
                fmt::format("two columns called \"{}\" come to these groups; make a view of the "
                            "join that gives them names of their own",
                            called));
    });
  });
  // Rows are those of the elements, also where nothing reads one.
  const auto reads_element = [](const member& m) {
    return m.value.text.find("unnest(") != std::string::npos;
  };
  if (!c.list.empty() && std::ranges::none_of(given.members, reads_element)) {
    auto called = c.element;
    while (given.find(called) != nullptr)
      called += "_element";
    add_member(given, called, to_.text.at(s.at), to_.text.made(fmt::format("unnest({})", c.list), s.at));
  }
  if (given.members.empty())
    for (const auto& k : c.keys)
      add_member(given, k.left, to_.text.at(k.at),
                 to_.text.made(expression::quoted_identifier(k.left), k.at));

  auto behind = s;
  sql::relation rows;
  rows.at = s.from.front().at;
  rows.path.push_back({front, rows.at});
  const auto by_window = [&](const sql::scalar_expression& e) {
    const auto column = column_of(e.tree, tables);
    return column && is_bound(*column);
  };
  if (c.window != nullptr && std::ranges::any_of(s.group_by, by_window)) {
    if (c.window->function != "tumble")
      to_.say(c.window->at,
              "a row of this join lies in one window of each hop, and its groups would lie in several; "
              "make a view of the join, and hop(view, ...) of that");
    rows.what = sql::relation::kind::windowed;
    rows.function = c.window->function;
    rows.arguments = c.window->arguments;
    if (given.members.empty())
      add_member(given, "window_end", to_.text.at(s.at), to_.text.made("window_end", s.at));
  } else if (c.window != nullptr) {
    add_member(given, "window_start", to_.text.at(s.at), to_.text.made("window_start", s.at));
    add_member(given, "window_end", to_.text.at(s.at), to_.text.made("window_end", s.at));
  }
  behind.from = {std::move(rows)};
  behind.not_exists.reset();
  if (!given.members.empty())
    add_member(c.stage, "columns", given.where, std::move(given));
  // The join takes the options of the view that it alone has.
  const auto of_join = to_.declared_for(c.stage);
  std::vector<sql::option> own;
  std::vector<sql::option> others;
  const auto of_group = to_.declared_for(to_.stage("window", "tumbling", s.at));
  for (const auto& o : owns ? options_ : std::vector<sql::option>())
    (find_declared(of_join, o.key.text) != nullptr && find_declared(of_group, o.key.text) == nullptr ? own
                                                                                                     : others)
        .push_back(o);
  to_.add_options(c.stage, own, of_join);
  names_of_front_.insert_or_assign(front, std::move(tables));
  to_.add(front, s.at, std::move(c.stage));
  if (!owns)
    return stage_of_select(behind, name, scope, columns, owns);
  sql_queries group(to_, owner_, at_, others);
  group.names_of_front_ = names_of_front_;
  return group.stage_of_select(behind, name, scope, columns, owns);
}

}  // namespace millrace::config
