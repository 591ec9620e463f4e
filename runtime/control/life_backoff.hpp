// Decides how long an actor that has failed waits for its next life: back-off without end, until a life lasts
// or recovers. Pure: the time is told. Each node has one for each of its actors (node::agent_hands).
#pragma once

#include "runtime/base/backoff.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace millrace::control {

class life_backoff {
public:
  explicit life_backoff(std::uint64_t seed) : waits_(pace, seed) {}

  /// `now` is of any clock that only rises, the same one in both calls.
  void began(micros now) { began_at_ = now; }
  /// Returns the wait before the next life: from 50 ms it doubles up to 10 s with each failure of a row.
  [[nodiscard]] micros failed(micros now) {
    if (now - began_at_ >= steady_after)
      waits_.reset();
    return waits_.next();
  }
  /// The cause of the failures is dealt with, and the row is over.
  void recovered() { waits_.reset(); }

private:
  /// A life that has lasted so long ends the row of failures before it: longer than the longest wait and what a stage needs to
  /// read its state and reach the same fault.
  static constexpr micros steady_after = std::chrono::seconds(30);
  /// A life that fails again and again must not fill the store with openings.
  static constexpr backoff_options pace{.first = std::chrono::milliseconds(50)};

  backoff waits_;
  micros began_at_{};
};

/// The line of the log, for `run` and nodes alike.
[[nodiscard]] inline std::string failure_line(std::string_view actor, std::string_view why, micros wait) {
  return fmt::format("{} failed ({}); it restarts in {} ms, the others go on", actor, why,
                     std::chrono::duration_cast<std::chrono::milliseconds>(wait).count());
}
/// Makes the line for an actor that somebody has asked to restart.
[[nodiscard]] inline std::string restart_line(std::string_view actor, micros wait) {
  return fmt::format("{} has ended, as was asked for; it restarts in {} ms, the others go on", actor,
                     std::chrono::duration_cast<std::chrono::milliseconds>(wait).count());
}

}  // namespace millrace::control
