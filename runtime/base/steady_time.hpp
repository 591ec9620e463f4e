// The time that waits and gauges go by: it never goes back. Pure cores ask it; actors give their own clock
// (runtime/control/actor_time.hpp), and tests say what time it is.
#pragma once

#include <chrono>

namespace millrace {

class steady_time {
public:
  using clock = std::chrono::steady_clock;

  virtual ~steady_time() = default;
  [[nodiscard]] virtual clock::time_point now() const = 0;
};

class fake_steady_time final : public steady_time {
public:
  [[nodiscard]] clock::time_point now() const override { return now_; }
  void pass(clock::duration d) { now_ += d; }

private:
  clock::time_point now_{std::chrono::hours(1)};
};

}  // namespace millrace
