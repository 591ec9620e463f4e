#include "config/sql/written_options.hpp"

#include "config/sql/option_forms.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/quoted.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::config {
namespace {

bool is_plain_value(const node& n) {
  return n.what == node::kind::boolean || n.what == node::kind::number || n.is_text();
}

std::string plain_value(const node& n) {
  return n.what == node::kind::boolean  ? std::string(n.flag ? "true" : "false")
         : n.what == node::kind::number ? n.text
                                        : text_literal(n.text);
}

bool goes_by_members(const node& map) {
  return !map.members.empty() && std::ranges::all_of(map.members, [](const member& m) {
    return !m.name.empty() && is_plain_value(m.value) &&
           !(m.value.is_text() && looks_like_json(m.value.text));
  });
}

std::string value_of(const node& n, const option* declared) {
  if (n.is_text() && is_list_of_names(declared))
    return text_literal(list_text({n.text}));
  if (is_plain_value(n))
    return plain_value(n);
  const bool names = n.what == node::kind::list && is_list_of_names(declared) && !n.items.empty() &&
                     std::ranges::all_of(n.items, &node::is_text);
  if (!names)
    return json_literal(n);
  std::vector<std::string> items;
  for (const auto& item : n.items)
    items.push_back(item.text);
  return text_literal(list_text(items));
}

}  // namespace

std::string json_literal(const node& n) { return text_literal(data::json_text(to_json(n))); }

std::string list_text(const std::vector<std::string>& names) {
  if (names.size() == 1 && names.front().find(',') == std::string::npos)
    return names.front();
  std::string out;
  for (const auto& n : names) {
    const bool quoted = n.empty() || n.find_first_of(",\"") != std::string::npos || n.front() == ' ' ||
                        n.back() == ' ' || looks_like_json(n);
    out += out.empty() && &n == names.data() ? "" : ", ";
    out += quoted ? data::in_quotes(n, '"') : n;
  }
  return out;
}

written_text text_option(std::string_view name, std::string_view value, const node& from,
                         const std::string& path) {
  return {fmt::format("{} = {}", expression::quoted_label(name), text_literal(value)), from, path, false};
}

void write_option(const member& m, const option* declared, std::string_view space, const std::string& path,
                  written_items& to, report& out) {
  const auto at = join(path, m.name);
  const auto& value = m.value;
  if (value.what == node::kind::null)
    return out.error(value.where, at, "null has no form in SQL; expected a value, or no such option");
  if (value.is_text() && may_be_json(declared) && looks_like_json(value.text))
    return out.error(
        value.where, at,
        "a text that looks like a map or a list would be read as one in SQL; expected the map or list");
  const auto name = expression::quoted_label(m.name);
  if (space.empty() && value.is_map() && goes_by_members(value)) {
    for (const auto& inner : value.members)
      to.push_back(
          {fmt::format("{}.{} = {}", name, expression::quoted_label(inner.name), plain_value(inner.value)),
           inner.value, join(at, inner.name), false});
    return;
  }
  to.push_back({fmt::format("{}{}{} = {}", space, space.empty() ? "" : ".", name, value_of(value, declared)),
                value, at, false});
}

written_text with_options(const written_items& options, std::size_t width) {
  return options.empty() ? written_text() : listed(options, width, 2, "WITH (", ")");
}

}  // namespace millrace::config
