// The parts of a lane share this: its options, its partitions, its timers and the effects that it has given. The
// lane (lane.hpp) owns it; each part keeps to itself what it alone decides by.
#pragma once

#include "actors/stream/lane/lane_effects.hpp"
#include "actors/stream/lane/lane_options.hpp"
#include "actors/stream/lane/partition.hpp"
#include "actors/stream/lane/wake_ups.hpp"
#include "runtime/base/steady_time.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace millrace::lane {

struct shared {
  using clock = std::chrono::steady_clock;

  /// `t` outlives it.
  shared(const steady_time& t, lane_options o, delivery::lane_log::start h);

  partition& add_partition(const std::string& name, delivery::lane_log::start from);
  [[nodiscard]] log_id log(const partition& p) const { return options.plan->log(p.name); }
  /// Null: the lane does not read it.
  [[nodiscard]] partition* find(const log_id& l) const;

  [[nodiscard]] clock::time_point now() const { return time.now(); }
  void wake_in(std::chrono::microseconds d);
  /// Returns whether that is in the future; then the lane is awake by then.
  bool waits_until(clock::time_point t);

  void give(effect e) { effects.push_back(std::move(e)); }
  /// Ends the life; the supervisor is told why, once.
  void fail(error why);

  const steady_time& time;
  lane_options options;
  delivery::lane_log::start how;
  std::vector<std::unique_ptr<partition>> partitions;
  std::vector<bool> up;  // indexed by receiver
  wake_ups timers;
  std::optional<clock::time_point> paused_since;
  bool is_over = false;  // nothing is begun any more
  effect_list effects;
};

}  // namespace millrace::lane
