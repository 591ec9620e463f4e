#include "actors/connectors/http/client/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <curl/curl.h>
#include <memory>

namespace millrace::http {
namespace {

struct curl_deleter {
  void operator()(char* p) const { curl_free(p); }
  void operator()(CURLU* p) const { curl_url_cleanup(p); }
};

}  // namespace

std::string escaped(std::string_view text, bool keep_slashes) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || (keep_slashes && c == '/');
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string unescaped(std::string_view text) {
  int size = 0;
  const std::unique_ptr<char, curl_deleter> plain(
      curl_easy_unescape(nullptr, text.data(), static_cast<int>(text.size()), &size));
  return plain ? std::string(plain.get(), static_cast<std::size_t>(size)) : std::string(text);
}

std::optional<url_parts> parse_url(const std::string& text) {
  const std::unique_ptr<CURLU, curl_deleter> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return std::nullopt;
  const auto part = [&](CURLUPart which) {
    char* got = nullptr;
    if (curl_url_get(url.get(), which, &got, 0) != CURLUE_OK)
      return std::string();
    const std::unique_ptr<char, curl_deleter> owned(got);
    return std::string(got);
  };
  url_parts p;
  p.scheme = part(CURLUPART_SCHEME);
  p.user = unescaped(part(CURLUPART_USER));
  p.password = unescaped(part(CURLUPART_PASSWORD));
  p.host = part(CURLUPART_HOST);
  p.port = part(CURLUPART_PORT);
  p.path = unescaped(part(CURLUPART_PATH));
  const auto query = part(CURLUPART_QUERY);
  for (std::string_view left = query; !left.empty();) {
    const auto end = std::min(left.find('&'), left.size());
    const auto one = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    const auto equals = std::min(one.find('='), one.size());
    p.query.emplace_back(unescaped(one.substr(0, equals)),
                         unescaped(one.substr(std::min(equals + 1, one.size()))));
  }
  return p;
}

}  // namespace millrace::http
