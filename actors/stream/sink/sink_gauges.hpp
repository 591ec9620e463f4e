// Figures of one sink: its commits, the call to its target that is under way, and how its target is. The sink alone
// writes them; anyone reads.
#pragma once

#include "runtime/base/call_under_way.hpp"
#include "runtime/base/duration_histogram.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/base/noted_value.hpp"
#include "runtime/base/pace.hpp"
#include "runtime/base/time.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <vector>

namespace millrace::sink {

// Counts, by duration, how long commits take, and how far behind event time their rows are when they are
// committed. Written by the sink, read by anyone.
inline constexpr std::array<micros, 12> commit_bounds{
    micros(1'000),     micros(2'500),     micros(5'000),      micros(10'000),
    micros(25'000),    micros(50'000),    micros(100'000),    micros(250'000),
    micros(1'000'000), micros(2'500'000), micros(10'000'000), micros(60'000'000)};
/// The bounds go up to a day: beyond that old records are read again.
inline constexpr std::array<micros, 14> latency_bounds{
    micros(10'000),     micros(25'000),      micros(50'000),        micros(100'000),       micros(250'000),
    micros(500'000),    micros(1'000'000),   micros(2'500'000),     micros(5'000'000),     micros(10'000'000),
    micros(60'000'000), micros(600'000'000), micros(3'600'000'000), micros(86'400'000'000)};

using commit_histogram = duration_histogram<commit_bounds>;
using latency_histogram = duration_histogram<latency_bounds>;

/// A commit with rows; with `updates` it is a tick.
struct commit_note {
  std::uint64_t batch = 0;  // its number, `_batch`
  event_micros at = 0;      // the time of the commit, by the wall clock
  std::uint64_t rows = 0;
  std::uint64_t wait_micros = 0;  // time from its first row to its beginning
  std::uint64_t commit_micros = 0;
};

/// The newest commits of a sink. The sink alone adds; anyone reads.
class commit_history {
public:
  static constexpr std::size_t most = 100;

  void add(const commit_note& c) {
    const std::lock_guard lock(mutex_);
    newest_.push_back(c);
    if (newest_.size() > most)
      newest_.pop_front();
  }
  /// Oldest first.
  [[nodiscard]] std::vector<commit_note> all() const {
    const std::lock_guard lock(mutex_);
    return {newest_.begin(), newest_.end()};
  }

private:
  mutable std::mutex mutex_;  // taken once a commit
  std::deque<commit_note> newest_;
};

/// Written by the sink, read by anyone.
struct sink_gauges {
  std::atomic<std::uint64_t> rows{0};  // committed in this process
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> row_commits{0};    // commits with rows
  std::atomic<std::uint64_t> wait_micros{0};    // time from a batch's first row to the beginning of its
                                                // commit
  std::atomic<std::uint64_t> commit_micros{0};  // time that commits with rows took
  // The values of the newest commit with rows; with `updates` that is a tick.
  std::atomic<std::uint64_t> batch{0};  // its number, `_batch`; 0: there was none yet
  std::atomic<std::uint64_t> last_rows{0};
  std::atomic<std::uint64_t> last_micros{0};
  std::atomic<std::uint64_t> held_frames{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<bool> away{false};
  noted_text why_away;                  // the newest error of its target
  std::atomic<bool> reached{false};     // the target has been opened once
  std::atomic<std::uint64_t> life{0};   // the number of the newest, which rises with each opening
  std::atomic<std::uint64_t> bytes{0};  // bytes of the committed rows, as they came
  commit_histogram commit_times;        // times of commits with rows
  latency_histogram
      latency;  // lag of a commit's end after the event time of its rows, once for each log in it
  commit_history history;
  call_under_way call;   // its opening, rows that are written, a commit, or one that keeps it alive
  usual_time in_target;  // time of all calls for a commit with rows

  /// Compares the call that is under way with what is usual here.
  [[nodiscard]] pace pace_at(call_under_way::clock::time_point now) const {
    return pace_of(call.age(now).value_or(micros(0)), in_target.mean());
  }
};

}  // namespace millrace::sink
