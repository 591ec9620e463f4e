#include "actors/lane/rate_limit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace millrace::lane {
namespace {

/// A rate serves at most this much time's worth of records at once.
constexpr double burst_seconds = 0.1;

}  // namespace

std::size_t rate_limit::allowed(clock::time_point now) {
  if (!a_second_)
    return std::numeric_limits<std::size_t>::max();
  const auto elapsed = std::chrono::duration<double>(now - filled_at_).count();
  filled_at_ = now;
  tokens_ = std::min(tokens_ + elapsed * *a_second_, std::max(1.0, *a_second_ * burst_seconds));
  return static_cast<std::size_t>(tokens_);
}

void rate_limit::take(std::size_t records) {
  if (a_second_)
    tokens_ -= static_cast<double>(records);
}

std::chrono::microseconds rate_limit::wait() const {
  if (!a_second_)
    return std::chrono::microseconds(0);
  return std::chrono::microseconds(static_cast<std::int64_t>(std::ceil((1 - tokens_) / *a_second_ * 1e6)));
}

}  // namespace millrace::lane
