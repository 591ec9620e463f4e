// The parts of a lane share this: its options, its partitions, its timers and the effects that it has given. The
// lane (lane.hpp) owns it; each part keeps to itself what it alone decides by.
#pragma once

#include "actors/stream/lane/catch_ups.hpp"
#include "actors/stream/lane/frame_former.hpp"
#include "actors/stream/lane/lane_effects.hpp"
#include "actors/stream/lane/lane_options.hpp"
#include "actors/stream/lane/partition_receivers.hpp"
#include "actors/stream/lane/waiting_chunk.hpp"
#include "actors/stream/lane/wake_ups.hpp"
#include "runtime/base/steady_time.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::lane {

// A lane's state of one partition: its receivers, the frame that is being formed, and what was read and waits
// for credit or for its turn under `rate`.

/// A reader has found that the log does not have this position any more.
struct gone {
  position at;
  error why;
};

struct partition {
  partition(const lane_plan& plan, std::shared_ptr<partition_gauges> gauges, delivery::lane_log::start how,
            std::chrono::steady_clock::time_point now)
      : name(gauges->name), gauges(std::move(gauges)), receivers(plan.receivers, how), last_data(now) {}

  std::string name;
  std::shared_ptr<partition_gauges> gauges;
  partition_receivers receivers;
  std::unique_ptr<frame_former> live;  // null until the lane knows where to begin
  std::deque<waiting_chunk> waiting;
  std::uint64_t first_ticket = 0;  // chunks asked for before this are of an earlier assignment
  std::uint64_t asked = 0;         // the newest read that is to give something of it
  std::size_t turn = 0;            // its place among those of that read
  bool caught_up = false;          // the source had nothing more
  bool idle_sent = false;
  lag_notice behind;
  std::chrono::steady_clock::time_point last_data;
  std::optional<position> told_source;
  std::optional<position> alone;  // the frame that is being formed holds this one record
  std::optional<error> refused;   // the record at which the lane stands ends the run (on_error)
  std::map<std::size_t, gone>
      gone_for;  // keyed by a receiver that was behind: it is asked whether it still needs the missing
                 // records

  [[nodiscard]] const delivery::lane_log& log() const { return receivers.log(); }
  [[nodiscard]] bool ended() const { return live && live->at().watermark == end_of_time; }
};

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
