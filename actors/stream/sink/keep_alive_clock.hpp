// Decides when a target is kept alive while there is nothing to commit. Ticks cannot be taken back: one that comes before the
// newest is due does not count. Pure.
#pragma once

#include "runtime/base/time.hpp"

#include <chrono>
#include <optional>

namespace millrace::sink {

class keep_alive_clock {
public:
  using clock = std::chrono::steady_clock;

  /// Returns after which time a tick is wanted; none: one that is under way comes sooner. `used`: when the target was
  /// committed to or kept alive; `due_in`: as the target says.
  [[nodiscard]] std::optional<clock::duration> next(clock::time_point now, clock::time_point used,
                                                    std::optional<micros> due_in);
  /// A tick has come; returns whether it counts.
  [[nodiscard]] bool arrived(clock::time_point now);
  [[nodiscard]] static bool is_due(clock::time_point now, clock::time_point used,
                                   std::optional<micros> due_in);

private:
  clock::time_point at_ = clock::time_point::max();  // the newest tick, if it is under way
};

}  // namespace millrace::sink
