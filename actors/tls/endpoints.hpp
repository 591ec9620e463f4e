// Addresses that the system's resolver has found, as Asio connects to them.
#pragma once

#include "runtime/base/host_lookup.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstring>
#include <vector>

namespace millrace::tls {

[[nodiscard]] inline std::vector<boost::asio::ip::tcp::endpoint> endpoints_of(const addrinfo& first) {
  std::vector<boost::asio::ip::tcp::endpoint> out;
  for (const auto* a = &first; a != nullptr; a = a->ai_next) {
    boost::asio::ip::tcp::endpoint one;
    std::memcpy(one.data(), a->ai_addr, a->ai_addrlen);
    one.resize(a->ai_addrlen);
    out.push_back(one);
  }
  return out;
}

}  // namespace millrace::tls
