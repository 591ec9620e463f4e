// Returns whether the Host of a request means this machine. A page of a foreign site can have its own name
// lead here (DNS rebinding) and then read what is here; its requests still tell that name. Pure.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace millrace::http {

/// The host of "[::1]" or "example.com", as parse_host() gives it: an address without its brackets.
[[nodiscard]] std::string_view without_brackets(std::string_view host);

/// `name`: without brackets and port. It is "localhost", one of `names` in any case, a loopback address, or
/// `local`: the address that the client has connected to.
[[nodiscard]] bool is_own_host(std::string_view name, const std::vector<std::string>& names,
                               const boost::asio::ip::address& local);

}  // namespace millrace::http
