// Functions on text. Positions and lengths count characters (UTF-8), case and word boundaries are ASCII's, as
// in PostgreSQL under locale C.
#include "runtime/expression/kernel.hpp"
#include "runtime/expression/source_text.hpp"

#include <boost/uuid/detail/md5.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

// A text that a number asks for (repeat, lpad) may be this long.
constexpr std::int64_t longest_asked_for = 1 << 20;

row::nothing too_long(row& r, std::string_view name) {
  return r.fail(
      fmt::format("{} makes a text that is too long; at most {} bytes are allowed", name, longest_result));
}
row::nothing too_much_asked(row& r, std::string_view name, std::int64_t asked) {
  return r.fail(fmt::format("{}: {} is too much; at most {} are allowed", name, asked, longest_asked_for));
}

bool is_ascii(text_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}
std::int64_t length_of(text_view s) { return static_cast<std::int64_t>(count_characters(s)); }

values concatenate(call& c, std::span<const values> args) {
  return each<([](row& r, text_view a, text_view b) -> text_view {
    if (a.size() + b.size() > longest_result)
      return too_long(r, "||");
    auto* out = r.c.bytes(a.size() + b.size());
    std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), out));
    return {out, a.size() + b.size()};
  })>(c, args);
}

/// concat(...) and concat_ws(separator, ...): nulls are left out.
values join(call& c, std::span<const values> args, bool separated) {
  auto* out = allocate<std::string_view>(*c.memory, c.rows);
  row r{c};
  for (std::size_t i = 0; i < c.rows; ++i) {
    out[i] = {};
    if (!c.wanted(i))
      continue;
    r.index = i;
    if (separated && !args[0].present(i)) {
      r.null();
      continue;
    }
    std::string joined;
    bool first = true;
    for (std::size_t a = separated ? 1 : 0; a < args.size(); ++a) {
      if (!args[a].present(i))
        continue;
      if (separated && !first)
        joined += args[0].get<text_view>(i);
      first = false;
      joined += args[a].get<text_view>(i);
    }
    out[i] =
        joined.size() > longest_result ? too_long(r, separated ? "concat_ws" : "concat") : r.keep(joined);
  }
  return c.done(out);
}
values concat(call& c, std::span<const values> args) { return join(c, args, false); }
values concat_ws(call& c, std::span<const values> args) { return join(c, args, true); }

template<char From, char To>
values change_case(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> text_view {
    auto* out = r.c.bytes(s.size());
    std::transform(s.begin(), s.end(), out,
                   [](char b) { return b >= From && b <= From + 25 ? static_cast<char>(b - From + To) : b; });
    return {out, s.size()};
  })>(c, args);
}

values initcap(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> text_view {
    auto* out = r.c.bytes(s.size());
    bool in_word = false;
    for (std::size_t i = 0; i < s.size(); ++i) {
      const char b = s[i];
      const bool upper = b >= 'A' && b <= 'Z';
      const bool lower = b >= 'a' && b <= 'z';
      out[i] = upper && in_word    ? static_cast<char>(b + 32)
               : lower && !in_word ? static_cast<char>(b - 32)
                                   : b;
      in_word = upper || lower || (b >= '0' && b <= '9');
    }
    return {out, s.size()};
  })>(c, args);
}

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
text_view trimmed(text_view s, text_view set) {
  const auto in_set = [&](text_view character) {
    for (std::size_t i = 0; i < set.size(); i += character_length(set, i))
      if (set.substr(i, character_length(set, i)) == character)
        return true;
    return false;
  };
  while (Front && !s.empty() && in_set(s.substr(0, character_length(s, 0))))
    s.remove_prefix(character_length(s, 0));
  while (Back && !s.empty()) {
    auto last = s.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(s[last]) & 0xC0) == 0x80)
      --last;
    if (!in_set(s.substr(last)))
      break;
    s.remove_suffix(s.size() - last);
  }
  return s;
}
template<bool Front, bool Back>
values trim_set(call& c, std::span<const values> args) {
  return each<([](row&, text_view s, text_view set) { return trimmed<Front, Back>(s, set); })>(c, args);
}
template<bool Front, bool Back>
values trim_spaces(call& c, std::span<const values> args) {
  return each<([](row&, text_view s) { return trimmed<Front, Back>(s, " "); })>(c, args);
}

values replace(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view what, text_view by) -> text_view {
    if (what.empty() || s.find(what) == text_view::npos)
      return s;
    std::string out;
    std::size_t from = 0;
    for (auto at = s.find(what); at != text_view::npos; at = s.find(what, from)) {
      out.append(s, from, at - from).append(by);
      from = at + what.size();
      if (out.size() > longest_result)
        return too_long(r, "replace");
    }
    return r.keep(out.append(s, from));
  })>(c, args);
}

values translate(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view from, text_view to) -> text_view {
    std::string out;
    for (std::size_t i = 0; i < s.size(); i += character_length(s, i)) {
      const auto character = s.substr(i, character_length(s, i));
      std::size_t f = 0;
      std::size_t t = 0;
      bool found = false;
      while (f < from.size() && !found) {
        found = from.substr(f, character_length(from, f)) == character;
        if (found)
          break;
        f += character_length(from, f);
        t += t < to.size() ? character_length(to, t) : 0;
        if (t >= to.size())
          t = to.size();
      }
      if (!found)
        out += character;
      else if (t < to.size())
        out += to.substr(t, character_length(to, t));
    }
    if (out.size() > longest_result)
      return too_long(r, "translate");
    return r.keep(out);
  })>(c, args);
}

values position(call& c, std::span<const values> args) {
  return each<([](row&, text_view s, text_view what) -> std::int64_t {
    const auto at = s.find(what);
    return at == text_view::npos ? 0 : length_of(s.substr(0, at)) + 1;
  })>(c, args);
}

