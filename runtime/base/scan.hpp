// These functions take short texts apart from the front: durations, timestamps.
#pragma once

#include <string_view>

namespace millrace {

[[nodiscard]] inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Blanks and tabs.
inline void skip_blanks(std::string_view& s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t'))
    s.remove_prefix(1);
}

/// Whether this was next; then it is gone.
inline bool take(std::string_view& s, char c) {
  if (s.empty() || s.front() != c)
    return false;
  s.remove_prefix(1);
  return true;
}

}  // namespace millrace
