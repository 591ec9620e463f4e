// format(): a text with places for values, and quoting for SQL; overlay.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

constexpr std::int64_t widest = 1 << 20;

/// As a literal of SQL.
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

/// One place of a template, behind its %.
struct place {
  std::optional<std::size_t> argument;  // from 1
  bool left = false;
  std::optional<std::int64_t> width;
  char what = 's';
};

std::optional<std::int64_t> take_number(text_view& s) {
  std::int64_t v = 0;
  const auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (failed != std::errc{} || s.starts_with('-'))
    return std::nullopt;
  s.remove_prefix(static_cast<std::size_t>(end - s.data()));
  return v;
}

/// Fills the places of one row; what is wrong, or nothing.
class filler {
public:
  filler(std::span<const values> args, std::size_t row) : args_(args), row_(row) {}

  std::optional<std::string> fill(text_view s, std::string& out) {
    while (!s.empty()) {
      const auto at = s.find('%');
      out += s.substr(0, at);
      if (at == text_view::npos)
        break;
      s.remove_prefix(at + 1);
      if (s.starts_with('%')) {
        out += '%';
        s.remove_prefix(1);
        continue;
      }
      place p;
      if (auto wrong = read(s, p))
        return wrong;
      if (auto wrong = put(p, out))
        return wrong;
      if (out.size() > longest_result)
        return fmt::format("format makes a text that is too long; at most {} bytes are allowed",
                           longest_result);
    }
    return std::nullopt;
  }

private:
  static std::optional<std::string> read(text_view& s, place& p) {
    auto number = take_number(s);
    if (number && s.starts_with('$')) {
      s.remove_prefix(1);
      p.argument = static_cast<std::size_t>(*number);
      number.reset();
    }
    if (number) {
      p.width = number;
    } else {
      for (; s.starts_with('-'); s.remove_prefix(1))
        p.left = true;
      p.width = take_number(s);
      if (!p.width && s.starts_with('*'))
        return "format: a width from an argument (*) is not offered; write the width, or use lpad";
    }
    if (s.empty())
      return "format: the template ends behind a %; write %% for a percent sign";
    p.what = s.front();
    if (p.what != 's' && p.what != 'L')
      return fmt::format("format: there is no place %{}; there are %s, %L and %%",
                         data::excerpt(s.substr(0, character_length(s, 0))));
    if (p.argument == std::size_t{0})
      return "format: arguments are counted from 1";
    if (p.width && *p.width > widest)
      return fmt::format("format: {} is too wide; at most {} are allowed", *p.width, widest);
    s.remove_prefix(1);
    return std::nullopt;
  }

  std::optional<std::string> put(const place& p, std::string& out) {
    next_ = p.argument.value_or(next_ + 1);
    if (next_ >= args_.size())
      return "format: there are fewer arguments than places";
    const auto& v = args_[next_];
    std::string text;
    if (!v.present(row_))
      text = p.what == 'L' ? "NULL" : "";
    else
      text = p.what == 'L' ? quoted(v.get<text_view>(row_)) : std::string(v.get<text_view>(row_));
    const auto missing = p.width.value_or(0) - static_cast<std::int64_t>(count_characters(text));
    const std::string blanks(static_cast<std::size_t>(std::max<std::int64_t>(missing, 0)), ' ');
    out += p.left ? text + blanks : blanks + text;
    return std::nullopt;
  }

  std::span<const values> args_;
  std::size_t row_;
  std::size_t next_ = 0;
};

values format(call& c, std::span<const values> args) {
  return each_wanted<text_view>(c, [&](row& r) -> text_view {
    if (!args[0].present(r.index))
      return r.null();
    std::string text;
    if (auto wrong = filler(args, r.index).fill(args[0].get<text_view>(r.index), text))
      return r.fail(*std::move(wrong));
    return r.keep(text);
  });
}

values quote_literal(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) { return r.keep(quoted(s)); })>(c, args);
}

text_view overlaid(row& r, text_view s, text_view by, std::int64_t from, std::int64_t count) {
  if (from < 1)
    return r.fail(fmt::format("overlay begins at character 1, not at {}", from));
  const auto size = static_cast<std::int64_t>(s.size());
  const auto behind = std::clamp<std::int64_t>(count > size ? size : from - 1 + count, 0, size);
  std::string out(s.substr(0, offset_of_character(s, static_cast<std::size_t>(std::min(from - 1, size)))));
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
    of_anything("format", text, format),
    entry("quote_literal", {text}, text, quote_literal),
    entry("overlay", {text, text, bigint}, text, overlay, true),
    entry("overlay", {text, text, bigint, bigint}, text, overlay_for, true),
});

}  // namespace

std::span<const function> text_template_functions() { return entries; }

}  // namespace millrace::expression
