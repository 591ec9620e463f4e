// Whether a node listens at an address, found by a connection of our own: CAF's way to connect blocks its one I/O
// thread for as long as the system's connect does, and waits for ever for a process that accepts and stands still.
#pragma once

#include "runtime/base/time.hpp"

#include <cstdint>
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
  std::string address = {};  // in digits; where it answers
  std::string why = {};
};

/// Blocks, for `patience` at most beside the resolver: for a thread of its own.
[[nodiscard]] probe_result probe(const endpoint& at, micros patience);

}  // namespace millrace::link
