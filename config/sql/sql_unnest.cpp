// unnest(list) in FROM: rows of a table, one for each element of its list.
#include "config/sql/sql_combined.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::config {
namespace {

/// The type of a list's elements, where the table says its columns; else null.
const node* element_of(const std::string& stage, const std::string& column, const std::vector<member>& all) {
  const auto at = std::ranges::find(all, stage, &member::name);
  const auto* const schema = at == all.end() ? nullptr : at->value.find("schema");
  const auto* const list = schema == nullptr ? nullptr : schema->value.find(column);
  const bool is_list =
      list != nullptr && list->value.what == node::kind::list && list->value.items.size() == 1;
  return is_list ? &list->value.items.front() : nullptr;
}

}  // namespace

sql_queries::combined sql_queries::unnest_of(const sql::select& s, const common_tables& scope) {
  combined out;
  out.suffix = "-unnest";
  const auto wrong = [&](std::size_t at, std::string message) {
    to_.say(at, std::move(message));
    out.good = false;
    return std::move(out);
  };
  const auto& first = s.from.front();
  const bool joined = first.what == sql::relation::kind::joined;
  const auto& table = joined ? *first.left : first;
  const auto& list = joined ? *first.right : s.from.back();
  if (table.what == sql::relation::kind::unnested || s.from.size() > 2 || (joined && s.from.size() > 1))
    return wrong(table.at, "expected a table and one unnest(...) of a list of its rows: FROM events e, "
                           "unnest(e.items) AS i");
  if (table.what == sql::relation::kind::joined || table.what == sql::relation::kind::windowed)
    return wrong(table.at,
                 "unnest(...) stands beside a table or view here; make a view of the join, and windows "
                 "of the view with unnest(...)");
  if (joined && first.how != sql::relation::join::cross)
    return wrong(
        list.at,
        "a row whose list is empty gives no row; expected CROSS JOIN LATERAL unnest(...), or a comma "
        "in its place");
  auto rows = rows_of(table, scope);
  const auto& value = list.value->tree;
  const auto column = column_of(value, rows.tables);
  if (!column)
    return wrong(value.offset,
                 "unnest(...) in FROM takes a column; an expression stands in SELECT unnest(...) AS "
                 "item, or becomes a column in a view in front");
  if (list.alias.empty())
    return wrong(list.at, "the elements have no name; expected AS and one behind unnest(...)");
  out.list = expression::quoted_identifier(*column);
  out.element = list.alias;
  out.tables = std::move(rows.tables);
  if (out.tables.contains(list.alias))
    return wrong(list.at, fmt::format("both are called \"{}\"; expected another name behind AS", list.alias));
  out.tables.emplace(list.alias, "");
  const auto* const element =
      rows.from.size() == 1 ? element_of(rows.from.front().text, *column, to_.all) : nullptr;
  std::vector<std::string> known;  // members of the elements
  if (element != nullptr)
    for (const auto& m : element->members)
      known.push_back(m.name);
  out.members = list.alias_columns;
  if (out.members.size() == 1 && element != nullptr && element->is_text())
    out.value = std::exchange(out.members, {}).front();
  // PostgreSQL names members by their place.
  for (std::size_t i = 0; i < out.members.size() && !known.empty(); ++i)
    if (i >= known.size() || known[i] != out.members[i])
      return wrong(list.at,
                   fmt::format("the members of these elements are called {}; expected these names in this "
                               "order behind {}, and others by AS in SELECT",
                               fmt::join(known, ", "), list.alias));
  if (out.members.empty())
    out.members = known;
  out.stage = to_.stage("transform", "select", s.at);
  add_from(out.stage, std::move(rows.from));
  return out;
}

}  // namespace millrace::config
