// The rows of one key on one side of a join by time, in the order of time, log and position; the oldest go first.
// docs/design/joins.md. Pure; belongs to the join beside which it lies.
#pragma once

#include "runtime/base/time.hpp"
#include "runtime/window/collection.hpp"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <span>

namespace millrace::window {

struct timed_row {
  event_micros time = 0;
  event_micros eligible = 0;  // the first left row's end that it counts for
  /// Place and values (side_rows.hpp). Without values: the rows of this time were too many to be kept.
  collection::entry what{};

  [[nodiscard]] bool is_lost() const { return what.value_at == 0; }
  /// Says that its key is gone from its time on; of a join with joining::deletes.
  [[nodiscard]] bool is_deletion() const { return what.value_at != 0 && what.bytes[what.value_at - 1] == 1; }
};

class timed_rows {
public:
  void add(timed_row r);
  /// The rows with from <= time < to, in order; valid until the next change.
  [[nodiscard]] std::span<const timed_row> between(event_micros from, event_micros to) const;
  [[nodiscard]] std::span<const timed_row> all() const;
  /// Removes the first rows of all().
  void drop(std::size_t rows);
  /// Removes the rows before this time.
  void drop_before(event_micros time);
  /// The time of the oldest; end_of_time where there is none.
  [[nodiscard]] event_micros first_time() const { return first_time_; }
  [[nodiscard]] std::size_t size() const { return rows_.size() - gone_; }
  /// Has the first rows on their way, where they do not lie here.
  [[gnu::always_inline]] void prefetch() const {
    if (rows_.size() > 1)
      __builtin_prefetch(rows_.data() + gone_);
  }
  [[nodiscard]] std::size_t byte_size() const { return rows_.size() * sizeof(timed_row) + bytes_; }

private:
  void settle() const;

  /// Rows from gone_ on are there, in order up to ordered_. Most keys have one at a time: it lies here.
  mutable boost::container::small_vector<timed_row, 1> rows_;
  mutable std::size_t ordered_ = 0;
  std::size_t gone_ = 0;  // removed at the front
  std::size_t bytes_ = 0;
  event_micros first_time_ = end_of_time;
};

}  // namespace millrace::window
