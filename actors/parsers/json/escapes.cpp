#include "actors/parsers/json/escapes.hpp"

#include "runtime/data/text_encoding.hpp"

#include <cstdint>
#include <optional>

namespace millrace::parser {
namespace {

std::optional<std::uint32_t> take_hex4(std::string_view& s) {
  if (s.size() < 4)
    return std::nullopt;
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = s[static_cast<std::size_t>(i)];
    if (c >= '0' && c <= '9')
      value = value * 16 + static_cast<std::uint32_t>(c - '0');
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
      value = value * 16 + static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
    else
      return std::nullopt;
  }
  s.remove_prefix(4);
  return value;
}

/// Takes the code point that follows `\u`; two escapes are one where the first is a high surrogate.
std::optional<std::uint32_t> take_code_point(std::string_view& s) {
  const auto first = take_hex4(s);
  if (!first || *first < 0xD800 || *first > 0xDFFF)
    return first;
  if (*first > 0xDBFF || !s.starts_with("\\u"))
    return std::nullopt;
  s.remove_prefix(2);
  const auto second = take_hex4(s);
  if (!second || *second < 0xDC00 || *second > 0xDFFF)
    return std::nullopt;
  return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
}

constexpr std::string_view short_names = "\"\\/bfnrt";
constexpr std::string_view short_values = "\"\\/\b\f\n\r\t";

bool replace(std::string_view body, std::string* out) {
  for (;;) {
    const auto at = body.find('\\');
    if (out)
      out->append(body.substr(0, at));
    if (at == std::string_view::npos)
      return true;
    if (at + 1 >= body.size())
      return false;
    const char name = body[at + 1];
    body.remove_prefix(at + 2);
    if (name == 'u') {
      const auto c = take_code_point(body);
      if (!c)
        return false;
      if (out)
        data::append_utf8(*out, *c);
    } else {
      const auto known = short_names.find(name);
      if (known == std::string_view::npos)
        return false;
      if (out)
        out->push_back(short_values[known]);
    }
  }
}

}  // namespace

bool escapes_nul(std::string_view body) {
  for (auto at = body.find('\\'); at != std::string_view::npos; at = body.find('\\', at + 2))
    if (body.substr(at, 6) == "\\u0000")
      return true;
  return false;
}

bool valid_escapes(std::string_view body) { return replace(body, nullptr); }
bool unescape(std::string_view body, std::string& out) { return replace(body, &out); }

}  // namespace millrace::parser
