#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

namespace millrace {

void append_visible(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // C1 controls are C2 80 to C2 9F in UTF-8; terminals obey them, too.
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0x80 &&
                    static_cast<unsigned char>(text[i + 1]) <= 0x9F;
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (c < 0x20 || c == 0x7F)
      out += fmt::format("\\u{:04x}", c);
    else if (c1)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[++i]));
    else
      out.push_back(text[i]);
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
