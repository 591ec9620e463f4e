// Keeps a shard's gauges, and its ledger in the flow of its topology. Part of the shard.
#pragma once

#include "actors/stream/shard/captures.hpp"
#include "actors/stream/shard/shard_effects.hpp"
#include "actors/stream/shard/shard_options.hpp"
#include "runtime/delivery/shard.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace millrace::shard {

class shard_figures {
public:
  /// They outlive it; its effects are put behind those that are there.
  shard_figures(const shard_options& options, delivery::shard_core& core, effect_list& effects);

  /// Called after each event that changes anything. `is_stalled`: no input is taken.
  void update(bool is_stalled);
  /// wake_up::to_look_at_size has come.
  void look_at_size();
  /// The counts until now go into the flow; called at the stop, too.
  void note_flow();

  /// No frame was taken for so long.
  void has_captured(std::chrono::steady_clock::duration pause);
  void is_durable(const captures::answer& a);
  /// The disk has yet to answer captures since then; none: it has answered all.
  void waits_for_disk(std::optional<captures::time_point> since);
  void has_failed() { ++options_.gauges->snapshot_failures; }

private:
  const shard_options& options_;
  delivery::shard_core& core_;
  effect_list& effects_;
  delivery::ledger counted_;        // the counts that options_.flow knows
  std::uint64_t counted_rows_ = 0;  // the rows that the gauges know
  std::uint64_t counted_late_ = 0;
  bool will_look_at_size_ = false;
};

}  // namespace millrace::shard
