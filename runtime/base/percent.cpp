#include "runtime/base/percent.hpp"

namespace millrace {
namespace {

std::optional<std::string> decoded(std::string_view text, bool strictly) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = percent_byte(text.substr(i));
    if (!byte && strictly && text[i] == '%')
      return std::nullopt;
    out += byte.value_or(text[i]);
    i += byte ? 2 : 0;
  }
  return out;
}

}  // namespace

std::string percent_encoded(std::string_view text, bool upper_case) {
  const std::string_view digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_digit(c) || is_letter(c) || c == '-' || c == '.' || c == '_' || c == '~')
      out += c;
    else
      out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return out;
}

std::string percent_decoded(std::string_view text) { return *decoded(text, false); }

std::optional<std::string> strictly_percent_decoded(std::string_view text) { return decoded(text, true); }

}  // namespace millrace
