// URLs taken apart and put together, as libcurl does it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::http {

/// Escapes a part of a URL: all characters but letters, digits and "-._~" become %XX, '/' too unless
/// `keep_slashes`.
[[nodiscard]] std::string escaped(std::string_view text, bool keep_slashes = false);

[[nodiscard]] std::string unescaped(std::string_view text);

/// scheme://[user[:password]@]host[:port][/path][?query], taken apart and unescaped.
struct url_parts {
  std::string scheme;
  std::string user;
  std::string password;
  std::string host;
  std::string port;  // empty for the scheme's own
  std::string path;  // "/" for none
  std::vector<std::pair<std::string, std::string>> query;
};
/// Returns nothing for what is no such URL.
[[nodiscard]] std::optional<url_parts> parse_url(const std::string& text);

}  // namespace millrace::http
