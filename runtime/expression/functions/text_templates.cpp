// format(): a text with places for values, and quoting for SQL; overlay.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/syntax/keywords.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

constexpr std::int64_t widest = 1 << 20;

/// Quotes a text as a literal of SQL.
std::string quoted(text_view s) {
  const bool escapes = s.find('\\') != text_view::npos;
  std::string out = escapes ? "E'" : "'";
  for (const char c : s) {
    if (c == '\'' || c == '\\')
      out += c;
    out += c;
  }
  return out + '\'';
}

/// A text of a template and the place for a value after it.
struct piece {
  std::string text;
  std::size_t argument = 0;  // counts from 1; 0: the template ends without a place
  bool left = false;
  std::int64_t width = 0;
  char what = 's';
};
using pieces = std::vector<piece>;

std::optional<std::int64_t> take_number(text_view& s) {
  std::int64_t v = 0;
  const auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (failed != std::errc{} || s.starts_with('-'))
    return std::nullopt;
  s.remove_prefix(static_cast<std::size_t>(end - s.data()));
  return v;
}

/// Reads a place after its %; returns what is wrong, if anything is. `next` counts the places without a
/// number.
std::optional<std::string> read_place(text_view& s, piece& p, std::size_t& next) {
  auto number = take_number(s);
  if (number && s.starts_with('$')) {
    s.remove_prefix(1);
    if (*number == 0)
      return "format: arguments are counted from 1";
    next = static_cast<std::size_t>(*number) - 1;
    number.reset();
  }
  p.argument = ++next;
  if (!number) {
    for (; s.starts_with('-'); s.remove_prefix(1))
      p.left = true;
    number = take_number(s);
    if (!number && s.starts_with('*'))
      return "format: a width from an argument (*) is not offered; write the width, or use lpad";
  }
  p.width = number.value_or(0);
  if (s.empty())
    return "format: the template ends after a %; write %% for a percent sign";
  p.what = s.front();
  if (p.what != 's' && p.what != 'L')
    return fmt::format("format: the place %{} is not offered; there are %s, %L and %%",
                       data::excerpt(s.substr(0, character_length(s, 0))));
  if (p.width > widest)
    return fmt::format("format: {} is too wide; at most {} are allowed", p.width, widest);
  s.remove_prefix(1);
  return std::nullopt;
}

/// `arguments`: how many there are to be placed.
tl::expected<pieces, std::string> read_template(text_view s, std::size_t arguments) {
  pieces out(1);
  std::size_t next = 0;
  while (!s.empty()) {
    const auto at = s.find('%');
    out.back().text += s.substr(0, at);
    if (at == text_view::npos)
      break;
    s.remove_prefix(at + 1);
    if (s.starts_with('%')) {
      out.back().text += '%';
      s.remove_prefix(1);
      continue;
    }
    if (auto wrong = read_place(s, out.back(), next))
      return tl::unexpected(*std::move(wrong));
    if (next > arguments)
      return tl::unexpected(std::string("format: there are fewer arguments than places"));
    out.emplace_back();
  }
  return out;
}

prepared_or prepare_pieces(constant_texts texts) {
  if (!texts[0])
    return nullptr;
  auto read = read_template(*texts[0], texts.size() - 1);
  if (!read)
    return tl::unexpected(refused_argument{0, std::move(read.error())});
  return std::make_shared<const pieces>(*std::move(read));
}

void put_padded(const piece& p, text_view text, std::string& out) {
  const auto blanks = p.width == 0 ? 0 : p.width - static_cast<std::int64_t>(count_characters(text));
  if (!p.left && blanks > 0)
    out.append(static_cast<std::size_t>(blanks), ' ');
  out += text;
  if (p.left && blanks > 0)
    out.append(static_cast<std::size_t>(blanks), ' ');
}

void put(const piece& p, std::optional<text_view> value, std::string& out) {
  if (p.what == 'L')
    return put_padded(p, value ? quoted(*value) : "NULL", out);
  put_padded(p, value.value_or(""), out);
}

text_view filled(row& r, const pieces& of, std::span<const values> args) {
  auto& out = r.text();
  for (const auto& p : of) {
    out += p.text;
    if (p.argument != 0) {
      const auto& v = args[p.argument];
      put(p, v.present(r.index) ? std::optional(v.get<text_view>(r.index)) : std::nullopt, out);
    }
    if (out.size() > longest_result)
      return r.fail(
          fmt::format("format makes a text that is too long; at most {} bytes are allowed", longest_result));
  }
  return r.keep(out);
}

values format(call& c, std::span<const values> args) {
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    if (!args[0].present(r.index))
      return r.null();
    if (const auto* known = r.prepared<pieces>())
      return filled(r, *known, args);
    const auto read = read_template(args[0].get<text_view>(r.index), args.size() - 1);
    return read ? filled(r, *read, args) : text_view(r.fail(read.error()));
  });
}

values quote_literal(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) { return r.keep(quoted(s)); })>(c, args);
}

/// quote_literal, and a null as the word NULL.
values quote_nullable(call& c, std::span<const values> args) {
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    return args[0].present(r.index) ? r.keep(quoted(args[0].get<text_view>(r.index))) : "NULL";
  });
}
values quote_ident(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) { return r.keep(quoted_identifier(s)); })>(c, args);
}

text_view overlaid(row& r, text_view s, text_view by, std::int64_t from, std::int64_t count) {
  if (from < 1)
    return r.fail(fmt::format("overlay begins at character 1, not at {}", from));
  const auto size = static_cast<std::int64_t>(s.size());
  const auto behind = std::clamp<std::int64_t>(count > size ? size : from - 1 + count, 0, size);
  auto& out = r.text();
  out += s.substr(0, offset_of_character(s, static_cast<std::size_t>(std::min(from - 1, size))));
  out += by;
  out += s.substr(offset_of_character(s, static_cast<std::size_t>(behind)));
  return out.size() > longest_result ? text_view(r.fail("overlay makes a text that is too long"))
                                     : r.keep(out);
}
values overlay(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view by, std::int64_t from) {
    return overlaid(r, s, by, from, static_cast<std::int64_t>(count_characters(by)));
  })>(c, args);
}
values overlay_for(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view by, std::int64_t from, std::int64_t count) {
    return overlaid(r, s, by, from, count);
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    of_anything("format", text, format, prepare_pieces),
    entry("quote_literal", {text}, text, quote_literal),
    not_strict(entry("quote_nullable", {text}, text, quote_nullable)),
    entry("quote_ident", {text}, text, quote_ident),
    entry("overlay", {text, text, bigint}, text, overlay, true),
    entry("overlay", {text, text, bigint, bigint}, text, overlay_for, true),
});

}  // namespace

std::span<const function> text_template_functions() { return entries; }

}  // namespace millrace::expression
