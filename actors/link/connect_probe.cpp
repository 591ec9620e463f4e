#include "actors/link/connect_probe.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace millrace::link {
namespace {

using probe_clock = std::chrono::steady_clock;

class probing_socket {
public:
  explicit probing_socket(int family) : fd_(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
  ~probing_socket() {
    if (fd_ >= 0)
      close(fd_);
  }
  probing_socket(const probing_socket&) = delete;
  probing_socket& operator=(const probing_socket&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  /// Whether one of `events` comes before `until`.
  [[nodiscard]] bool comes(short events, probe_clock::time_point until) const {
    for (;;) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - probe_clock::now()).count();
      pollfd waits{fd_, events, 0};
      const auto n = poll(&waits, 1, left > 0 ? static_cast<int>(left) : 0);
      if (n > 0)
        return true;
      if (n == 0 || errno != EINTR)
        return false;
    }
  }
  /// The outcome of connect(), as errno has it.
  [[nodiscard]] int connect_error() const {
    int failed = 0;
    socklen_t size = sizeof(failed);
    return getsockopt(fd_, SOL_SOCKET, SO_ERROR, &failed, &size) == 0 ? failed : errno;
  }

private:
  int fd_;
};

probe_result failed_with(int number) {
  return {number == ECONNREFUSED ? probed::refused : probed::silent, {}, std::strerror(number)};
}

probe_result probe_address(const addrinfo& a, probe_clock::time_point until) {
  const probing_socket s(a.ai_family);
  if (s.fd() < 0)
    return failed_with(errno);
  if (connect(s.fd(), a.ai_addr, a.ai_addrlen) != 0 && errno != EINPROGRESS)
    return failed_with(errno);
  if (!s.comes(POLLOUT, until))
    return failed_with(ETIMEDOUT);
  if (const auto failed = s.connect_error())
    return failed_with(failed);
  // BASP's server speaks first. The system accepts connections for a process that stands still.
  char first = 0;
  if (!s.comes(POLLIN, until) || recv(s.fd(), &first, 1, MSG_PEEK) != 1)
    return {probed::silent,
            {},
            "it accepts connections and says nothing: it stands still, or it was started with --tls and this "
            "node "
            "was not"};
  char digits[NI_MAXHOST] = {};
  if (getnameinfo(a.ai_addr, a.ai_addrlen, digits, sizeof(digits), nullptr, 0, NI_NUMERICHOST) != 0)
    return {probed::silent, {}, "its address cannot be written in digits"};
  return {probed::answers, digits, {}};
}

}  // namespace

probe_result probe(const endpoint& at, micros patience) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const auto failed = getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &found))
    return {probed::silent, {}, fmt::format("{}: {}", at.host, gai_strerror(failed))};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, freeaddrinfo);
  const auto until = probe_clock::now() + patience;
  probe_result last;
  for (const auto* a = all.get(); a != nullptr; a = a->ai_next) {
    auto result = probe_address(*a, until);
    if (result.outcome == probed::answers)
      return result;
    // One address that may be alive is enough not to take the node for dead.
    if (last.why.empty() || result.outcome == probed::silent)
      last = std::move(result);
  }
  return last;
}

}  // namespace millrace::link
