// The gauges of a shard, and the way to look into it. The shard writes them, anyone reads.
#pragma once

#include "runtime/base/call_under_way.hpp"
#include "runtime/base/duration_histogram.hpp"
#include "runtime/base/noted_value.hpp"
#include "runtime/base/pace.hpp"
#include "runtime/delivery/shard.hpp"
#include "runtime/delivery/window_state.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/typed_actor.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace millrace::shard {

// Counts, by duration, how long a shard took no frames because it gathered a snapshot, and how long a
// snapshot took until it was durable. Written by the shard, read by anyone.
inline constexpr std::array<micros, 16> pause_bounds{
    micros(20),    micros(50),    micros(100),   micros(200),   micros(300),  micros(500),
    micros(700),   micros(1000),  micros(1500),  micros(2000),  micros(3000), micros(5000),
    micros(10000), micros(20000), micros(50000), micros(100000)};
/// A disk takes a millisecond, a store over a network up to many seconds.
inline constexpr std::array<micros, 12> snapshot_bounds{
    micros(1'000),     micros(2'000),     micros(5'000),      micros(10'000),
    micros(25'000),    micros(50'000),    micros(100'000),    micros(250'000),
    micros(1'000'000), micros(2'500'000), micros(10'000'000), micros(60'000'000)};

using pause_histogram = duration_histogram<pause_bounds>;
using snapshot_histogram = duration_histogram<snapshot_bounds>;

/// Asks for the windows of a key (encoded, data/key_encoding.hpp) that are open, at most so many.
struct look_up_key {
  std::string key;
  std::size_t most = 0;
};
struct key_found {
  delivery::open_windows windows;
  event_micros watermark = no_watermark;
  event_micros fired = no_watermark;
};
/// A shard's interface for those who look into it.
using open_shard = caf::typed_actor<caf::replies_to<look_up_key>::with<key_found>>;

/// Leads to the present life of a shard. It is weak: a life that has ended is not kept by it.
class shard_door {
public:
  void lead_to(const open_shard& life) {
    const std::lock_guard lock(mutex_);
    life_ = caf::actor_cast<caf::actor_addr>(life);
  }
  /// Null while there is no life.
  [[nodiscard]] open_shard find() const {
    const std::lock_guard lock(mutex_);
    return caf::actor_cast<open_shard>(life_);
  }

private:
  mutable std::mutex mutex_;
  caf::actor_addr life_;
};

struct shard_gauges {
  shard_door door;
  std::atomic<std::uint64_t> rows{0};
  std::atomic<std::int64_t> watermark{no_watermark};
  std::atomic<std::int64_t> fired{no_watermark};     // windows up to here have fired
  noted_value<delivery::later_rows> later;           // for whose logs windows wait, of those the first
  std::atomic<std::int64_t> next_end{no_watermark};  // the end of the first open window; no_watermark: there
                                                     // is none
  std::atomic<std::uint64_t> windows_open{0};
  std::atomic<std::uint64_t> keys{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> retained_bytes{0};
  std::atomic<std::uint64_t> spilled_bytes{0};                // those bytes on disk
  std::map<std::string, std::atomic<std::uint64_t>> held_by;  // keyed by sink; the names are fixed at the
                                                              // start
  std::atomic<bool> stalled{false};                           // no input is taken: too much output is kept
  std::atomic<std::uint64_t> late_at_shard{0};
  /// The gain of `rows` and `late_at_shard`, which are of the state and fall back with it, in this process: what a new
  /// life counts again counts again here.
  std::atomic<std::uint64_t> rows_gained{0};
  std::atomic<std::uint64_t> late_gained{0};
  std::atomic<std::uint64_t> taken{0};        // records, or rows of a window upstream, in this process
  std::atomic<std::uint64_t> work_micros{0};  // taking them
  std::atomic<std::uint64_t> snapshot_failures{0};
  noted_text why_no_snapshot;                           // the error of the newest that failed
  std::atomic<std::uint64_t> snapshots_passed_over{0};  // damaged files, when it was restored
  pause_histogram snapshot_pauses;
  snapshot_histogram snapshot_times;         // times from the capture to the durable snapshot
  timed_calls snapshot;                      // from the capture on that is the oldest of those not durable
  std::atomic<std::int64_t> snapshot_at{0};  // the time at which the newest became durable, by the wall
                                             // clock; 0: none yet
  std::atomic<std::uint64_t> snapshot_bytes{0};  // bytes of the newest: the changes since the one before
};

}  // namespace millrace::shard
