// HOST:PORT to listen on, as options write it.
#pragma once

#include "runtime/base/error.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace millrace::load {

/// `:PORT` and `localhost:PORT` are loopback. Errors name the option.
[[nodiscard]] expected<boost::asio::ip::tcp::endpoint> parse_listen_address(const std::string& option,
                                                                            const std::string& address);

/// Opens, binds and listens; errors name option and address.
[[nodiscard]] expected<void> listen_on(boost::asio::ip::tcp::acceptor& acceptor,
                                       const boost::asio::ip::tcp::endpoint& endpoint,
                                       const std::string& option, const std::string& address);

}  // namespace millrace::load
