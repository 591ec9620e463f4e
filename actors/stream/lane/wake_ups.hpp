// The timers that a lane has under way. CAF cannot take a delayed message back, so a timer that a sooner one
// has overtaken still comes; it must neither be forgotten, or each wait would arm one more, nor arm others.
// Pure: the lane says when it wants to be awake and when a timer has come.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace millrace::lane {

class wake_ups {
public:
  using clock = std::chrono::steady_clock;

  /// Returns whether to arm a timer: none under way comes by then. A lane that waits for later asks again
  /// when it is awake.
  [[nodiscard]] bool arm(clock::time_point at) {
    if (!under_way_.empty() && under_way_.back() <= at)
      return false;
    under_way_.push_back(at);
    return true;
  }
  /// A timer has come.
  void arrived(clock::time_point now) {
    while (!under_way_.empty() && under_way_.back() <= now)
      under_way_.pop_back();
  }
  [[nodiscard]] std::size_t under_way() const { return under_way_.size(); }

private:
  std::vector<clock::time_point> under_way_;  // each sooner than the one before it
};

}  // namespace millrace::lane
