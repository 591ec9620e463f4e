// Decides which partitions of a lane wait under its source's `max_drift`: those that are further ahead of the
// slowest partition than that, in event time. Pure: the lane says where its partitions stand and what its
// peers said.
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/base/time.hpp"

#include <optional>

namespace millrace::lane {

class drift_limit {
public:
  /// No value is no limit.
  explicit drift_limit(std::optional<micros> most) : most_(most) {}

  [[nodiscard]] bool limits() const { return most_.has_value(); }
  /// Forgets who was slowest.
  void begin() { slowest_ = end_of_time; }
  /// A partition (of any lane of the parser) that still has something to read stands here.
  void sees(event_micros watermark) { slowest_ = watermark < slowest_ ? watermark : slowest_; }
  [[nodiscard]] event_micros slowest() const { return slowest_; }
  /// Tells whether others are to hear that a lane's slowest partition is at `now`; they were told `said`
  /// (nothing: nothing yet). Small steps matter to nobody: those who wait for it wait a little longer.
  [[nodiscard]] bool is_news(std::optional<event_micros> said, event_micros now) const;
  /// A partition that stands here may not read on. One without any record yet always may.
  [[nodiscard]] bool holds(event_micros watermark) const;

private:
  std::optional<micros> most_;
  event_micros slowest_ = end_of_time;
};

}  // namespace millrace::lane
