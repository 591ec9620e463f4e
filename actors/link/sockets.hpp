// Sockets of links in plain text, before CAF has them.
#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace millrace::link {

struct endpoint {
  std::string host;
  std::uint16_t port = 0;
};

/// Owns a socket, and closes it unless it is taken.
class owned_socket {
public:
  explicit owned_socket(int fd) : fd_(fd) {}
  ~owned_socket();
  owned_socket(const owned_socket&) = delete;
  owned_socket& operator=(const owned_socket&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] int take();

private:
  int fd_;
};

/// Has the system end a connection whose other end does not take what was sent, or is gone without a word.
void end_when_silent(int fd);
/// "10.0.0.5:7100", "[::1]:7100"
[[nodiscard]] std::string shown(const endpoint& at);
/// Address and port of a connection at this end, as both ends see it; empty where it is gone.
[[nodiscard]] std::string own_address(int fd);
/// The same of the other end.
[[nodiscard]] std::string peer_address(int fd);

struct listening_socket {
  std::shared_ptr<owned_socket> socket;
  std::uint16_t port = 0;
  bool is_v6 = false;
};
/// Port 0: any. Connections that it accepts inherit its options. Connections are made, and wait, before anybody accepts them. Errors:
/// listen_failure's, of the option --listen; ec::unavailable for a host that the resolver does not know.
[[nodiscard]] expected<listening_socket> listen_at(const endpoint& at);

}  // namespace millrace::link
