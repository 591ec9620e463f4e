#include "runtime/base/visible_text.hpp"

#include "runtime/base/utf8_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace {

void append_visible(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto n = character_length(text);
    const auto c = static_cast<unsigned char>(text.front());
    // C1 controls are C2 80 to C2 9F in UTF-8; terminals obey them, too.
    const bool c1 = n == 2 && c == 0xC2 && static_cast<unsigned char>(text[1]) <= 0x9F;
    if (n == 0)
      out += valid_utf8(text.substr(0, 1));
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (c < 0x20 || c == 0x7F)
      out += fmt::format("\\u{:04x}", c);
    else if (c1)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[1]));
    else
      out += text.substr(0, n);
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
}

std::string visible(std::string_view text) {
  std::string out;
  append_visible(out, text);
  return out;
}

std::string visible_lines(std::string_view text) {
  std::string out;
  for (;;) {
    const auto feed = text.find('\n');
    append_visible(out, text.substr(0, feed));
    if (feed == std::string_view::npos)
      return out;
    out.push_back('\n');
    text.remove_prefix(feed + 1);
  }
}

}  // namespace millrace
