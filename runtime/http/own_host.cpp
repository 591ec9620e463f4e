#include "runtime/http/own_host.hpp"

#include "runtime/http/request_reader.hpp"

#include <algorithm>

namespace millrace::http {
namespace {

namespace ip = boost::asio::ip;

/// An IPv4 client of an IPv6 socket has its address in another form.
ip::address plain(const ip::address& a) {
  return a.is_v6() && a.to_v6().is_v4_mapped() ? ip::make_address_v4(ip::v4_mapped, a.to_v6()) : a;
}

}  // namespace

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

bool is_own_host(std::string_view name, const std::vector<std::string>& names, const ip::address& local) {
  if (same_name(name, "localhost") ||
      std::ranges::any_of(names, [&](const std::string& own) { return same_name(own, name); }))
    return true;
  boost::system::error_code is_name;
  const auto address = ip::make_address(std::string(name), is_name);
  return !is_name && (address.is_loopback() || plain(address) == plain(local));
}

}  // namespace millrace::http
