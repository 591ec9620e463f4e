// A lane's state of one partition: the protocol's view, the frame that is being formed, what was read and
// waits for credit or for its turn under `rate`, and what each receiver has in flight.
#pragma once

#include "actors/lane/frame_former.hpp"
#include "actors/lane/neighbours.hpp"
#include "actors/lane/piece.hpp"
#include "runtime/base/backoff.hpp"
#include "runtime/delivery/lane_log.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::lane {

/// A chunk that was read, from `next` on not yet processed.
struct waiting_chunk {
  std::shared_ptr<const source::chunk> chunk;
  std::chrono::steady_clock::time_point arrived;
  std::size_t next = 0;
  std::optional<piece> now{};  // where `next` lies, parsed, once it was its turn
  bool begun = false;
};

struct partition {
  partition(std::shared_ptr<const lane_plan> plan, std::string name, delivery::lane_log::start how,
            std::chrono::steady_clock::time_point now)
      : name(std::move(name)), log(plan->receivers, how), last_data(now), in_flight(plan->receivers),
        acknowledged(plan->receivers), plan(std::move(plan)) {}

  std::string name;
  delivery::lane_log log;
  std::unique_ptr<frame_former> live;  // null until the lane knows where to begin
  std::deque<waiting_chunk> waiting;
  std::uint64_t first_ticket = 0;  // chunks asked for before this are of an earlier assignment
  bool caught_up = false;          // the source had nothing more
  bool idle_sent = false;
  std::chrono::steady_clock::time_point told_behind_at{};  // that receivers are behind, in the log
  std::chrono::steady_clock::time_point last_data;
  std::vector<std::size_t> in_flight;                 // bytes, by receiver
  std::vector<std::optional<position>> acknowledged;  // by receiver
  std::optional<position> told_source;
  std::optional<position> alone;  // the frame that is being formed holds this one record
  std::optional<error> refused;   // the record at which the lane stands ends the run (on_error)
  std::shared_ptr<const lane_plan> plan;

  [[nodiscard]] bool ended() const { return live && live->at().watermark == end_of_time; }
  [[nodiscard]] bool nothing_in_flight() const {
    return std::all_of(in_flight.begin(), in_flight.end(), [](std::size_t b) { return b == 0; });
  }
  [[nodiscard]] bool has_credit(std::size_t receiver, std::size_t limit) const {
    return in_flight[receiver] < limit;
  }
  /// Every attached receiver has credit; and there is one, or one that is waited for further on.
  [[nodiscard]] bool may_send(std::size_t limit) const {
    const auto attached = log.attached();
    if (attached.empty())
      return log.known() && log.next_cut().has_value();
    for (const auto r : attached)
      if (!has_credit(r, limit))
        return false;
    return true;
  }
};

/// A reader of its own that rereads the log for one receiver that is behind.
struct catch_up {
  std::size_t partition = 0;
  std::size_t receiver = 0;
  delivery::fence stamp;  // it is over when the receiver has answered again
  reader_number reader;
  std::unique_ptr<frame_former> former;
  bool reading = false;
  std::optional<waiting_chunk> waiting;                   // for credit
  std::chrono::steady_clock::time_point read_again_at{};  // the source was away: not before
  backoff away;                                           // of a source that does not answer
  std::optional<std::chrono::steady_clock::time_point> waits_since;
};

}  // namespace millrace::lane
