// Holds what was sent in a session and is not acknowledged: the transport holds no more than the window. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace millrace::link {

class send_window {
public:
  explicit send_window(std::size_t bytes) : window_(bytes) {}

  /// Returns how many bytes may be sent now.
  [[nodiscard]] std::size_t room() const { return window_ - bytes_; }
  [[nodiscard]] std::size_t unacknowledged() const { return bytes_; }

  /// A packet leaves; sequences rise, `bytes` is at most room().
  void sent(std::uint64_t sequence, std::size_t bytes) {
    sent_.push_back({sequence, bytes});
    bytes_ += bytes;
  }
  /// Notes that the peer has all packets up to this one. Returns whether that is progress.
  bool acknowledged(std::uint64_t sequence) {
    bool any = false;
    for (; !sent_.empty() && sent_.front().sequence <= sequence; sent_.pop_front()) {
      bytes_ -= sent_.front().bytes;
      any = true;
    }
    return any;
  }

private:
  struct packet {
    std::uint64_t sequence;
    std::size_t bytes;
  };
  std::size_t window_;
  std::size_t bytes_ = 0;
  std::deque<packet> sent_;
};

}  // namespace millrace::link
