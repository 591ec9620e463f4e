#include "runtime/expression/formats/json_index.hpp"

#include "runtime/expression/formats/json_items.hpp"
#include "runtime/expression/formats/json_text.hpp"
#include "runtime/expression/formats/number_text.hpp"

namespace millrace::expression {
namespace {

// A shorter text is read faster than a table is asked.
constexpr std::size_t shortest_indexed = 128;
// Each level of the index is one more reading of the text.
constexpr std::size_t deepest_indexed = 8;

}  // namespace

json_index::json_index(std::string_view json) : copy_(json), text_(trim_blanks(copy_)) { add(text_, 0); }

void json_index::add(std::string_view value, std::size_t depth) {
  if (value.size() < shortest_indexed || depth == deepest_indexed || (value[0] != '{' && value[0] != '['))
    return;
  auto& into = containers_[value.data()];
  json_items::for_each_item(value, [&](std::string_view name, std::string_view item) {
    if (value[0] == '[') {
      into.elements.push_back(item);
    } else if (name.find('\\') == std::string_view::npos) {
      into.members[name] = item;
    } else if (auto& plain = names_.emplace_back(); append_unescaped(plain, name)) {
      into.members[plain] = item;
    }
    add(item, depth + 1);
    return true;
  });
}

std::optional<std::string_view> json_index::member(std::string_view within, std::string_view name) const {
  const auto indexed = containers_.find(within.data());
  if (indexed == containers_.end())
    return member_of(within, name);
  const auto found = indexed->second.members.find(name);
  return found == indexed->second.members.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::string_view> json_index::element(std::string_view within, std::int64_t index) const {
  const auto indexed = containers_.find(within.data());
  if (indexed == containers_.end())
    return element_of(within, index);
  const auto& elements = indexed->second.elements;
  const auto size = static_cast<std::int64_t>(elements.size());
  if (index < -size || index >= size)
    return std::nullopt;
  return elements[static_cast<std::size_t>(index < 0 ? index + size : index)];
}

std::shared_ptr<const void> index_of_json(std::string_view json) {
  return json.size() < shortest_indexed ? nullptr : std::make_shared<const json_index>(json);
}

}  // namespace millrace::expression
