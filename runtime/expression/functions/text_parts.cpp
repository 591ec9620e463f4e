// Functions that cut, trim, split, pad and repeat text. Positions count characters (UTF-8).
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/searching.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

// A text that a number asks for (repeat, lpad) may be this long.
constexpr std::int64_t longest_asked_for = 1 << 20;

row::nothing too_much_asked(row& r, std::string_view name, std::int64_t asked) {
  return r.fail(fmt::format("{}: {} is too much; at most {} are allowed", name, asked, longest_asked_for));
}

bool is_ascii(text_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
std::int64_t length_of(text_view s) { return static_cast<std::int64_t>(count_characters(s)); }

/// Characters [first, last) counted from 0, either beyond the ends.
text_view characters(text_view s, std::int64_t first, std::int64_t last) {
  const auto size = static_cast<std::int64_t>(s.size());  // there are no more characters than bytes
  first = std::clamp<std::int64_t>(first, 0, size);
  last = std::clamp<std::int64_t>(last, 0, size);
  if (last <= first)
    return {};
  if (is_ascii(s))
    return s.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
  const auto from = offset_of_character(s, static_cast<std::size_t>(first));
  const auto rest = s.substr(from);
  return rest.substr(0, offset_of_character(rest, static_cast<std::size_t>(last - first)));
}

values substring_from(call& c, std::span<const values> args) {
  return each<([](row&, text_view s, std::int64_t from) {
    return characters(s, from < 1 ? 0 : from - 1, std::numeric_limits<std::int64_t>::max());
  })>(c, args);
}
values substring_from_for(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, std::int64_t from, std::int64_t count) -> text_view {
    if (count < 0)
      return r.fail(fmt::format("a substring cannot have the negative length {}", count));
    std::int64_t end = 0;
    if (__builtin_add_overflow(from, count, &end))
      end = std::numeric_limits<std::int64_t>::max();
    return characters(s, from < 1 ? 0 : from - 1, end < 1 ? 0 : end - 1);
  })>(c, args);
}
// A negative count leaves off that many at the other end.
values left(call& c, std::span<const values> args) {
  return each<([](row&, text_view s, std::int64_t n) {
    return characters(s, 0, n >= 0 ? n : std::max<std::int64_t>(n, -length_of(s)) + length_of(s));
  })>(c, args);
}
values right(call& c, std::span<const values> args) {
  return each<([](row&, text_view s, std::int64_t n) {
    const auto length = length_of(s);
    const auto from = n >= 0 ? length - std::min(n, length) : n < -length ? length : -n;
    return characters(s, from, length);
  })>(c, args);
}

template<bool Front, bool Back>
text_view trimmed(text_view s, const numbered_characters& set) {
  const auto in_set = [&](text_view character) { return set.number_of(character).has_value(); };
  while (Front && !s.empty() && in_set(s.substr(0, character_length(s, 0))))
    s.remove_prefix(character_length(s, 0));
  while (Back && !s.empty()) {
    const auto last = begin_of_character_before(s, s.size());
    if (!in_set(s.substr(last)))
      break;
    s.remove_suffix(s.size() - last);
  }
  return s;
}
template<bool Front, bool Back>
values trim_set(call& c, std::span<const values> args) {
  kept_of_text<numbered_characters> set;
  return each_wanted<text_view>(c, [&](const row& r) {
    return trimmed<Front, Back>(args[0].get<text_view>(r.index), set.of(args[1].get<text_view>(r.index)));
  });
}
template<bool Front, bool Back>
values trim_spaces(call& c, std::span<const values> args) {
  const numbered_characters space(" ");
  return each_wanted<text_view>(
      c, [&](const row& r) { return trimmed<Front, Back>(args[0].get<text_view>(r.index), space); });
}

values split_part(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view separator, std::int64_t n) -> text_view {
    if (n == 0)
      return r.fail("split_part counts fields from 1, or from -1 backwards; 0 is none");
    if (separator.empty())
      return n == 1 || n == -1 ? s : text_view{};
    if (n < 0) {  // PostgreSQL counts from the end, too, the parts that it finds from the beginning
      std::int64_t parts = 1;
      for (auto at = find_part(s, separator); at != text_view::npos;
           at = find_part(s, separator, at + separator.size()))
        ++parts;
      if (n < -parts)
        return {};
      n += parts + 1;
    }
    while (--n > 0) {
      const auto at = find_part(s, separator);
      if (at == text_view::npos)
        return {};
      s.remove_prefix(at + separator.size());
    }
    return s.substr(0, find_part(s, separator));
  })>(c, args);
}

template<bool Front>
text_view padded(row& r, text_view s, std::int64_t width, text_view fill) {
  if (width <= 0)
    return {};
  if (width > longest_asked_for)
    return too_much_asked(r, Front ? "lpad" : "rpad", width);
  const auto length = length_of(s);
  if (length >= width || fill.empty())
    return characters(s, 0, width);
  auto& out = r.text();
  if (!Front)
    out += s;
  auto missing = width - length;
  if (fill.size() == 1) {
    out.append(static_cast<std::size_t>(missing), fill.front());
  } else {
    const auto fill_length = length_of(fill);
    for (; missing >= fill_length; missing -= fill_length)
      out += fill;
    out += characters(fill, 0, missing);
  }
  if (Front)
    out += s;
  return r.keep(out);
}
template<bool Front>
values pad(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, std::int64_t width, text_view fill) {
    return padded<Front>(r, s, width, fill);
  })>(c, args);
}
template<bool Front>
values pad_blanks(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, std::int64_t width) { return padded<Front>(r, s, width, " "); })>(
      c, args);
}

values repeat(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, std::int64_t count) -> text_view {
    if (count <= 0 || s.empty())
      return {};
    if (count > longest_asked_for)
      return too_much_asked(r, "repeat", count);
    if (static_cast<std::size_t>(count) * s.size() > longest_result)
      return r.fail(
          fmt::format("repeat makes a text that is too long; at most {} bytes are allowed", longest_result));
    auto* out = r.c.bytes(static_cast<std::size_t>(count) * s.size());
    auto* to = out;
    for (; count > 0; --count)
      to = std::copy(s.begin(), s.end(), to);
    return {out, static_cast<std::size_t>(to - out)};
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("substr", {text, bigint}, text, substring_from),
    entry("substr", {text, bigint, bigint}, text, substring_from_for, true),
    entry("substring", {text, bigint}, text, substring_from),
    entry("substring", {text, bigint, bigint}, text, substring_from_for, true),
    entry("left", {text, bigint}, text, left),
    entry("right", {text, bigint}, text, right),
    entry("btrim", {text}, text, trim_spaces<true, true>),
    entry("btrim", {text, text}, text, trim_set<true, true>),
    entry("ltrim", {text}, text, trim_spaces<true, false>),
    entry("ltrim", {text, text}, text, trim_set<true, false>),
    entry("rtrim", {text}, text, trim_spaces<false, true>),
    entry("rtrim", {text, text}, text, trim_set<false, true>),
    entry("split_part", {text, text, bigint}, text, split_part, true),
    entry("lpad", {text, bigint}, text, pad_blanks<true>, true),
    entry("lpad", {text, bigint, text}, text, pad<true>, true),
    entry("rpad", {text, bigint}, text, pad_blanks<false>, true),
    entry("rpad", {text, bigint, text}, text, pad<false>, true),
    entry("repeat", {text, bigint}, text, repeat, true),
});

}  // namespace

std::span<const function> text_part_functions() { return entries; }

}  // namespace millrace::expression
