#include "runtime/base/visible_text.hpp"

#include "runtime/base/utf8_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <unistd.h>
#include <utility>

namespace millrace {
namespace {

struct range {
  std::uint32_t first, last;
};
/// Ascending. Terminals obey C1 controls as they obey those of ASCII; marks of direction show a text in another
/// order than it has; the others take no room, so that two names look alike.
constexpr auto without_shape = std::to_array<range>({{0x00, 0x1F},        // C0
                                                     {0x7F, 0x9F},        // DEL, C1
                                                     {0xAD, 0xAD},        // soft hyphen
                                                     {0x61C, 0x61C},      // Arabic letter mark
                                                     {0x115F, 0x1160},    // Hangul fillers
                                                     {0x180E, 0x180E},    // Mongolian vowel separator
                                                     {0x200B, 0x200B},    // zero width space
                                                     {0x200E, 0x200F},    // marks of direction
                                                     {0x2028, 0x202E},    // line ends; embeddings, overrides
                                                     {0x2060, 0x206F},    // word joiner; isolates
                                                     {0x3164, 0x3164},    // Hangul filler
                                                     {0xFEFF, 0xFEFF},    // zero width no-break space
                                                     {0xFFA0, 0xFFA0},    // Hangul filler
                                                     {0xFFF9, 0xFFFB},    // interlinear annotations
                                                     {0x1D173, 0x1D17A},  // signs of music
                                                     {0xE0000, 0xE007F}});  // tags

bool is_without_shape(std::uint32_t c) {
  const auto* const at = std::ranges::lower_bound(without_shape, c, {}, &range::last);
  return at != without_shape.end() && at->first <= c;
}

/// The text is one whole character.
std::uint32_t code_point(std::string_view character) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(character[i]));
  };
  switch (character.size()) {
  case 1:
    return byte(0);
  case 2:
    return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
  case 3:
    return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
  default:
    return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U | (byte(3) & 0x3FU);
  }
}

void append_escape(std::string& out, std::uint32_t c) {
  if (c == '\n' || c == '\r' || c == '\t')
    out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
  else if (c > 0xFFFF)
    out +=
        fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((c - 0x10000) >> 10U), 0xDC00 + ((c - 0x10000) & 0x3FFU));
  else
    out += fmt::format("\\u{:04x}", c);
}

/// `kept`: characters of ASCII that stay.
void append(std::string& out, std::string_view text, std::string_view kept) {
  const auto stays = [&](char c) {
    return (c >= 0x20 && c < 0x7F) || kept.find(c) != std::string_view::npos;
  };
  while (!text.empty()) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, stays) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty())
      return;
    const auto n = character_length(text);
    const auto c = n == 0 ? 0 : code_point(text.substr(0, n));
    if (n == 0)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    else if (is_without_shape(c))
      append_escape(out, c);
    else
      out += text.substr(0, n);
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
}

}  // namespace

void append_visible(std::string& out, std::string_view text) { append(out, text, {}); }

std::string visible(std::string_view text) {
  std::string out;
  append(out, text, {});
  return out;
}

std::string visible_lines(std::string_view text) {
  std::string out;
  append(out, text, "\n\t");
  return out;
}

std::string lines_for(int descriptor, std::string lines) {
  return ::isatty(descriptor) != 0 ? visible_lines(lines) : std::move(lines);
}

}  // namespace millrace
