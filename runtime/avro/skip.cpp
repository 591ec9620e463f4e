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

passing how_to_pass(const schema& s, type_index i) {
  using way = passing::way;
  const auto& t = s[i];
  return {.how = t.length                                                                  ? way::fixed
                 : t.is == kind::int64 || t.is == kind::int32 || t.is == kind::enumeration ? way::integer
                 : t.is == kind::bytes || t.is == kind::string                             ? way::bytes
                                                                                           : way::other,
          .of = i,
          .size = t.length.value_or(0)};
}

std::size_t pass_all(const schema& s, std::span<const passing> values, cursor& at, std::uint32_t depth) {
  // Most lengths and many numbers have one byte: these are passed with the place in a register.
  const char* place = at.place();
  const char* const end = place + at.left();
  const auto has_short = [&] { return place != end && static_cast<unsigned char>(*place) < 0x80; };
  std::int64_t number = 0;
  std::string_view text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& v = values[i];
    bool is_good = false;
    switch (v.how) {
    case passing::way::bytes:
      if (has_short()) [[likely]]
        if (const auto zigzag = static_cast<unsigned char>(*place);
            (zigzag & 1) == 0 && end - place > zigzag / 2) [[likely]] {
          place += 1 + zigzag / 2;
          continue;
        }
      at.go_to(place);
      is_good = at.bytes(text);
      break;
    case passing::way::integer:
      if (has_short()) {
        ++place;
        continue;
      }
      at.go_to(place);
      is_good = at.integer(number);
      break;
    case passing::way::fixed:
      at.go_to(place);
      is_good = at.pass(v.size);
      break;
    case passing::way::other:
      at.go_to(place);
      is_good = skip(s, v.of, at, depth);
      break;
    }
    if (!is_good) [[unlikely]]
      return i;
    place = at.place();
  }
  at.go_to(place);
  return values.size();
}

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
    return false;    // each of them has a length
  case kind::int32:  // a number that is too great does, too
  case kind::int64:
    return at.integer(number);
  case kind::bytes:
  case kind::string:
    return at.bytes(text);
  case kind::enumeration:  // a symbol that is none ends as others do
    return at.integer(number);
  case kind::record:
    if (depth >= deepest_value)
      return false;
    return pass_all(s, t.passed, at, depth + 1) == t.passed.size();
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
