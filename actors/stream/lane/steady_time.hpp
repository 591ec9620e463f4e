// The time that a lane's waits and gauges go by: it never goes back. Actors give their own clock, which
// simulations drive; tests say what time it is.
#pragma once

#include <chrono>

namespace millrace::lane {

class steady_time {
public:
  using clock = std::chrono::steady_clock;

  virtual ~steady_time() = default;
  [[nodiscard]] virtual clock::time_point now() const = 0;
};

}  // namespace millrace::lane
