// Takes a shard's part of the rows of windows upstream of its own: runs the steps between them, and makes
// partial aggregates of the rows whose keys are its own. Pure; window::shard_windows calls it. The rows'
// event time is window_end - 1 us, and none is ever late: what a window gives lies at its log's watermark or
// above.
#pragma once

#include "actors/stream/stage/chain.hpp"
#include "runtime/window/shard_windows.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::shard {

struct upstream_window {
  std::string name;
  std::size_t key_columns = 0;       // the first columns of its output
  std::vector<log_id> logs;          // its shards'
  std::vector<stage::chain> chains;  // ways from it; each ends in the downstream window
};

/// Lists the windows upstream of one shard.
struct upstream_rows {
  const config::window_plan* plan = nullptr;  // its own
  std::uint32_t shard = 0;
  std::vector<upstream_window> windows;
};

/// Each call gives a new one, with a builder of its own. Null where no window stands upstream.
[[nodiscard]] window::form_partials partials_of(const std::optional<upstream_rows>& of);

}  // namespace millrace::shard
