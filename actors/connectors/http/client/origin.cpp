#include "actors/connectors/http/client/origin.hpp"

#include "actors/connectors/http/client/url.hpp"

#include <algorithm>
#include <curl/curl.h>
#include <memory>

namespace millrace::http {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return text;
}

std::string port_of(const url_parts& url) {
  return !url.port.empty() ? url.port : url.scheme == "https" ? "443" : "80";
}

}  // namespace

std::string resolved(const std::string& url, const std::string& location) {
  struct release {
    void operator()(CURLU* p) const { curl_url_cleanup(p); }
    void operator()(char* p) const { curl_free(p); }
  };
  const std::unique_ptr<CURLU, release> parts(curl_url());
  char* whole = nullptr;
  if (curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_set(parts.get(), CURLUPART_URL, location.c_str(),
                   CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) != CURLUE_OK ||
      curl_url_get(parts.get(), CURLUPART_URL, &whole, 0) != CURLUE_OK)
    return location;
  const std::unique_ptr<char, release> owned(whole);
  return whole;
}

onward onward_from(const std::string& url, const std::string& to) {
  auto a = parse_url(url);
  auto b = parse_url(to);
  if (!a || !b)
    return onward::nothing;
  a->scheme = lower(a->scheme);
  b->scheme = lower(b->scheme);
  if (b->scheme != "https" && (b->scheme != "http" || a->scheme == "https"))
    return onward::nothing;
  return a->scheme == b->scheme && lower(a->host) == lower(b->host) && port_of(*a) == port_of(*b)
             ? onward::all
             : onward::bare;
}

}  // namespace millrace::http
