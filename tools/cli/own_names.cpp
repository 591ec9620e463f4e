#include "tools/cli/own_names.hpp"

#include "runtime/http/request_reader.hpp"

#include <boost/asio/ip/host_name.hpp>

#include <algorithm>

namespace millrace::cli {
namespace {

namespace ip = boost::asio::ip;

/// As an IPv4 client of an IPv6 socket has its address, too.
ip::address plain(const ip::address& a) {
  return a.is_v6() && a.to_v6().is_v4_mapped() ? ip::make_address_v4(ip::v4_mapped, a.to_v6()) : a;
}

std::string_view without_brackets(std::string_view host) {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

own_names::own_names(std::vector<std::string> more) : names_(std::move(more)) {
  for (auto& name : names_)
    name = without_brackets(name);
  names_.emplace_back("localhost");
  boost::system::error_code failed;
  if (auto own = ip::host_name(failed); !failed && !own.empty())
    names_.push_back(std::move(own));
}

bool own_names::have(std::string_view host, const ip::address& local) const {
  if (host.empty())
    return true;
  const auto parsed = http::parse_host(host);
  if (!parsed)
    return false;
  auto name = without_brackets(parsed->host);
  if (name.ends_with('.'))
    name.remove_suffix(1);
  if (std::ranges::any_of(names_, [&](const std::string& own) { return http::same_name(own, name); }))
    return true;
  boost::system::error_code is_name;
  const auto address = ip::make_address(std::string(name), is_name);
  return !is_name && (address.is_loopback() || plain(address) == plain(local));
}

}  // namespace millrace::cli
