#include "actors/link/sockets.hpp"

#include "runtime/base/host_lookup.hpp"
#include "runtime/base/listen_failure.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace millrace::link {
namespace {

/// `of`: getsockname or getpeername.
template<class Of>
std::string address_text(int fd, Of of) {
  sockaddr_storage there{};
  socklen_t size = sizeof(there);
  auto* const address = reinterpret_cast<sockaddr*>(&there);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (of(fd, address, &size) != 0 || getnameinfo(address, size, host.data(), host.size(), port.data(),
                                                 port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return {};
  return fmt::format("{} {}", host.data(), port.data());
}

}  // namespace

owned_socket::~owned_socket() {
  if (fd_ >= 0)
    close(fd_);
}
int owned_socket::take() { return std::exchange(fd_, -1); }

void end_when_silent(int fd) {
  const auto set = [fd](int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof(value));
  };
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 3'000);  // ms
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 2);  // s
  set(IPPROTO_TCP, TCP_KEEPINTVL, 1);
}

std::string own_address(int fd) { return address_text(fd, getsockname); }
std::string peer_address(int fd) { return address_text(fd, getpeername); }

std::string shown(const endpoint& at) {
  const bool is_v6 = at.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", at.host, at.port) : fmt::format("{}:{}", at.host, at.port);
}

expected<listening_socket> listen_at(const endpoint& at) {
  const auto failed = [&] { return unexpected(listen_failure("--listen", shown(at), errno)); };
  const auto found = host_lookup::ask_system(at.host, at.port);
  if (!found.first)
    return outside_error(ec::unavailable,
                         fmt::format("cannot listen on {}: {}; give --listen an address of this "
                                     "machine, or a name that its resolver knows",
                                     shown(at), found.why));
  const auto& first = *found.first;
  auto s = std::make_shared<owned_socket>(::socket(first.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  if (s->fd() < 0 || setsockopt(s->fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0)
    return failed();
  end_when_silent(s->fd());
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  auto* const address_of_it = reinterpret_cast<sockaddr*>(&bound);
  if (bind(s->fd(), first.ai_addr, first.ai_addrlen) != 0 || ::listen(s->fd(), SOMAXCONN) != 0 ||
      getsockname(s->fd(), address_of_it, &size) != 0)
    return failed();
  const bool is_v6 = bound.ss_family == AF_INET6;
  const auto number = is_v6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                            : reinterpret_cast<sockaddr_in*>(&bound)->sin_port;
  return listening_socket{std::move(s), ntohs(number), is_v6};
}

}  // namespace millrace::link