values split_part(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view separator, std::int64_t n) -> text_view {
    if (n == 0)
      return r.fail("split_part counts fields from 1, or from -1 backwards; 0 is none");
    if (separator.empty())
      return n == 1 || n == -1 ? s : text_view{};
    if (n > 0) {
      while (--n > 0) {
        const auto at = s.find(separator);
        if (at == text_view::npos)
          return {};
        s.remove_prefix(at + separator.size());
      }
      return s.substr(0, s.find(separator));
    }
    while (++n < 0) {
      const auto at = s.rfind(separator);
      if (at == text_view::npos)
        return {};
      s = s.substr(0, at);
    }
    const auto at = s.rfind(separator);
    return at == text_view::npos ? s : s.substr(at + separator.size());
  })>(c, args);
}

values starts_with(call& c, std::span<const values> args) {
  return each<([](row&, text_view s, text_view prefix) { return s.substr(0, prefix.size()) == prefix; })>(
      c, args);
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
  std::string padding;
  auto missing = width - length;
  const auto fill_length = length_of(fill);
  for (; missing >= fill_length; missing -= fill_length)
    padding += fill;
  padding += characters(fill, 0, missing);
  return r.keep(Front ? padding.append(s) : std::string(s).append(padding));
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
      return too_long(r, "repeat");
    auto* out = r.c.bytes(static_cast<std::size_t>(count) * s.size());
    auto* to = out;
    for (; count > 0; --count)
      to = std::copy(s.begin(), s.end(), to);
    return {out, static_cast<std::size_t>(to - out)};
  })>(c, args);
}

values reverse(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> text_view {
    auto* out = r.c.bytes(s.size());
    auto* to = out + s.size();
    for (std::size_t i = 0; i < s.size();) {
      const auto n = character_length(s, i);
      to -= n;
      std::copy_n(s.data() + i, n, to);
      i += n;
    }
    return {out, s.size()};
  })>(c, args);
}

values md5(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> text_view {
    boost::uuids::detail::md5 hash;
    hash.process_bytes(s.data(), s.size());
    boost::uuids::detail::md5::digest_type digest{};
    hash.get_digest(digest);
    std::string out;
    for (const auto word : digest)
      fmt::format_to(std::back_inserter(out), "{:08x}", word);
    return r.keep(out);
  })>(c, args);
}

values ascii(call& c, std::span<const values> args) {
  return each<([](row&, text_view s) -> std::int64_t {
    if (s.empty())
      return 0;
    const auto n = character_length(s, 0);
    const auto lead = static_cast<unsigned char>(s[0]);
    std::int64_t code = n == 1 ? lead : lead & (0x7FU >> n);
    for (std::size_t i = 1; i < n; ++i)
      code = code << 6 | (static_cast<unsigned char>(s[i]) & 0x3F);
    return code;
  })>(c, args);
}

values chr(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t code) -> text_view {
    if (code <= 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return r.fail(fmt::format("chr({}): there is no such character", code));
    std::string out;
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | (code >> 6));
      tail(0);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | (code >> 12));
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xF0 | (code >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
    return r.keep(out);
  })>(c, args);
}

values to_hex(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t v) {
    return r.keep(fmt::format("{:x}", static_cast<std::uint64_t>(v)));
  })>(c, args);
}

values length(call& c, std::span<const values> args) {
  return each<([](row&, text_view s) { return length_of(s); })>(c, args);
}

template<int BitsPerByte>
values size(call& c, std::span<const values> args) {
  return each<([](row&, text_view s) {
    return static_cast<std::int64_t>(s.size()) * (BitsPerByte == 8 ? 8 : 1);
  })>(c, args);
}

constexpr function of_anything(std::string_view name, kernel run) {
  function f;
  f.name = name;
  f.gives = text;
  f.run = run;
  f.can_fail = true;
  f.strict = false;
  f.any_types = true;
  return f;
}

constexpr auto entries = std::to_array<function>({
    entry("||", {text, text}, text, concatenate, true),
    of_anything("concat", concat),
    of_anything("concat_ws", concat_ws),
    entry("lower", {text}, text, change_case<'A', 'a'>),
    entry("upper", {text}, text, change_case<'a', 'A'>),
    entry("initcap", {text}, text, initcap),
    entry("length", {text}, bigint, length),
    entry("char_length", {text}, bigint, length),
    entry("character_length", {text}, bigint, length),
    entry("octet_length", {text}, bigint, size<1>),
    entry("bit_length", {text}, bigint, size<8>),
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
    entry("replace", {text, text, text}, text, replace, true),
    entry("translate", {text, text, text}, text, translate, true),
    entry("position", {text, text}, bigint, position),
    entry("strpos", {text, text}, bigint, position),
    entry("split_part", {text, text, bigint}, text, split_part, true),
    entry("starts_with", {text, text}, boolean, starts_with),
    entry("^@", {text, text}, boolean, starts_with),
    entry("lpad", {text, bigint}, text, pad_blanks<true>, true),
    entry("lpad", {text, bigint, text}, text, pad<true>, true),
    entry("rpad", {text, bigint}, text, pad_blanks<false>, true),
    entry("rpad", {text, bigint, text}, text, pad<false>, true),
    entry("repeat", {text, bigint}, text, repeat, true),
    entry("reverse", {text}, text, reverse),
    entry("md5", {text}, text, md5),
    entry("ascii", {text}, bigint, ascii),
    entry("chr", {bigint}, text, chr, true),
    entry("to_hex", {bigint}, text, to_hex),
});

}  // namespace

std::span<const function> text_functions() { return entries; }

}  // namespace millrace::expression
