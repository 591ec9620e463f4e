// ASCII's letters in lower case; every other byte stays as it is. Pure, thread-safe.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace millrace {

[[nodiscard]] constexpr char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] inline std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower_case(c); });
  return out;
}
/// Tells whether the texts differ in nothing but the case of such letters.
[[nodiscard]] constexpr bool is_same_but_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower_case(x) == lower_case(y); });
}

}  // namespace millrace
