// Keeps how far one receiver of a shard's output is: what was sent to its present life, and what of that it
// has taken. Pure; the outbox owns one a receiver.
//
// Frames are sent within a window of bytes, but always up to the end of the first window (of the topology)
// that the receiver has not taken. A receiver that waits for whole windows might wait for ever otherwise: it
// takes no row of a window before every shard has sent all of it. To see that it does not, look at the
// earliest window that some shard has sent and the receiver has not taken: each shard has either sent its
// part whole, or is still allowed to, or is past it, so it becomes whole and is taken.
#pragma once

#include "runtime/delivery/frame.hpp"

#include <algorithm>
#include <deque>

namespace millrace::delivery {

class receiver_cursor {
public:
  /// A new life of the receiver: all beyond `from` is to be sent.
  void resume(position from, millrace::life life) {
    connected_ = true;
    life_ = life;
    at_ = taken_ = from;
    in_flight_.clear();
    bytes_ = 0;
  }
  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] millrace::life life() const { return life_; }
  /// Sent up to here.
  [[nodiscard]] position at() const { return at_; }
  [[nodiscard]] std::size_t in_flight() const { return bytes_; }

  /// Returns whether rows of the window that ends at `end` may be sent under `credit`.
  [[nodiscard]] bool may_send(event_micros end, std::size_t credit) const {
    return in_flight_.empty() || bytes_ < credit || end <= in_flight_.front().reached.major;
  }
  void sent(const output_frame& f, std::size_t bytes) {
    at_ = f.reached;
    if (!f.has_content() || f.reached <= taken_)
      return;  // a receiver may have more in memory than it has durable
    in_flight_.push_back({f.reached, bytes});
    bytes_ += bytes;
  }
  void taken(position to) {
    taken_ = std::max(taken_, to);
    while (!in_flight_.empty() && in_flight_.front().reached <= to) {
      bytes_ -= in_flight_.front().bytes;
      in_flight_.pop_front();
    }
  }

private:
  struct piece {
    position reached;
    std::size_t bytes;
  };
  bool connected_ = false;
  millrace::life life_;
  position at_ = lowest_position;
  position taken_ = lowest_position;
  std::deque<piece> in_flight_;
  std::size_t bytes_ = 0;
};

}  // namespace millrace::delivery
