// The steady clock that a sink asks: the actor's, which a simulation drives; in tests one that is set by hand.
#pragma once

#include <chrono>

namespace millrace::sink {

class steady_time {
public:
  using clock = std::chrono::steady_clock;
  virtual ~steady_time() = default;
  [[nodiscard]] virtual clock::time_point now() const = 0;
};

}  // namespace millrace::sink
