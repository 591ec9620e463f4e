// A listening socket on this machine, for servers whose answers a test writes byte by byte.
#pragma once

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace millrace::test {

class loopback_listener {
public:
  loopback_listener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    REQUIRE(::listen(socket_, 10) == 0);
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  }
  ~loopback_listener() { ::close(socket_); }
  loopback_listener(const loopback_listener&) = delete;
  loopback_listener& operator=(const loopback_listener&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  /// Waits for a connection; negative after stop().
  [[nodiscard]] int accept() const { return ::accept(socket_, nullptr, nullptr); }
  /// Wakes a thread that waits in accept().
  void stop() const { ::shutdown(socket_, SHUT_RDWR); }

private:
  int socket_;
  std::string url_;
};

/// Reads up to the end of a request's head, or of the connection.
inline std::string read_head(int peer) {
  std::string got;
  char buffer[4096];
  while (got.find("\r\n\r\n") == std::string::npos) {
    const auto n = ::read(peer, buffer, sizeof buffer);
    if (n <= 0)
      break;
    got.append(buffer, static_cast<std::size_t>(n));
  }
  return got;
}

}  // namespace millrace::test
