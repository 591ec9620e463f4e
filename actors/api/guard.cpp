#include "actors/api/guard.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/http/own_host.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::api {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t shown_host = 100;

/// The value of a header; nothing where it is missing, or is there twice and so says nothing certain.
std::optional<std::string_view> only_header(const http::incoming_request& r, std::string_view name) {
  std::optional<std::string_view> out;
  for (const auto& [n, value] : r.headers)
    if (http::same_name(n, name)) {
      if (out)
        return std::nullopt;
      out = value;
    }
  return out;
}

bool has_header(const http::incoming_request& r, std::string_view name) {
  return std::ranges::any_of(r.headers,
                             [&](const http::header& h) { return http::same_name(h.first, name); });
}

/// No browser leaves the name out, and a probe by HTTP/1.0 may.
bool is_for_this_node(const guard_rules& rules, const http::incoming_request& r, bool has_secrets,
                      const ip::address& local) {
  if (r.host.empty() && r.is_1_0 && !has_secrets)
    return true;
  const auto parsed = http::parse_host(r.host);
  if (!parsed)
    return false;
  auto name = http::without_brackets(parsed->host);
  if (name.ends_with('.'))
    name.remove_suffix(1);
  return http::is_own_host(name, rules.names, local);
}

http_refusal not_ours(const http::incoming_request& r) {
  return {421,
          fmt::format("this server does not answer for \"{}\"; --http-host gives it more names",
                      visible(r.host.substr(0, shown_host))),
          {}};
}
http_refusal metrics_only() {
  return {403, "this server gives metrics and probes alone (--http-metrics-only)", {}};
}

bool is_of_monitoring(const route& to) { return !to.path.starts_with("/api/"); }

}  // namespace

bool is_same_secret(std::string_view a, std::string_view b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    different |=
        static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? '\0' : b[i % b.size()]);
  return different == 0;
}

bool has_token(const guard_rules& rules, const http::incoming_request& r) {
  constexpr std::string_view scheme = "Bearer ";
  const auto given = only_header(r, "Authorization");
  return given && !rules.token.empty() && given->starts_with(scheme) &&
         is_same_secret(given->substr(scheme.size()), rules.token);
}

bool may_have_kept_place(const guard_rules& rules, const route& to, const http::incoming_request& r) {
  return is_of_monitoring(to) || has_token(rules, r);
}

std::optional<http_refusal> refusal_of_page(const guard_rules& rules, const http::incoming_request& r,
                                            const ip::address& local) {
  if (!is_for_this_node(rules, r, false, local))
    return not_ours(r);
  if (rules.has_metrics_only)
    return metrics_only();
  return std::nullopt;
}

std::optional<http_refusal> refusal_of(const guard_rules& rules, const route& to,
                                       const http::incoming_request& r, const ip::address& local) {
  if (!is_for_this_node(rules, r, to.needs_token(), local))
    return not_ours(r);
  if (rules.has_metrics_only && !is_of_monitoring(to))
    return metrics_only();
  if (has_header(r, "Origin")) {
    const auto origin = only_header(r, "Origin").value_or("");
    const auto scheme = origin.find("://");
    if (scheme == std::string_view::npos || origin.substr(scheme + 3) != r.host)
      return http_refusal{403, "pages of other sites may not ask this node", {}};
  }
  if (to.is_action && rules.is_read_only)
    return http_refusal{403, "this node's API only answers questions (--http-read-only)", {}};
  if (to.is_action && !has_header(r, action_header))
    return http_refusal{403, fmt::format("an action needs the header {}: yes", action_header), {}};
  if (to.needs_token() && !has_token(rules, r))
    return http_refusal{
        401,
        "the token is missing or is not this node's; give it in MILLRACE_TOKEN or by --token FILE (the "
        "node keeps it in its state folder, in the file token)",
        {}};
  return std::nullopt;
}

}  // namespace millrace::api
