#include "actors/stream/lane/rate_limit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace millrace::lane {
namespace {

/// A lane that comes late makes up for so much time at once. The one record that may go is beside it, or a
/// slow rate would lose a little with each wake-up.
constexpr double burst_seconds = 0.2;
/// The distance of turns in which all due records have gone. A frame's way to the sink costs some 400 us of
/// CPU for one record and for fifty: at 20 turns a second a slow rate stays below a hundredth of a core.
constexpr std::chrono::milliseconds turn_every{50};

}  // namespace

std::size_t rate_limit::allowed(clock::time_point now) {
  if (!a_second_)
    return std::numeric_limits<std::size_t>::max();
  const auto elapsed = std::chrono::duration<double>(now - filled_at_).count();
  filled_at_ = now;
  tokens_ = std::min(tokens_ + elapsed * *a_second_, 1 + *a_second_ * burst_seconds);
  return now < opens_at_ ? 0 : static_cast<std::size_t>(tokens_);
}

void rate_limit::take(std::size_t records) {
  if (!a_second_ || records == 0)
    return;
  tokens_ -= static_cast<double>(records);
  if (tokens_ < 1)
    opens_at_ = filled_at_ + turn_every;
}

rate_limit::clock::time_point rate_limit::nothing_due_at() const {
  if (!a_second_)
    return filled_at_;
  return filled_at_ -
         std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(tokens_ / *a_second_));
}

std::chrono::microseconds rate_limit::wait() const {
  if (!a_second_)
    return std::chrono::microseconds(0);
  const std::chrono::microseconds due(static_cast<std::int64_t>(std::ceil((1 - tokens_) / *a_second_ * 1e6)));
  return std::max(due, std::chrono::ceil<std::chrono::microseconds>(opens_at_ - filled_at_));
}

}  // namespace millrace::lane
