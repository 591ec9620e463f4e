// These functions take short texts apart from the front: durations, timestamps. Letters are ASCII's.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace millrace {

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
/// Returns the value of a hexadecimal digit; -1: it is none.
[[nodiscard]] constexpr int hex_value(char c) {
  return is_digit(c)            ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}
/// Blanks include breaks of line and page.
[[nodiscard]] inline bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
[[nodiscard]] inline char lower_letter(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Blanks and tabs.
inline void skip_blanks(std::string_view& s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t'))
    s.remove_prefix(1);
}

/// Removes the character if it comes next; returns whether it did.
inline bool take(std::string_view& s, char c) {
  if (s.empty() || s.front() != c)
    return false;
  s.remove_prefix(1);
  return true;
}

/// The digits that come next, perhaps none; then they are gone.
[[nodiscard]] inline std::string_view take_digits(std::string_view& s) {
  std::size_t n = 0;
  while (n < s.size() && is_digit(s[n]))
    ++n;
  const auto out = s.substr(0, n);
  s.remove_prefix(n);
  return out;
}

/// The line that comes next, without its line feed; then both are gone.
[[nodiscard]] inline std::string_view take_line(std::string_view& s) {
  const auto end = std::min(s.find('\n'), s.size());
  const auto line = s.substr(0, end);
  s.remove_prefix(std::min(end + 1, s.size()));
  return line;
}

/// Takes the number that comes next, with the blank after it or up to the end. False: there is no such
/// number.
template<class T>
[[nodiscard]] bool take_field(std::string_view& line, T& value, int base = 10) {
  const auto* const end = line.data() + line.size();
  const auto [at, problem] = std::from_chars(line.data(), end, value, base);
  if (problem != std::errc() || (at != end && *at != ' '))
    return false;
  line.remove_prefix(std::min(static_cast<std::size_t>(at - line.data()) + 1, line.size()));
  return true;
}

}  // namespace millrace
