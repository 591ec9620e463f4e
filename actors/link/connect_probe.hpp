// Finds whether a node listens at an address, and makes the connection to it, without blocking CAF's one I/O thread: CAF's
// own way to connect does, for as long as the system's connect takes.
#pragma once

#include "actors/link/sockets.hpp"
#include "runtime/base/time.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace millrace::link {

enum class probed : std::uint8_t {
  answers,  // a process listens there, and its transport has begun to speak
  refused,  // nobody listens at the address
  silent,   // neither came in time, the bytes are no node's, or the host's name is not known
};
struct probe_result {
  probed outcome = probed::silent;
  std::string why = {};
};

struct connection_tried {
  probe_result result;
  std::shared_ptr<owned_socket> socket = {};  // the connection to it if it answers
};

/// Holds what a node shows to those that it connects to, and to those that connect to it (runtime/link/proof.hpp).
struct plain_identity {
  std::string me;
  std::string secret;  // the store's
};

// Both block, for `patience` at most: they are for a thread of their own.

/// Connects. `answers`: either side has proved to the other that it reads the store, the other one that it is `peer`, and
/// nothing of a link is said yet.
[[nodiscard]] connection_tried try_connection(const endpoint& at, const plain_identity& mine,
                                              const std::string& peer, micros patience);
/// Connects, looks whether a node without TLS speaks there, and hangs up. Nobody proves anything: a stranger may speak so.
[[nodiscard]] probe_result probe(const endpoint& at, micros patience);

}  // namespace millrace::link
