#include "actors/stream/lane/drift_limit.hpp"

namespace millrace::lane {
namespace {

constexpr std::uint64_t steps_of_drift = 8;

}  // namespace

bool drift_limit::holds(event_micros watermark) const {
  if (!most_ || watermark == no_watermark)
    return false;
  const auto drift = most_->count();
  // The limit is open while no lane has read a record, and where the sum would leave the range of times.
  const bool open = slowest_ == no_watermark || slowest_ > end_of_time - drift;
  return watermark > (open ? slowest_ : slowest_ + drift);
}

bool drift_limit::is_news(std::optional<event_micros> said, event_micros now) const {
  if (!said || now < *said)
    return true;
  if (*said == no_watermark || now == end_of_time)
    return now != *said;
  const auto step = static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(*said);
  return step > static_cast<std::uint64_t>(most_.value_or(micros(0)).count()) / steps_of_drift;
}

}  // namespace millrace::lane
