#include "actors/lane/drift_limit.hpp"

namespace millrace::lane {

bool drift_limit::holds(event_micros watermark) const {
  if (!most_ || watermark == no_watermark)
    return false;
  const auto drift = most_->count();
  // Nobody has read a record, or the sum would leave the range of times.
  const bool open = slowest_ == no_watermark || slowest_ > end_of_time - drift;
  return watermark > (open ? slowest_ : slowest_ + drift);
}

}  // namespace millrace::lane
