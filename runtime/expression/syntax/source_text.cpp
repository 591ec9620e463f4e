#include "runtime/expression/syntax/source_text.hpp"

#include "runtime/base/edit_distance.hpp"

#include <algorithm>

namespace millrace::expression {
namespace {

bool starts_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_identifier(char c) { return starts_identifier(c) || (c >= '0' && c <= '9') || c == '$'; }

}  // namespace

std::size_t count_characters(std::string_view s) {
  return static_cast<std::size_t>(std::count_if(
      s.begin(), s.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::size_t offset_of_character(std::string_view s, std::size_t n) {
  std::size_t at = 0;
  for (; at < s.size(); ++at) {
    if ((static_cast<unsigned char>(s[at]) & 0xC0) == 0x80)
      continue;
    if (n == 0)
      break;
    --n;
  }
  return at;
}

std::size_t first_invalid_utf8(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    const auto b = [&](std::size_t k) { return static_cast<unsigned char>(s[i + k]); };
    const auto lead = b(0);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t n = lead >= 0xC2 && lead < 0xE0   ? 2
                          : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xF0 && lead < 0xF5 ? 4
                                                        : 0;
    if (n == 0 || i + n > s.size())
      return i;
    for (std::size_t k = 1; k < n; ++k)
      if ((b(k) & 0xC0) != 0x80)
        return i;
    if ((lead == 0xE0 && b(1) < 0xA0) || (lead == 0xED && b(1) > 0x9F) || (lead == 0xF0 && b(1) < 0x90) ||
        (lead == 0xF4 && b(1) > 0x8F))
      return i;
    i += n;
  }
  return std::string_view::npos;
}

std::string fold(std::string_view s) {
  std::string out(s);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (std::string_view(" \t\r\n\f\v").find(text[at]) != std::string_view::npos) {
      ++at;
    } else if (text.substr(at, 2) == "--") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*") {
      const auto end = text.find("*/", at);
      at = end == std::string_view::npos ? text.size() : end + 2;
    } else {
      break;
    }
  }
  return at;
}

std::string_view word_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || !starts_identifier(text[at]))
    return {};
  auto end = at;
  while (end < text.size() && continues_identifier(text[end]))
    ++end;
  return text.substr(at, end - at);
}

std::vector<name_part> names_at(std::string_view text, std::size_t at) {
  std::vector<name_part> out;
  while (true) {
    if (at < text.size() && text[at] == '"') {
      std::string name;
      for (++at; at < text.size(); ++at) {
        if (text[at] == '"') {
          if (text.substr(at, 2) != "\"\"")
            break;
          ++at;
        }
        name += text[at];
      }
      ++at;
      out.push_back({std::move(name), true});
    } else {
      const auto word = word_at(text, at);
      // U&"..." is spelt with escapes: the parser's reading stands
      if (word.empty() || (word.size() == 1 && text.substr(at + 1, 2) == "&\""))
        return {};
      out.push_back({std::string(word), false});
      at += word.size();
    }
    const auto dot = skip_blanks(text, at);
    if (dot >= text.size() || text[dot] != '.')
      return out;
    at = skip_blanks(text, dot + 1);
  }
}

/// Each name that is not found is compared with all; a table of more columns has no suggestion.
constexpr std::size_t most_compared = 2'000;
/// A name that is longer is no mistyped one: it may be a text of a record, and the comparison is quadratic.
constexpr std::size_t longest_compared = 256;

std::string_view closest(std::string_view name, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  if (candidates.size() > most_compared || name.size() > longest_compared)
    return best;
  auto least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const auto c : candidates) {
    const auto d = edit_distance(name, c);
    if (d < least) {
      least = d;
      best = c;
    }
  }
  return best;
}

}  // namespace millrace::expression
