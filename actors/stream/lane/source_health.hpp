// Knows whether a source answers a reader, and when that may ask again. Pure: the lane says what happened and
// when.
#pragma once

#include "runtime/base/backoff.hpp"

#include <chrono>

namespace millrace::lane {

class source_health {
public:
  using clock = std::chrono::steady_clock;

  explicit source_health(std::uint64_t seed) : waits_(away_backoff, seed) {}

  /// It did not answer. True: it did before, which is to be said.
  [[nodiscard]] bool failed(clock::time_point now) {
    const bool first = waits_.tries() == 0;
    ask_at_ = now + waits_.next();
    return first;
  }
  /// It answered. True: it did not before.
  bool answered() {
    const bool was_away = waits_.tries() != 0;
    waits_.reset();
    return was_away;
  }
  /// It is not asked before.
  [[nodiscard]] clock::time_point ask_at() const { return ask_at_; }

private:
  static constexpr backoff_options away_backoff{.longest = std::chrono::seconds(2)};

  backoff waits_;
  clock::time_point ask_at_{};
};

}  // namespace millrace::lane
