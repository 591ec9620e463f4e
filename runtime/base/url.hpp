// Tells a URL from a path of this machine: a path that begins like one would name a folder called `s3:`.
#pragma once

#include <algorithm>
#include <cctype>
#include <string_view>

namespace millrace {

/// Tells whether the text begins with a scheme, such as s3:// or file://.
[[nodiscard]] inline bool is_url(std::string_view text) {
  const auto scheme = text.substr(0, text.find("://"));
  return !scheme.empty() && scheme.size() < text.size() &&
         std::isalpha(static_cast<unsigned char>(scheme.front())) != 0 &&
         std::all_of(scheme.begin(), scheme.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
         });
}

}  // namespace millrace
