// A lane's state of one partition: its receivers, the frame that is being formed, and what was read and waits
// for credit or for its turn under `rate`.
#pragma once

#include "actors/stream/lane/catch_ups.hpp"
#include "actors/stream/lane/frame_former.hpp"
#include "actors/stream/lane/lane_options.hpp"
#include "actors/stream/lane/partition_receivers.hpp"
#include "actors/stream/lane/waiting_chunk.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace::lane {

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

}  // namespace millrace::lane
