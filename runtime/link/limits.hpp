// The bounds of a link. The defaults are part of wire version 2: both ends hold each other to them. Tests
// take smaller ones.
#pragma once

#include "runtime/base/time.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::link {

/// An edge of a topology, in one direction or the other. Both nodes give an edge the same number.
using edge_id = std::uint32_t;

struct limits {
  /// Bounds a packet's fragments together, with their headers, and so each of them. One takes 4 ms at 1
  /// Gbit/s, and that is how long a large frame holds the other edges up. Most frames fit one: they are not
  /// put together again by a copy. It fits the window together with what the receiver may not have
  /// acknowledged yet, so that a message that waits for the window does not wait for a tick.
  std::size_t fragment = std::size_t{512} << 10;
  /// No fragment is shorter unless it is its message's last: messages that have begun are few.
  std::size_t shortest_cut = std::size_t{4} << 10;
  std::size_t most_fragments = 1024;  // limit of one packet

  /// Bytes that are sent and not acknowledged: the transport may hold them.
  std::size_t window = std::size_t{1} << 20;
  /// The receiver acknowledges at the latest when so much has come.
  std::size_t acknowledge_at = std::size_t{256} << 10;

  /// Waits at one edge, unless set otherwise for it: as much as a receiver lets a lane have in flight.
  std::size_t credit = std::size_t{4} << 20;
  /// Bytes that may wait at all edges together. A link holds these and the window for a peer that stands
  /// still.
  std::size_t queued = std::size_t{12} << 20;
  /// The bytes that may wait ahead. Beyond them an edge with a message that waits gets no second one: bytes
  /// that are encoded long before they leave have left the processor's cache by then.
  std::size_t ahead = std::size_t{1} << 20;
  /// Bounds the messages that have begun to arrive and are not whole, together.
  std::size_t begun = std::size_t{32} << 20;
  /// Bounds one message: a line of a file may have 64 MiB, and becomes a dead letter with its error.
  std::size_t longest_message = std::size_t{96} << 20;
  /// Credit and acknowledgements are always taken, so they are small.
  std::size_t longest_answer = std::size_t{4} << 10;
  /// Counted for each message that waits beside its bytes, so that their number is bounded, too.
  std::size_t each_message = 128;

  micros suspect_after{500'000};
  micros lost_after{2'000'000};
  micros ping_every{150'000};   // three in the time after which a silent peer is suspect
  micros hello_every{200'000};  // interval until the session is agreed on
};

static_assert(limits{}.window > limits{}.fragment + limits{}.acknowledge_at,
              "there is room for a whole packet before the receiver has to acknowledge anything");

/// Returns whether a message of `total` bytes, which takes several fragments, may begin beside others of
/// `begun` bytes together that have. A message longer than its edge's credit goes alone. The sender waits
/// with it until it may, the receiver refuses it: so a receiver knows how much memory a link can take, and no
/// sender gets stuck.
[[nodiscard]] inline bool may_begin(const limits& l, std::size_t credit, std::size_t begun,
                                    std::size_t total) {
  return begun == 0 ? total <= l.longest_message : total <= credit && begun + total <= l.begun;
}

}  // namespace millrace::link
