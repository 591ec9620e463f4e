// The watermark of several partitions or lanes together, for people and metrics: as a receiver takes it
// (intake::watermark), an idle one holds nothing back. Pure.
#pragma once

#include "runtime/base/ids.hpp"

#include <algorithm>

namespace millrace::delivery {

class common_watermark {
public:
  void add(event_micros at, bool is_idle) {
    if (!is_idle || at == end_of_time) {
      least_ = std::min(least_, at);
      return;
    }
    any_idle_ = true;
    greatest_idle_ = std::max(greatest_idle_, at);
  }
  /// All that have not ended are idle.
  [[nodiscard]] bool is_idle() const { return any_idle_ && least_ == end_of_time; }
  /// The least, idle ones left out; the greatest of the idle ones where no other is left; end_of_time where all have
  /// ended.
  [[nodiscard]] event_micros at() const { return is_idle() ? greatest_idle_ : least_; }

private:
  event_micros least_ = end_of_time;
  event_micros greatest_idle_ = no_watermark;
  bool any_idle_ = false;
};

}  // namespace millrace::delivery
