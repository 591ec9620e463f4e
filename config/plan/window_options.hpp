// Options that windows and joins have alike: how long windows are and where they begin, and what shards hold.
#pragma once

#include "config/plan/draft.hpp"

namespace millrace::config {

/// Reads `size`, `slide` (without one it is the size), `offset` and `zone`.
void read_times_of_windows(draft& d, window_plan& plan, report& out);
/// Reads `allowed_lateness`, `shards`, `retain` and `retain_memory`.
void read_bounds_of_shards(const draft& d, window_plan& plan);

/// A time beside that of a join's left row, as people read it: "left", "left - 5 seconds".
[[nodiscard]] std::string beside_left(micros later);

}  // namespace millrace::config
