#include "config/sql/sql_text.hpp"

#include "config/sql/option_forms.hpp"
#include "config/text/reader.hpp"

#include <algorithm>

namespace millrace::config {
namespace {

/// `a, "b, c"` -> a; b, c. Names stand as they are.
std::vector<std::pair<std::string, std::size_t>> names_in(std::string_view list) {
  std::vector<std::pair<std::string, std::size_t>> out;
  std::size_t at = 0;
  while (at <= list.size()) {
    while (at < list.size() && list[at] == ' ')
      ++at;
    const auto begin = at;
    std::string name;
    bool quoted = false;
    while (at < list.size() && (quoted || list[at] != ',')) {
      if (list[at] == '"') {
        if (quoted && at + 1 < list.size() && list[at + 1] == '"')
          name += list[at++];
        else
          quoted = !quoted;
      } else {
        name += list[at];
      }
      ++at;
    }
    while (!name.empty() && name.back() == ' ')
      name.pop_back();
    out.emplace_back(std::move(name), begin);
    ++at;
  }
  return out;
}

/// Moves what a text within the file gave to where the text stands in it. `column`: of its first byte.
void move_to(node& n, const location& base) {
  const auto move = [&](location& l) {
    l.column += l.line == 1 ? base.column - 1 : 0;
    l.line += base.line - 1;
    l.file = base.file;
  };
  move(n.where);
  for (auto& item : n.items)
    move_to(item, base);
  for (auto& m : n.members) {
    move(m.where);
    move_to(m.value, base);
  }
}

}  // namespace

location sql_text::at(std::size_t offset) const {
  const auto [line, column] = lines_.at(offset);
  return {file_, line, column};
}

node sql_text::part(sql::slice s) const {
  node out;
  out.what = node::kind::text;
  out.bare = true;
  out.text = of(s);
  out.where = at(s.begin);
  return out;
}

node sql_text::made(std::string text, std::size_t offset) const {
  node out;
  out.what = node::kind::text;
  out.escaped = true;
  out.text = std::move(text);
  out.where = at(offset);
  return out;
}

node sql_text::empty(node::kind what, std::size_t offset) const {
  node out;
  out.what = what;
  out.where = at(offset);
  return out;
}

node sql_text::flag(bool value, std::size_t offset) const {
  auto out = empty(node::kind::boolean, offset);
  out.flag = value;
  return out;
}

node sql_text::number(std::string digits, std::size_t offset) const {
  auto out = empty(node::kind::number, offset);
  out.text = std::move(digits);
  return out;
}

node sql_text::quoted_text(const sql::option& o) const {
  node out;
  out.what = node::kind::text;
  out.text = o.value;
  out.where = at(o.value_at.begin);
  // The value stands as it is between the quotes, or else no place within it can be told.
  const auto written = of(o.value_at);
  out.escaped = written.size() != o.value.size() + 2 || written.substr(1, o.value.size()) != o.value ||
                written.find('\n') != std::string_view::npos;
  return out;
}

node sql_text::json_of(const sql::option& o, report& out) const {
  // The reader wants a map: a list stands in one, too.
  const bool list = o.value.starts_with('[');
  report own;
  const auto text = list ? "{\"\":" + o.value + "}" : o.value;
  auto read = read_json(text, file_, own);
  auto base = at(o.value_at.begin);
  base.column += list ? -3 : 1;
  for (auto& f : own.take({file_})) {
    node place;
    place.where = f.where;
    move_to(place, base);
    out.error(place.where, {}, std::move(f.message));
  }
  if (!read)
    return quoted_text(o);
  auto& found = list ? read->members.front().value : *read;
  move_to(found, base);
  return std::move(found);
}

node sql_text::value_of(const sql::option& o, const option* declared, report& out) const {
  const auto place = o.value_at.begin;
  switch (o.what) {
  case sql::option::kind::none:
    return flag(true, o.key.at);
  case sql::option::kind::number:
    return number(o.value, place);
  case sql::option::kind::word: {
    const bool truth = o.value == "true" || o.value == "false";
    const bool switched = declared != nullptr && declared->type == option_type::boolean &&
                          (o.value == "on" || o.value == "off");
    if (truth || switched)
      return flag(o.value == "true" || o.value == "on", place);
    auto word = part(o.value_at);
    word.text = o.value;
    return word;
  }
  case sql::option::kind::text:
    break;
  }
  if (may_be_json(declared) && looks_like_json(o.value))
    return json_of(o, out);
  if (!is_list_of_names(declared) || o.value.find(',') == std::string::npos)
    return quoted_text(o);
  auto list = empty(node::kind::list, place);
  const auto whole = quoted_text(o);
  for (auto& [name, offset] : names_in(o.value)) {
    auto item = made(std::move(name), place);
    item.where = location_in_text(whole, offset);
    list.items.push_back(std::move(item));
  }
  return list;
}

node& add_member(node& map, std::string name, location where, node value) {
  return map.members.emplace_back(member{std::move(name), std::move(where), std::move(value)}).value;
}

node one_or_list(std::vector<node> from) {
  if (from.size() == 1)
    return std::move(from.front());
  node out;
  out.what = node::kind::list;
  out.where = from.front().where;
  out.items = std::move(from);
  return out;
}

}  // namespace millrace::config
