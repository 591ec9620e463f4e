#include "actors/connectors/http/stream/answer.hpp"

#include "runtime/base/lower_case.hpp"
#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::source {
namespace {

std::string_view remedy(long status) {
  switch (status) {
  case 401:
    return "give credentials in `headers`";
  case 403:
    return "these credentials may not read it; check `headers`";
  case 404:
  case 410:
    return "there is no such stream; check `url`";
  default:
    return "check `url` and `headers`";
  }
}

}  // namespace

expected<void> judge(const std::string& shown_url, long status, std::string_view content_type) {
  const auto type = lower_case(content_type.substr(0, content_type.find(';')));
  if (status == 200 && type != "text/html")
    return {};
  auto text = fmt::format("{} answered with status {}{}", shown_url, status,
                          type.empty() ? std::string() : fmt::format(", {}", visible(type)));
  if (status == 200)
    return outside_error(ec::unavailable,
                         text + ": a page for people, not a stream of records; check `url`, and "
                                "whether a proxy or a log-in page answers for it");
  const bool passes = status < 400 || status >= 500 || status == 408 || status == 425 || status == 429;
  if (passes)
    return outside_error(ec::unavailable, text);
  return user_error(ec::refused, fmt::format("{}; {}", text, remedy(status)));
}

std::string shown(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos)
    return std::string(url);
  const auto host = scheme + 3;
  const auto path = std::min(url.find('/', host), url.size());
  const auto user = url.substr(0, path).rfind('@');
  if (user == std::string_view::npos || user < host)
    return std::string(url);
  return std::string(url.substr(0, host)).append(url.substr(user + 1));
}

std::string with_parameter(std::string url, const std::string& name, const std::string& value) {
  const auto fragment = url.find('#');
  if (fragment != std::string::npos)
    url.resize(fragment);
  return url + (url.find('?') == std::string::npos ? '?' : '&') + name + '=' + value;
}

}  // namespace millrace::source
