// Computes when a shard with updates takes its ticks: the multiples of their time on the wall clock, the same
// for all shards. Pure.
#pragma once

#include "runtime/base/time.hpp"

#include <algorithm>
#include <chrono>

namespace millrace::delivery {

/// A life that has missed a tick takes it so soon after its beginning: lanes bring meanwhile what has come since its last snapshot.
inline constexpr micros missed_tick_after = std::chrono::milliseconds(300);

[[nodiscard]] constexpr micros next_tick_in(event_micros now, micros every) {
  return every - micros(now % every.count());
}

/// Likewise when a life begins. `ticked`: the newest tick that the lives before have taken; no_watermark:
/// they took none. If one has been due since, rows of other shards wait for this one to pass it.
[[nodiscard]] constexpr micros first_tick_in(event_micros now, micros every, event_micros ticked) {
  const bool has_missed = ticked != no_watermark && now / every.count() * every.count() > ticked;
  return has_missed ? std::min(next_tick_in(now, every), missed_tick_after) : next_tick_in(now, every);
}

}  // namespace millrace::delivery
