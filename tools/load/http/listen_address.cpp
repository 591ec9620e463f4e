#include "tools/load/http/listen_address.hpp"

#include <fmt/format.h>

#include <charconv>

namespace millrace::load {

namespace asio = boost::asio;
using asio::ip::tcp;

expected<tcp::endpoint> parse_listen_address(const std::string& option, const std::string& address) {
  const auto colon = address.rfind(':');
  const auto wrong = [&] {
    return user_error(
        ec::invalid_argument,
        fmt::format("{} {}: no address; expected HOST:PORT, such as 127.0.0.1:9100", option, address));
  };
  if (colon == std::string::npos)
    return wrong();
  auto host = address.substr(0, colon);
  if (host.empty() || host == "localhost")
    host = "127.0.0.1";
  unsigned short port = 0;
  const auto digits = address.substr(colon + 1);
  const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  boost::system::error_code failed;
  const auto ip = asio::ip::make_address(host, failed);
  if (failed || bad != std::errc{} || end != digits.data() + digits.size())
    return wrong();
  return tcp::endpoint(ip, port);
}

expected<void> listen_on(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, const std::string& option,
                         const std::string& address) {
  try {
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
  } catch (const boost::system::system_error& e) {
    return user_error(ec::io,
                      fmt::format("{} {}: {}; choose another port", option, address, e.code().message()));
  }
  return {};
}

}  // namespace millrace::load
