// Text as HTML and XML have it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

[[nodiscard]] inline std::string in_markup(std::string_view text) {
  std::string out;
  for (const char c : text)
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
    }
  return out;
}

}  // namespace millrace
