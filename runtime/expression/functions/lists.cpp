// Functions on lists, by the names that PostgreSQL has for arrays.
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/list_values.hpp"
#include "runtime/expression/functions/searching.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

values cardinality(call& c, std::span<const values> args) {
  return each<([](row&, list_value v) { return static_cast<std::int64_t>(v.size); })>(c, args);
}

/// Null for an empty list and beyond the first dimension: lists may differ in length, so they have no more.
values length(call& c, std::span<const values> args) {
  return each<([](row& r, list_value v, std::int64_t dimension) -> std::int64_t {
    if (dimension != 1 || v.size == 0)
      return r.null();
    return static_cast<std::int64_t>(v.size);
  })>(c, args);
}

/// The index of the first element, and the count of dimensions: 1, with the same nulls.
values lower(call& c, std::span<const values> args) {
  return each<([](row& r, list_value v, std::int64_t dimension) -> std::int64_t {
    if (dimension != 1 || v.size == 0)
      return r.null();
    return 1;
  })>(c, args);
}

values dimensions(call& c, std::span<const values> args) {
  return each<([](row& r, list_value v) -> std::int64_t {
    if (v.size == 0)
      return r.null();
    return 1;
  })>(c, args);
}

/// Shows a part of a list where it lies.
values slice(call& c, std::span<const values> args) {
  return each<([](row&, list_value v, std::int64_t low, std::int64_t high) -> list_value {
    const auto first = std::max<std::int64_t>(low, 1);
    const auto last = std::min(high, static_cast<std::int64_t>(v.size));
    if (first > last)
      return {v.data, v.valid, 0, v.element};
    const auto skipped = static_cast<std::size_t>(first - 1);
    return {static_cast<const std::byte*>(v.data) + skipped * size_of(v.element),
            v.valid ? v.valid + skipped : nullptr, static_cast<std::size_t>(last - first + 1), v.element};
  })>(c, args);
}

std::optional<text_view> text_if_present(const values& v, std::size_t row) {
  return v.present(row) ? std::optional(v.get<text_view>(row)) : std::nullopt;
}

text_view joined(row& r, const list_value& v, text_view separator, std::optional<text_view> null_text) {
  auto& out = r.text();
  bool first = true;
  for (std::size_t i = 0; i < v.size; ++i) {
    if (!v.present(i) && !null_text)
      continue;
    if (!first)
      out += separator;
    first = false;
    if (v.present(i))
      write_element(out, v, i);
    else
      out += *null_text;
    if (out.size() > longest_result)
      return r.fail(fmt::format("array_to_string makes a text that is too long; at most {} bytes are allowed",
                                longest_result));
  }
  return r.keep(out);
}

values array_to_string(call& c, std::span<const values> args) {
  return each<([](row& r, list_value v, text_view by) { return joined(r, v, by, std::nullopt); })>(c, args);
}

/// The text for nulls may be null itself: then they are left out. So is not strict.
values array_to_string_nulls(call& c, std::span<const values> args) {
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    const auto i = r.index;
    if (!args[0].present(i) || !args[1].present(i))
      return r.null();
    return joined(r, args[0].get<list_value>(i), args[1].get<text_view>(i), text_if_present(args[2], i));
  });
}

/// Memory that the rows of a call share.
struct split_parts {
  std::vector<text_view> parts;
  std::vector<const text_view*> pointers;
};

list_value split(row& r, split_parts& memory, text_view s, std::optional<text_view> by,
                 std::optional<text_view> null_text) {
  auto& [parts, pointers] = memory;
  parts.clear();
  pointers.clear();
  if (!by) {
    for (std::size_t i = 0; i < s.size(); i += character_length(s, i))
      parts.push_back(s.substr(i, character_length(s, i)));
  } else if (by->empty()) {
    if (!s.empty())
      parts.push_back(s);
  } else if (!s.empty()) {
    for (auto at = find_part(s, *by); at != text_view::npos; at = find_part(s, *by)) {
      parts.push_back(s.substr(0, at));
      s.remove_prefix(at + by->size());
    }
    parts.push_back(s);
  }
  for (const auto& p : parts)
    pointers.push_back(null_text && p == *null_text ? nullptr : &p);
  return list_of_texts(*r.c.memory, pointers);
}

/// A null separator cuts between all characters, so nothing here is strict.
values string_to_array(call& c, std::span<const values> args) {
  split_parts memory;
  return each_wanted<list_value>(c, [&](row& r) -> list_value {
    const auto i = r.index;
    if (!args[0].present(i))
      return r.null();
    return split(r, memory, args[0].get<text_view>(i), text_if_present(args[1], i),
                 args.size() > 2 ? text_if_present(args[2], i) : std::nullopt);
  });
}

constexpr auto entries = std::to_array<function>({
    entry("cardinality", {list}, bigint, cardinality),
    entry("array_length", {list, bigint}, bigint, length),
    entry("array_upper", {list, bigint}, bigint, length),
    entry("array_lower", {list, bigint}, bigint, lower),
    entry("array_ndims", {list}, bigint, dimensions),
    entry("[:]", {list, bigint, bigint}, list, slice),
    entry("array_to_string", {list, text}, text, array_to_string, true),
    not_strict(entry("array_to_string", {list, text, text}, text, array_to_string_nulls, true)),
    not_strict(entry("string_to_array", {text, text}, list, string_to_array)),
    not_strict(entry("string_to_array", {text, text, text}, list, string_to_array)),
});

}  // namespace

std::span<const function> list_functions() { return entries; }

}  // namespace millrace::expression
