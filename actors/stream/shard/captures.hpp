// Decides when a shard captures its state, what it makes of the disk's answers, and what waits for one: a report
// of an end, and the stop. Pure; the shard makes the captures and tells of each.
#pragma once

#include "runtime/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace millrace::shard {

class captures {
public:
  using time_point = std::chrono::steady_clock::time_point;
  /// Bounds what the disk has refused and the snapshot writer keeps; from there on changes are gathered in the
  /// state alone.
  static constexpr std::size_t most_unwritten{4U << 20U};

  /// This many captures in a row may find that another process is about to take the chain over (ec::locked): it opens the
  /// chain soon, or its own process has ended, and the next capture is written. Each one after them counts as failed.
  static constexpr int most_contested = 3;

  enum class due : std::uint8_t {
    none,
    changes,  // a capture of what has changed
    refused,  // the writer has as much as it may of what the disk has refused: it is to write that, and no more
  };

  // --- when
  // `changed`: there is something to capture since the last one; `wanted`: or one more lets a sender forget its input.

  /// There is none while one is under way: a slow disk makes them fewer.
  [[nodiscard]] due on_time(bool wanted) const;
  /// The last one; where none is due and none under way, the shard has stopped (stop_is_due).
  [[nodiscard]] due on_stop(bool changed);
  /// A report of a shard that has `ended` waits until this is durable, so that a next run can begin from it.
  [[nodiscard]] due on_report(bool changed, bool ended);
  /// The end that was kept is none any more: a log has been found.
  void goes_on() { end_is_kept_ = false; }

  // --- the disk
  void begun(time_point now, std::size_t bytes);
  enum class outcome : std::uint8_t {
    durable,
    durable_again,  // the first since one has failed
    contested,      // not written, and no failure: tried again
    failed_first,
    failed,
    fenced,  // another life has its place: this one is over
  };
  struct answer {
    outcome what = outcome::durable;
    std::chrono::steady_clock::duration took{};
    std::size_t bytes = 0;
  };
  /// The oldest one under way was answered.
  [[nodiscard]] answer written(time_point now, const std::optional<error>& failure);

  /// When the oldest one under way was begun; none: none is under way.
  [[nodiscard]] std::optional<time_point> oldest() const {
    return under_way_.empty() ? std::nullopt : std::optional(under_way_.front().begun);
  }

  // --- what waits
  /// True once for each report that was asked for, when it may be given.
  [[nodiscard]] bool takes_report();
  [[nodiscard]] bool stop_is_due() const { return stopping_ && under_way_.empty(); }
  [[nodiscard]] bool is_stopping() const { return stopping_; }

private:
  enum class report : std::uint8_t { none, due, waits_for_end };
  struct capture {
    time_point begun;
    std::size_t bytes;
  };
  std::deque<capture> under_way_;  // the oldest first
  std::size_t unwritten_ = 0;      // bytes of captures since the last durable one
  bool is_unwritten_ = false;      // the newest that was answered is not durable
  bool failing_ = false;
  int contested_ = 0;  // in a row
  bool stopping_ = false;
  report report_ = report::none;
  bool end_is_kept_ = false;  // a durable capture has it
};

}  // namespace millrace::shard
