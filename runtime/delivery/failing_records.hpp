// Keeps on which records of one lane work has failed. The lane's next life goes about them accordingly: a
// range on which one has failed is worked on in ever smaller parts, until the record is found that makes it
// fail. A plain value: each life begins with one, and says by message what it learns; the supervisor keeps
// what they have said, by the lane's name, and gives it to the next (docs/design/failing-records.md).
#pragma once

#include "runtime/base/attempt.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::delivery {

class failing_records {
public:
  /// Failures on a record alone before it is given up.
  static constexpr int tries = 3;

  /// A process has ended on it: parts of these records are worked on, as after a failure, but nothing is counted.
  void suspect(const attempt& a);
  /// A life ends on it.
  void failed(const attempt& a, std::string_view error);
  /// Work on records of this log from here on went well. True: records had been given up in a row, and the
  /// row ends with this.
  bool went_well(const log_id& log, position from);

  /// The first place in [from, to) that needs care, and how many records to work on at once there.
  struct suspicion {
    position from;
    position to;
    std::size_t at_once;
    bool own_frames;  // each part in one: a frame could not be formed
  };
  [[nodiscard]] std::optional<suspicion> next(const log_id& log, position from, position to) const;

  struct failing_record {
    log_id log;
    position at{};
    std::string error;
    int failures = 0;
    bool taken_before = false;
  };
  /// Records on which lives have failed `tries` times.
  [[nodiscard]] std::vector<failing_record> to_give_up() const;
  /// No life will work on it any more.
  void give_up(const log_id& log, position at);
  /// Returns how many records were given up in a row: no later record went well since.
  [[nodiscard]] std::size_t given_up_in_a_row() const { return in_a_row_; }

  /// `below` gives for each log the position below which everything is durable in every receiver. It adds to
  /// what earlier lives knew.
  void settle(const std::map<log_id, position>& below);
  [[nodiscard]] const std::map<log_id, position>& settled() const { return settled_; }

private:
  struct range {
    log_id log;
    position from{};
    position to{};
    std::uint64_t records = 0;
    bool own_frames = false;
  };
  void add_range(const attempt& a);

  std::deque<range> ranges_;              // disjoint; the newest last
  std::deque<failing_record> suspected_;  // the newest last
  std::map<log_id, position> last_given_up_;
  std::size_t in_a_row_ = 0;
  std::map<log_id, position> settled_;
};

}  // namespace millrace::delivery
