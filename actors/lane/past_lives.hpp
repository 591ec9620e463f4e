// What the lives of one lane leave to the next: on which records work has failed, and what is durable
// downstream. From it follows how the next life goes about them: a range on which one has failed is worked on
// in ever smaller parts, until the record is found that is to blame. Pure; a life has it at a time, and
// between two lives whoever spawns the lane.
#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::lane {

/// Work on some consecutive records of a log: parsing them, running steps on them, forming their frame.
struct attempt {
  log_id log;
  position from{};
  position to{};
  std::size_t records = 0;
  std::optional<position> record{};  // where it is this one alone
  bool cutting = false;              // forming the frame; else what comes before
  bool taken_before = false;  // a receiver has got these records from an earlier attempt, which went well
};

class past_lives {
public:
  /// Failures on a record alone before it is given up.
  static constexpr int tries = 3;

  /// A life ends on it.
  void failed(const attempt& a, std::string_view error);
  /// Work on records of this log from here on went well.
  void went_well(const log_id& log, position from);

  /// Where care is needed first in [from, to), and how many records to work on at once there.
  struct suspicion {
    position from;
    position to;
    std::size_t at_once;
    bool own_frames;  // each part in one: a frame could not be formed
  };
  [[nodiscard]] std::optional<suspicion> next(const log_id& log, position from, position to) const;

  struct culprit {
    log_id log;
    position at{};
    std::string error;
    int failures = 0;
    bool taken_before = false;
  };
  /// Records on which a life has failed `tries` times.
  [[nodiscard]] std::vector<culprit> culprits() const;
  /// No life will work on it any more.
  void given_up(const log_id& log, position at);
  /// Records given up since one behind them went well.
  [[nodiscard]] std::size_t given_up_in_a_row() const { return in_a_row_; }

  /// By log: below, everything is durable in every receiver.
  void settled(const log_id& log, position below) { settled_[log] = below; }
  [[nodiscard]] const std::map<log_id, position>& settled() const { return settled_; }

private:
  struct range {
    log_id log;
    position from{};
    position to{};
    std::size_t records = 0;
    bool own_frames = false;
  };
  std::deque<range> ranges_;       // disjoint; the newest last
  std::deque<culprit> suspected_;  // records; the newest last
  std::map<log_id, position> last_given_up_;
  std::size_t in_a_row_ = 0;
  std::map<log_id, position> settled_;
};

}  // namespace millrace::lane
