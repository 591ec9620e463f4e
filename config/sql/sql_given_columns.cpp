#include "config/sql/sql_given_columns.hpp"

#include <set>
#include <utility>

namespace millrace::config {
namespace {

/// Views upon views repeat columns; rows that have more than so many are taken for unknown.
constexpr std::size_t most_given = 1'000;

const node* part_of(const node& stage, std::string_view option) {
  const auto* const m = stage.find(option);
  return m == nullptr ? nullptr : &m->value;
}

void add_texts(const node* option, std::vector<std::string>& to) {
  if (option != nullptr && option->is_text())
    to.push_back(option->text);
  else if (option != nullptr)
    for (const auto& item : option->items)
      to.push_back(item.text);
}

/// The columns that a window gives without the option `columns`.
std::vector<std::string> usual_columns(const node& window) {
  std::vector<std::string> out;
  add_texts(part_of(window, "key"), out);
  if (const auto* const made = part_of(window, "aggregates"); made != nullptr)
    for (const auto& m : made->members)
      out.push_back(m.name);
  out.insert(out.end(), {"window_start", "window_end"});
  return out;
}

}  // namespace

sql_given_columns::names sql_given_columns::of(const node& from) const {
  const auto known = known_.find(from.what == node::kind::list ? from.items.front().text : from.text);
  return known == known_.end() ? nullptr : known->second;
}

sql_given_columns::names sql_given_columns::given_by(const node& stage) const {
  const auto& kind = stage.members.front();
  if (kind.name == "parser") {
    const auto* const schema = part_of(stage, "schema");
    if (schema == nullptr || !schema->is_map())
      return nullptr;
    std::vector<std::string> out;
    for (const auto& m : schema->members)
      out.push_back(m.name);
    return std::make_shared<const std::vector<std::string>>(std::move(out));
  }
  const bool joins = kind.name == "join";
  const bool groups = kind.name == "window" && kind.value.text != "dedup";
  const bool selects = kind.name == "transform" && kind.value.text == "select";
  if (!joins && !groups && !selects && kind.name != "window")
    return nullptr;
  const auto* const from = part_of(stage, joins ? "left" : "from");
  const auto* const other = joins ? part_of(stage, "right") : nullptr;
  const auto* const columns = part_of(stage, "columns");
  const auto rows = from == nullptr ? nullptr : of(*from);
  if (columns == nullptr && !joins)
    return groups ? std::make_shared<const std::vector<std::string>>(usual_columns(stage)) : rows;
  if (columns == nullptr || !columns->is_map())
    return nullptr;
  std::vector<std::string> out;
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    if (seen.insert(name).second)
      out.push_back(name);
  };
  for (const auto& m : columns->members)
    if (m.value.what != node::kind::boolean)
      add(m.name);
  for (const auto& m : columns->members) {
    if (m.value.what != node::kind::boolean)
      continue;
    names more;
    if (m.name == "*" && !joins)
      more = groups ? std::make_shared<const std::vector<std::string>>(usual_columns(stage)) : rows;
    else if (m.name == "l.*")
      more = rows;
    else if (m.name == "r.*" && other != nullptr)
      more = of(*other);
    if (more == nullptr)
      return nullptr;
    for (const auto& name : *more)
      add(name);
  }
  if (out.size() > most_given)
    return nullptr;
  return std::make_shared<const std::vector<std::string>>(std::move(out));
}

sql_given_columns::names sql_given_columns::of(const std::vector<node>& from,
                                               const std::vector<member>& all) {
  for (; read_ < all.size(); ++read_)
    known_.insert_or_assign(all[read_].name, given_by(all[read_].value));
  return from.empty() ? nullptr : of(from.front());
}

}  // namespace millrace::config
