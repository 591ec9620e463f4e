// The time that a process has lived through. A process that stood still (SIGSTOP, a debugger, a CPU that was taken away) has
// heard nobody meanwhile, though the others spoke: it must not take that for their silence.
#pragma once

#include "runtime/cluster/identities.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace millrace::cluster {

/// Pure: it is told the time, at least every 100 ms by a process that runs. One thread at a time.
class lived_time {
public:
  /// Returns the moment with the time that was lived through as `running`; `wall` stays. Standing still counts as a quarter of a second, so that
  /// a process that is always late gets on, too.
  [[nodiscard]] moment at(moment now) {
    if (last_)
      lived_ += std::min(now.running - *last_, counts_at_most);
    else
      lived_ = now.running;
    last_ = now.running;
    return {lived_, now.wall};
  }

private:
  static constexpr micros counts_at_most = std::chrono::milliseconds(250);

  std::optional<micros> last_;
  micros lived_{};
};

}  // namespace millrace::cluster
