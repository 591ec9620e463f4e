#include "runtime/tls/names.hpp"

#include "runtime/base/visible_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>

namespace millrace::tls {
namespace {

/// The DNS has these bounds.
constexpr std::size_t max_host = 253;
constexpr std::size_t max_label = 63;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= max_label && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

bool is_dns_name(std::string_view text) {
  if (text.empty() || text.size() > max_host)
    return false;
  while (true) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot)))
      return false;
    if (dot == std::string_view::npos)
      // A name of digits alone would be an address that is misspelt.
      return !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    text.remove_prefix(dot + 1);
  }
}

host address_of(int family, const void* bytes, std::size_t size) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, bytes, text.data(), text.size());
  return {text.data(), std::string(static_cast<const char*>(bytes), size)};
}

}  // namespace

expected<void> check_name(std::string_view what, std::string_view name) {
  const bool good = !name.empty() && name.size() <= max_name && is_letter_or_digit(name.front()) &&
                    std::ranges::all_of(name, [](char c) {
                      return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
                    });
  if (good)
    return {};
  return user_error(ec::invalid_argument,
                    fmt::format("\"{}\" is not a name of a {}; expected 1 to {} letters, digits, -, _ and ., "
                                "of which a letter or a digit comes first",
                                visible(name.substr(0, 2 * max_name)), what, max_name));
}

expected<host> parse_host(std::string_view text) {
  auto bare = text;
  if (bare.starts_with('[') && bare.ends_with(']'))
    bare = bare.substr(1, bare.size() - 2);
  const std::string terminated(bare.substr(0, bare.find('\0')));
  if (terminated.size() != bare.size())
    bare = {};  // any text after a NUL would be left out of an address
  else if (in_addr v4{}; ::inet_pton(AF_INET, terminated.c_str(), &v4) == 1)
    return address_of(AF_INET, &v4, sizeof v4);
  else if (in6_addr v6{}; ::inet_pton(AF_INET6, terminated.c_str(), &v6) == 1)
    return address_of(AF_INET6, &v6, sizeof v6);
  if (bare.size() != text.size() || !is_dns_name(bare))
    return user_error(ec::invalid_argument,
                      fmt::format("\"{}\" is not a host; expected a name such as node1.example.com, or an "
                                  "address such as 192.0.2.1, without a port",
                                  visible(text.substr(0, 2 * max_host))));
  host out{terminated, {}};
  std::ranges::transform(out.text, out.text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

}  // namespace millrace::tls
