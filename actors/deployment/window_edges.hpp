// What lies behind windows: which sinks and windows a window's rows reach, by which steps, and who counts and
// buries for stages that several of them share.
#pragma once

#include "actors/deployment/layout.hpp"
#include "actors/sink/window_rows.hpp"
#include "actors/window/window_in_front.hpp"
#include "config/plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::deployment {

/// Names of the sinks, and of the shards of windows, that get this window's rows, in the topology's order.
[[nodiscard]] std::vector<std::string> receivers_behind_window(const config::topology& t,
                                                               std::uint32_t window);
/// A row of the window, or of a step behind it, can become a dead letter.
[[nodiscard]] bool window_can_fail(const config::topology& t, std::uint32_t window);
/// One input for each window that the sink is behind.
[[nodiscard]] std::vector<sink::window_input>
window_inputs_of_sink(const config::topology& t, std::uint32_t sink, std::uint64_t run = 0);
/// One for each window that another one is behind.
[[nodiscard]] std::vector<shard::window_in_front>
windows_in_front(const config::topology& t, std::uint32_t behind, std::uint64_t run = 0);
/// What a shard behind other windows joins their rows by; nothing for one behind none.
[[nodiscard]] std::optional<shard::rows_in_front>
rows_in_front_of(const config::topology& t, const shard_layout& s, std::uint64_t run = 0);
/// One input for each window that can fail, with every step behind it once.
[[nodiscard]] std::vector<sink::window_input> window_inputs_of_dead_letters(const config::topology& t,
                                                                            std::uint64_t run = 0);

}  // namespace millrace::deployment
