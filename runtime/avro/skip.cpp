#include "runtime/avro/skip.hpp"

namespace millrace::avro {
namespace {

/// An array's items, or a map's entries, whose values have this type.
bool skip_blocks(const schema& s, const type& t, cursor& at, std::uint32_t depth) {
  const bool keyed = t.is == kind::map;
  const auto& item = s[t.of.front()];
  for (;;) {
    std::uint64_t count = 0;
    std::optional<std::uint64_t> size;
    if (!at.block(count, size))
      return false;
    if (count == 0)
      return true;
    if (!keyed && item.length == 0 && !at.empty_items(count))
      return false;
    if (size) {
      if (!at.pass(*size))
        return false;
      continue;
    }
    if (!keyed && item.length) {
      if (*item.length != 0 && (count > at.left() / *item.length || !at.pass(count * *item.length)))
        return false;
      continue;
    }
    for (; count > 0; --count) {
      const auto* const begin = at.place();
      std::string_view key;
      if ((keyed && !at.bytes(key)) || !skip(s, t.of.front(), at, depth + 1))
        return false;
      if (at.place() == begin && !at.empty_items(1))
        return false;
    }
  }
}

}  // namespace

bool skip(const schema& s, type_index i, cursor& at, std::uint32_t depth) {
  const auto& t = s[i];
  if (t.length)
    return at.pass(*t.length);
  std::int64_t number = 0;
  std::string_view text;
  std::size_t index = 0;
  switch (t.is) {
  case kind::null:
  case kind::boolean:
  case kind::float32:
  case kind::float64:
  case kind::fixed:
    return false;  // each of them has a length
  case kind::int32:
    return at.short_integer(number);
  case kind::int64:
    return at.integer(number);
  case kind::bytes:
  case kind::string:
    return at.bytes(text);
  case kind::enumeration:
    return at.index(t.symbols.size(), index);
  case kind::record:
    if (depth >= deepest_value)
      return false;
    for (const auto& f : t.fields)
      if (!skip(s, f.of, at, depth + 1))
        return false;
    return true;
  case kind::array:
  case kind::map:
    return depth < deepest_value && skip_blocks(s, t, at, depth);
  case kind::one_of:
    return depth < deepest_value && at.index(t.of.size(), index) && skip(s, t.of[index], at, depth + 1);
  }
  return false;
}

std::optional<std::size_t> length_of(const schema& s, std::string_view bytes) {
  cursor at(bytes);
  if (!skip(s, s.root_index(), at))
    return std::nullopt;
  return bytes.size() - static_cast<std::size_t>(at.left());
}

}  // namespace millrace::avro
