// Walks over the text of a valid JSON value: where its strings, values and items end. Nothing is built. Callers are what looks into
// json and jsonb.
#pragma once

#include "runtime/base/scan.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::expression::json_items {

[[nodiscard]] inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
[[nodiscard]] inline std::size_t after_blanks(std::string_view s, std::size_t at) {
  while (at < s.size() && is_blank(s[at]))
    ++at;
  return at;
}

/// Gives the place behind the string that begins at the quote.
[[nodiscard]] inline std::size_t after_string(std::string_view s, std::size_t at) {
  for (++at; s[at] != '"'; ++at)
    at += s[at] == '\\';
  return at + 1;
}

/// Gives the place behind the value that begins at `at`.
[[nodiscard]] inline std::size_t after_value(std::string_view s, std::size_t at) {
  if (s[at] == '"')
    return after_string(s, at);
  if (s[at] != '{' && s[at] != '[') {
    while (at < s.size() && s[at] != ',' && s[at] != '}' && s[at] != ']' && !is_blank(s[at]))
      ++at;
    return at;
  }
  for (std::size_t depth = 0;;) {
    const char c = s[at];
    if (c == '"') {
      at = after_string(s, at);
      continue;
    }
    ++at;
    depth += c == '{' || c == '[';
    if ((c == '}' || c == ']') && --depth == 0)
      return at;
  }
}

/// Calls visit(name with its escapes, value) for each member, visit({}, value) for each element.
template<class Visit>
void for_each_item(std::string_view s, Visit visit) {
  auto at = after_blanks(s, 0);
  const bool object = s[at] == '{';
  at = after_blanks(s, at + 1);
  if (s[at] == (object ? '}' : ']'))
    return;
  for (;;) {
    std::string_view name;
    if (object) {
      const auto end = after_string(s, at);
      name = s.substr(at + 1, end - at - 2);
      at = after_blanks(s, after_blanks(s, end) + 1);  // the colon
    }
    const auto end = after_value(s, at);
    if (!visit(name, s.substr(at, end - at)))
      return;
    at = after_blanks(s, end);
    if (s[at] != ',')
      return;
    at = after_blanks(s, at + 1);
  }
}

[[nodiscard]] inline std::uint32_t four_digits(std::string_view s, std::size_t at) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i)
    v = v << 4 | static_cast<std::uint32_t>(hex_value(s[at + i]));
  return v;
}

/// The code point of the escape \u.... at `at`, and of a second one where they are surrogates; `at` moves behind them. 0 for
/// NUL and lone surrogates.
[[nodiscard]] inline char32_t take_code_point(std::string_view s, std::size_t& at) {
  char32_t code = four_digits(s, at + 2);
  at += 6;
  if (code >= 0xD800 && code < 0xDC00 && s.substr(at, 2) == "\\u") {
    const auto low = four_digits(s, at + 2);
    if (low < 0xDC00 || low >= 0xE000)
      return 0;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    at += 6;
  }
  return code >= 0xD800 && code < 0xE000 ? 0 : code;
}

}  // namespace millrace::expression::json_items
