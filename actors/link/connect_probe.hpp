// Finds whether a node listens at an address, by a connection that does not block CAF's one I/O thread: CAF's own way to
// connect does, for as long as the system's connect takes.
#pragma once

#include "runtime/base/time.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace millrace::link {

struct endpoint {
  std::string host;
  std::uint16_t port = 0;
};

enum class probed : std::uint8_t {
  answers,  // a process listens there, and its transport has begun to speak
  refused,  // nobody listens at the address
  silent,   // neither came within the time, or the host's name is not known
};
struct probe_result {
  probed outcome = probed::silent;
  std::string why = {};
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

struct connection_tried {
  probe_result result;
  std::shared_ptr<owned_socket> socket = {};  // where it answers: connected, and nothing is said yet
};

/// Connects. Blocks, for `patience` at most beside the resolver: for a thread of its own.
[[nodiscard]] connection_tried try_connection(const endpoint& at, micros patience);
/// The same, and hangs up.
[[nodiscard]] probe_result probe(const endpoint& at, micros patience);

}  // namespace millrace::link
