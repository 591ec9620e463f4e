// The shard actor: carries frames between lanes, delivery::shard_core and sinks, and captures to the snapshot
// writer; what it does with output stands in shard_output, and with the output of upstream windows in
// shard_input. Output that depends on a decision waits until that
// is durable. It runs on the shared scheduler and never blocks.
#pragma once

#include "actors/shard/pause_histogram.hpp"
#include "actors/stage/flow.hpp"
#include "actors/stage/losses.hpp"
#include "runtime/base/time.hpp"
#include "runtime/delivery/shard.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace millrace::shard {

/// Written by the shard, read by anyone.
struct shard_gauges {
  std::atomic<std::uint64_t> rows{0};
  std::atomic<std::int64_t> watermark{no_watermark};
  std::atomic<std::int64_t> fired{no_watermark};     // windows up to here have fired
  std::atomic<std::int64_t> next_end{no_watermark};  // of the first open window; no_watermark: there is none
  std::atomic<std::uint64_t> windows_open{0};
  std::atomic<std::uint64_t> keys{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> retained_bytes{0};
  std::atomic<std::uint64_t> spilled_bytes{0};                // of those, on disk
  std::map<std::string, std::atomic<std::uint64_t>> held_by;  // by sink; the names are fixed at the start
  std::atomic<bool> stalled{false};                           // no input is taken: too much output is kept
  std::atomic<std::uint64_t> late_at_shard{0};
  std::atomic<std::uint64_t> snapshot_failures{0};
  std::atomic<std::uint64_t> snapshots_passed_over{0};  // damaged files, when it was restored
  pause_histogram snapshot_pauses;
  snapshot_histogram snapshot_times;         // from the capture to the durable snapshot
  std::atomic<std::int64_t> snapshot_at{0};  // when the newest became durable, by the wall clock; 0: none yet
  std::atomic<std::uint64_t> snapshot_bytes{0};  // what that one wrote: the changes since the one before
};

struct shard_options {
  std::string name;                      // shard_name as text, for logs and the supervisor
  std::optional<micros> snapshot_every;  // none: only at a stop and for decisions
  std::optional<micros> tick_every;      // with updates
  const wall_clock* clock = &system_clock();
  messages::snapshot_writer snapshot_writer;
  std::shared_ptr<shard_gauges> gauges = std::make_shared<shard_gauges>();
  std::string stage;  // the window's name
  std::shared_ptr<stage::losses> losses = std::make_shared<stage::losses>();
  std::shared_ptr<stage::flow> flow = std::make_shared<stage::flow>();
};

/// `core` is restored; the term of `now` is also that of its snapshots.
[[nodiscard]] messages::shard spawn_shard(caf::actor_system& system, shard_options options,
                                          std::shared_ptr<delivery::shard_core> core, const life& now,
                                          messages::supervisor supervisor);

}  // namespace millrace::shard
