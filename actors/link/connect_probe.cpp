#include "actors/link/connect_probe.hpp"

#include "runtime/base/host_lookup.hpp"
#include "runtime/link/proof.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
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
/// Returns the next bytes of the other side, so many, or nothing where they do not come in time.
std::optional<std::string> heard(int fd, std::size_t size, probe_clock::time_point until) {
  std::string bytes(size, '\0');
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
probe_result silence(std::string why) { return {probed::silent, std::move(why)}; }

/// Talks over a connection, until a time.
using conversation = std::function<probe_result(int fd, probe_clock::time_point until)>;

connection_tried try_address(const addrinfo& a, const conversation& speak, probe_clock::time_point until) {
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
  return {speak(s->fd(), until), s};
}

struct greeting {
  probe_result result;
  std::string challenge = {};  // its challenge if it answers
};
greeting hear_greeting(int fd, probe_clock::time_point until) {
  // The system accepts connections for a process that stands still.
  auto said = heard(fd, challenge_size, until);
  if (!said)
    return {silence(
        "it accepts connections and says nothing: it stands still, or it was started with --tls and this "
        "node was not")};
  if (!is_challenge(*said))
    return {silence("it is not a node of a cluster, or one of another version")};
  return {{probed::answers}, std::move(*said)};
}

probe_result prove(int fd, const plain_identity& mine, const std::string& peer,
                   probe_clock::time_point until) {
  const auto met = hear_greeting(fd, until);
  if (met.result.outcome != probed::answers)
    return met.result;
  const auto own = answer(met.challenge, mine.secret, mine.me, peer, peer_address(fd), random_nonce());
  if (!own)
    return silence("this node has no secret of the store");
  // A connection that has begun has room for so little.
  if (::send(fd, own->bytes.data(), own->bytes.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(own->bytes.size()))
    return silence("it takes nothing");
  const auto shown = heard(fd, proof_size, until);
  if (!shown)
    return silence(
        "it does not take this node for one of its cluster: it has another store, or another name");
  if (!is_proof(*shown, own->proof))
    return silence("it does not prove that it reads this cluster's store");
  return {probed::answers};
}

connection_tried connect_to(const endpoint& at, const conversation& speak, micros patience) {
  const auto until = probe_clock::now() + patience;
  const auto found = find_host(at.host, at.port, patience);
  if (!found.first)
    return {silence(found.why)};
  connection_tried last;
  for (const auto* a = found.first.get(); a != nullptr; a = a->ai_next) {
    auto tried = try_address(*a, speak, until);
    if (tried.result.outcome == probed::answers)
      return tried;
    // One address that may be alive is enough not to take the node for dead.
    if (last.result.why.empty() || tried.result.outcome == probed::silent)
      last = std::move(tried);
  }
  return last;
}

}  // namespace

connection_tried try_connection(const endpoint& at, const plain_identity& mine, const std::string& peer,
                                micros patience) {
  return connect_to(
      at, [&](int fd, auto until) { return prove(fd, mine, peer, until); }, patience);
}

probe_result probe(const endpoint& at, micros patience) {
  return connect_to(
             at, [](int fd, auto until) { return hear_greeting(fd, until).result; }, patience)
      .result;
}

}  // namespace millrace::link
