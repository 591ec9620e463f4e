// A window stage's state behind the protocol's interface: joins window::shard_windows to
// delivery::shard_core.
#pragma once

#include "actors/window/window_in_front.hpp"
#include "runtime/delivery/shard.hpp"
#include "runtime/window/window.hpp"

#include <memory>
#include <optional>
#include <string>

namespace millrace::shard {

/// `stage`: whose dead letters rows become that could not be formed; `log`: of the shard's output, their
/// partition. `in_front`: where rows of other windows feed it.
[[nodiscard]] std::unique_ptr<delivery::window_state>
make_window_state(const window::definition& d, std::string stage, log_id log,
                  const std::optional<rows_in_front>& in_front = std::nullopt);
/// For gauges: what such a state holds now.
struct window_size {
  std::size_t windows = 0;
  std::size_t keys = 0;
  std::size_t bytes = 0;
};
[[nodiscard]] window_size size_of(const delivery::window_state& s);

}  // namespace millrace::shard
