#include "actors/link/connect_probe.hpp"

#include "actors/link/wire_format.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace millrace::link {
namespace {

using probe_clock = std::chrono::steady_clock;

/// Tells whether one of `events` comes before `until`.
bool comes(int fd, short events, probe_clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - probe_clock::now()).count();
    pollfd waits{fd, events, 0};
    const auto n = poll(&waits, 1, left > 0 ? static_cast<int>(left) : 0);
    if (n > 0)
      return true;
    if (n == 0 || errno != EINTR)
      return false;
  }
}
/// The outcome of connect(), as errno has it.
int connect_error(int fd) {
  int failed = 0;
  socklen_t size = sizeof(failed);
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 ? failed : errno;
}
/// Returns what the other side says first, or nothing where that does not come in time.
std::optional<wire_length> greeting(int fd, probe_clock::time_point until) {
  wire_length bytes{};
  for (std::size_t have = 0; have < bytes.size();) {
    if (!comes(fd, POLLIN, until))
      return std::nullopt;
    const auto n = recv(fd, bytes.data() + have, bytes.size() - have, 0);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
      return std::nullopt;
    have += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return bytes;
}

connection_tried failed_with(int number) {
  return {{number == ECONNREFUSED ? probed::refused : probed::silent, std::strerror(number)}};
}
connection_tried nothing_there(std::string why) { return {{probed::silent, std::move(why)}}; }

connection_tried try_address(const addrinfo& a, probe_clock::time_point until) {
  const auto s =
      std::make_shared<owned_socket>(socket(a.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (s->fd() < 0)
    return failed_with(errno);
  end_when_silent(s->fd());
  if (connect(s->fd(), a.ai_addr, a.ai_addrlen) != 0 && errno != EINPROGRESS)
    return failed_with(errno);
  if (!comes(s->fd(), POLLOUT, until))
    return failed_with(ETIMEDOUT);
  if (const auto failed = connect_error(s->fd()))
    return failed_with(failed);
  // The system accepts connections for a process that stands still.
  const auto said = greeting(s->fd(), until);
  if (!said)
    return nothing_there("it accepts connections and says nothing: it stands still, or it was started with "
                         "--tls and this node was not");
  if (*said != wire_length{})
    return nothing_there("it is no node of a cluster, or one of another version");
  return {{probed::answers, {}}, s};
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

connection_tried try_connection(const endpoint& at, micros patience) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const auto failed = getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &found))
    return nothing_there(fmt::format("{}: {}", at.host, gai_strerror(failed)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, freeaddrinfo);
  const auto until = probe_clock::now() + patience;
  connection_tried last;
  for (const auto* a = all.get(); a != nullptr; a = a->ai_next) {
    auto tried = try_address(*a, until);
    if (tried.result.outcome == probed::answers)
      return tried;
    // One address that may be alive is enough not to take the node for dead.
    if (last.result.why.empty() || tried.result.outcome == probed::silent)
      last = std::move(tried);
  }
  return last;
}

probe_result probe(const endpoint& at, micros patience) { return try_connection(at, patience).result; }

}  // namespace millrace::link
