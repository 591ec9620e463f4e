// Percent-encoding of URIs, RFC 3986, 2.1: %XX stands for a byte.
#pragma once

#include "runtime/base/scan.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// The byte that the text begins with as %XX; nullopt: it begins with something else.
[[nodiscard]] constexpr std::optional<char> percent_byte(std::string_view s) {
  if (s.size() < 3 || s[0] != '%' || hex_value(s[1]) < 0 || hex_value(s[2]) < 0)
    return std::nullopt;
  return static_cast<char>(hex_value(s[1]) * 16 + hex_value(s[2]));
}

/// Unreserved characters stay.
[[nodiscard]] std::string percent_encoded(std::string_view text, bool upper_case = true);
/// A % that begins no %XX stays.
[[nodiscard]] std::string percent_decoded(std::string_view text);
/// nullopt: there is a % that begins no %XX.
[[nodiscard]] std::optional<std::string> strictly_percent_decoded(std::string_view text);

}  // namespace millrace
