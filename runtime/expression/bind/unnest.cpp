#include "runtime/expression/bind/unnest.hpp"

#include "runtime/expression/bind/binder.hpp"

#include <algorithm>

namespace millrace::expression {
namespace {

const node* find_element(const node& n) {
  if (is_element_of_unnest(n))
    return &n;
  for (const auto& a : n.args)
    if (const auto* found = find_element(*a))
      return found;
  return nullptr;
}

void collect(const node& n, std::vector<std::size_t>& columns) {
  if (n.what == op::column && !is_element_of_unnest(n))
    columns.push_back(n.column);
  for (const auto& a : n.args)
    collect(*a, columns);
}

}  // namespace

bound_or<bound> bind_unnesting(std::string_view text, const scope& names, unnested_list& list) {
  auto s = parse(text, names.columns);
  if (!s)
    return tl::unexpected(std::move(s.error()));
  problems found;
  binder b(names, found, {}, &list);
  auto root = b.bind(*s);
  if (root)
    root = b.finish(std::move(root));
  if (!root || !found.empty())
    return tl::unexpected(std::move(found));
  return bound_of(std::move(root), b.take_warnings());
}

const bound* unnested_by(const bound& e) {
  const auto* element = find_element(e.code->root());
  return element ? static_cast<const bound*>(element->prepared.get()) : nullptr;
}

std::vector<std::size_t> columns_beside_element(const bound& e) {
  std::vector<std::size_t> columns;
  collect(e.code->root(), columns);
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return columns;
}

}  // namespace millrace::expression
