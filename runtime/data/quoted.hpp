// A text between quotes as csv and databases read it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace millrace::data {

/// Quotes within the text are doubled.
inline void append_in_quotes(std::string& out, std::string_view text, char quote) {
  out += quote;
  for (const char c : text) {
    if (c == quote)
      out += quote;
    out += c;
  }
  out += quote;
}
[[nodiscard]] inline std::string in_quotes(std::string_view text, char quote) {
  std::string out;
  append_in_quotes(out, text, quote);
  return out;
}

}  // namespace millrace::data
