// Fires a shard's windows all at once, for tests whose rows always have room.
#pragma once

#include "runtime/delivery/window_state.hpp"

#include <vector>

namespace millrace::window::test {

/// The windows that fire between the two marks, in order.
[[nodiscard]] inline std::vector<delivery::fired_window>
fire_all(delivery::window_state& windows, event_micros fired, event_micros watermark) {
  std::vector<delivery::fired_window> all;
  while (fired < watermark)
    if (auto next = windows.fire_next(fired, watermark))
      all.push_back(std::move(*next));
  return all;
}

}  // namespace millrace::window::test
