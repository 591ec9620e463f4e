// The operators like and ilike.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/case_mapping.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/searching.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

enum class matching : std::uint8_t { yes, no, bad_pattern, costly };

/// A part between two % that is no plain text is looked for at each place of the text.
constexpr std::size_t longest_part = 1'000;

/// The part of a pattern that begins there, up to the next % or the end; `is_plain`: it stands for itself.
text_view part_at(text_view pattern, std::size_t begin, bool& is_plain) {
  is_plain = true;
  auto end = begin;
  for (; end < pattern.size() && pattern[end] != '%'; ++end) {
    is_plain = is_plain && pattern[end] != '_' && pattern[end] != '\\';
    end += pattern[end] == '\\' && end + 1 < pattern.size() ? 1 : 0;
  }
  return pattern.substr(begin, end - begin);
}

/// Greedy with one point to come back to, the last %: what stands behind it first fits at the first place that does.
matching like(text_view s, text_view pattern) {
  std::size_t i = 0;
  std::size_t p = 0;
  auto back_p = text_view::npos;  // after the last %
  std::size_t back_i = 0;
  while (true) {
    bool fits = false;
    if (p < pattern.size() && pattern[p] == '%') {
      back_p = ++p;
      back_i = i;
      bool is_plain = true;
      const auto part = part_at(pattern, p, is_plain);
      const bool is_last = p + part.size() == pattern.size();
      if (!is_plain && part.size() > longest_part)
        return matching::costly;
      if (is_plain && is_last)
        return s.size() - i >= part.size() && s.ends_with(part) ? matching::yes : matching::no;
      if (is_plain) {
        const auto at = find_part(s, part, i);
        if (at == text_view::npos)
          return matching::no;
        i = at + part.size();
        p += part.size();
      }
      continue;
    }
    if (p == pattern.size()) {
      if (i == s.size())
        return matching::yes;
    } else if (pattern[p] == '\\') {
      if (p + 1 == pattern.size())
        return i < s.size() ? matching::bad_pattern : matching::no;
      fits = i < s.size() && s[i] == pattern[p + 1];
      if (fits) {
        ++i;
        p += 2;
      }
    } else if (pattern[p] == '_') {
      fits = i < s.size();
      if (fits) {
        i += character_length(s, i);
        ++p;
      }
    } else {
      fits = i < s.size() && s[i] == pattern[p];
      if (fits) {
        ++i;
        ++p;
      }
    }
    if (fits)
      continue;
    if (back_p == text_view::npos || back_i >= s.size())
      return matching::no;
    back_i += character_length(s, back_i);
    i = back_i;
    p = back_p;
  }
}

template<bool Fold, bool Negated>
values like_kernel(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view pattern) -> bool {
    const auto found = Fold ? like(lower_case(s), lower_case(pattern)) : like(s, pattern);
    if (found == matching::bad_pattern)
      return r.fail(
          fmt::format("the like pattern '{}' ends with its escape character", data::excerpt(pattern)));
    if (found == matching::costly)
      return r.fail(fmt::format("the like pattern '{}' has a part with _ or an escape that is too long; at "
                                "most {} bytes are allowed",
                                data::excerpt(pattern), longest_part));
    return (found == matching::yes) != Negated;
  })>(c, args);
}

/// A pattern with another escape character (or none, where empty) as one with backslashes.
values like_escape(call& c, std::span<const values> args) {
  return each<([](row& r, text_view pattern, text_view escape) -> text_view {
    if (count_characters(escape) > 1)
      return r.fail(
          fmt::format("'{}' is not an escape character; one character is expected", data::excerpt(escape)));
    if (escape == "\\")
      return pattern;
    std::string out;
    bool escaped = false;
    for (std::size_t i = 0; i < pattern.size(); i += character_length(pattern, i)) {
      const auto character = pattern.substr(i, character_length(pattern, i));
      if (character == escape && !escaped) {
        out += '\\';
        escaped = true;
      } else {
        if (character == "\\" && !escaped)
          out += '\\';
        out += character;
        escaped = false;
      }
    }
    return r.keep(out);
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("~~", {text, text}, boolean, like_kernel<false, false>, true),
    entry("!~~", {text, text}, boolean, like_kernel<false, true>, true),
    entry("~~*", {text, text}, boolean, like_kernel<true, false>, true),
    entry("!~~*", {text, text}, boolean, like_kernel<true, true>, true),
    entry("like_escape", {text, text}, text, like_escape, true),
});

}  // namespace

std::span<const function> pattern_functions() { return entries; }

}  // namespace millrace::expression
