// Functions on text. Positions and lengths count characters (UTF-8).
#include "runtime/base/hex_digits.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/case_mapping.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/searching.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <boost/uuid/detail/md5.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

row::nothing too_long(row& r, std::string_view name) {
  return r.fail(
      fmt::format("{} makes a text that is too long; at most {} bytes are allowed", name, longest_result));
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
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    if (separated && !args[0].present(r.index))
      return r.null();
    auto& joined = r.text();
    bool first = true;
    for (std::size_t a = separated ? 1 : 0; a < args.size(); ++a) {
      if (!args[a].present(r.index))
        continue;
      if (separated && !first)
        joined += args[0].get<text_view>(r.index);
      first = false;
      joined += args[a].get<text_view>(r.index);
    }
    if (joined.size() > longest_result)
      return too_long(r, separated ? "concat_ws" : "concat");
    return r.keep(joined);
  });
}
values concat(call& c, std::span<const values> args) { return join(c, args, false); }
values concat_ws(call& c, std::span<const values> args) { return join(c, args, true); }

values lower(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> text_view { return r.keep(lower_case(s)); })>(c, args);
}
values upper(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> text_view { return r.keep(upper_case(s)); })>(c, args);
}
values initcap(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> text_view { return r.keep(capitalised(s)); })>(c, args);
}

values replace(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view what, text_view by) -> text_view {
    auto at = what.empty() ? text_view::npos : find_part(s, what);
    if (at == text_view::npos)
      return s;
    auto& out = r.text();
    std::size_t from = 0;
    for (; at != text_view::npos; at = find_part(s, what, from)) {
      out.append(s, from, at - from).append(by);
      from = at + what.size();
      if (out.size() > longest_result)
        return too_long(r, "replace");
    }
    return r.keep(out.append(s, from));
  })>(c, args);
}

struct characters_in_order {
  explicit characters_in_order(text_view text) {
    for (std::size_t i = 0; i < text.size(); i += all.back().size())
      all.push_back(text.substr(i, character_length(text, i)));
  }
  std::vector<text_view> all;
};
values translate(call& c, std::span<const values> args) {
  kept_of_text<numbered_characters> replaced;
  kept_of_text<characters_in_order> by;
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    const auto s = args[0].get<text_view>(r.index);
    const auto& numbers = replaced.of(args[1].get<text_view>(r.index));
    const auto& others = by.of(args[2].get<text_view>(r.index)).all;
    auto& out = r.text();
    std::size_t length = 0;
    for (std::size_t i = 0; i < s.size(); i += length) {
      length = character_length(s, i);
      const auto character = s.substr(i, length);
      const auto number = numbers.number_of(character);
      if (!number)
        out += character;
      else if (*number < others.size())
        out += others[*number];
    }
    if (out.size() > longest_result)
      return too_long(r, "translate");
    return r.keep(out);
  });
}

values position(call& c, std::span<const values> args) {
  return each<([](row&, text_view s, text_view what) -> std::int64_t {
    const auto at = find_part(s, what);
    return at == text_view::npos ? 0 : length_of(s.substr(0, at)) + 1;
  })>(c, args);
}

values starts_with(call& c, std::span<const values> args) {
  return each<([](row&, text_view s, text_view prefix) { return s.substr(0, prefix.size()) == prefix; })>(
      c, args);
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
    if (!s.empty())  // Boost copies from the pointer, which may be null
      hash.process_bytes(s.data(), s.size());
    boost::uuids::detail::md5::digest_type digest{};
    hash.get_digest(digest);
    auto* const out = r.c.bytes(32);
    auto* to = out;
    for (const std::uint32_t four_bytes : digest)  // the highest first
      for (int shift = 24; shift >= 0; shift -= 8)
        to = put_hex(to, static_cast<std::uint8_t>(four_bytes >> shift));
    return {out, 32};
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
    auto& out = r.text();
    data::append_utf8(out, static_cast<char32_t>(code));
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

constexpr auto entries = std::to_array<function>({
    entry("||", {text, text}, text, concatenate, true),
    of_anything("concat", text, concat),
    of_anything("concat_ws", text, concat_ws),
    entry("lower", {text}, text, lower),
    entry("upper", {text}, text, upper),
    entry("initcap", {text}, text, initcap),
    entry("length", {text}, bigint, length),
    entry("char_length", {text}, bigint, length),
    entry("character_length", {text}, bigint, length),
    entry("octet_length", {text}, bigint, size<1>),
    entry("bit_length", {text}, bigint, size<8>),
    entry("replace", {text, text, text}, text, replace, true),
    entry("translate", {text, text, text}, text, translate, true),
    entry("position", {text, text}, bigint, position),
    entry("strpos", {text, text}, bigint, position),
    entry("starts_with", {text, text}, boolean, starts_with),
    entry("^@", {text, text}, boolean, starts_with),
    entry("reverse", {text}, text, reverse),
    entry("md5", {text}, text, md5),
    entry("ascii", {text}, bigint, ascii),
    entry("chr", {bigint}, text, chr, true),
    entry("to_hex", {bigint}, text, to_hex),
});

}  // namespace

std::span<const function> text_functions() { return entries; }

}  // namespace millrace::expression
