// These functions say what lies downstream of windows: which sinks and windows a window's rows reach, by
// which steps, and who counts and gives the dead letters of stages that several of them share.
#pragma once

#include "actors/deployment/layout.hpp"
#include "actors/stream/shard/upstream_window.hpp"
#include "actors/stream/sink/rows_to_write.hpp"
#include "config/plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace millrace::deployment {

/// Names the sinks, and the shards of windows, that get this window's rows, in the topology's order.
[[nodiscard]] std::vector<std::string> receivers_of_window(const config::topology& t, std::uint32_t window,
                                                           std::uint64_t run = 0);
/// Says whether a row of the window, or of a step downstream of it, can become a dead letter.
[[nodiscard]] bool window_can_fail(const config::topology& t, std::uint32_t window);
/// Gives one input for each window upstream of the sink.
[[nodiscard]] std::vector<sink::window_input>
window_inputs_of_sink(const config::topology& t, std::uint32_t sink, std::uint64_t run = 0);
/// Gives one for each window upstream of the window `downstream`.
[[nodiscard]] std::vector<shard::upstream_window>
upstream_windows(const config::topology& t, std::uint32_t downstream, std::uint64_t run = 0);
/// Gives what a shard downstream of other windows joins their rows by, and nothing for a shard downstream
/// of none.
[[nodiscard]] std::optional<shard::upstream_rows>
upstream_rows_of(const config::topology& t, const shard_layout& s, std::uint64_t run = 0);
/// Gives one input for each window that can fail, with every step downstream of it once.
[[nodiscard]] std::vector<sink::window_input> window_inputs_of_dead_letters(const config::topology& t,
                                                                            std::uint64_t run = 0);

}  // namespace millrace::deployment
