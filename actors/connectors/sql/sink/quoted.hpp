// A name as databases read it between quotes.
#pragma once

#include <string>
#include <string_view>

namespace millrace::sink::sql {

/// Quotes within the text are doubled.
[[nodiscard]] inline std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote)
      out += quote;
    out += c;
  }
  return out + quote;
}

}  // namespace millrace::sink::sql
