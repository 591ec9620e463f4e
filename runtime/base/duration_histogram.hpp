// Durations as counts by length, as Prometheus wants them. One actor writes a histogram, anyone reads it; a
// reader may see a duration in its bucket before it sees it in the total.
#pragma once

#include "runtime/base/time.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace millrace {

/// `Bounds`: a constexpr array of micros, ascending.
template<const auto& Bounds>
class duration_histogram {
public:
  /// No duration in a bucket is longer than its bound; those of the last bucket are longer than all of these.
  static constexpr const auto& bounds = Bounds;

  /// A clock that was set back may give a duration below zero: that counts as none.
  void add(micros d) {
    const auto length = std::max(d, micros(0));
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), length);
    counts_[static_cast<std::size_t>(at - bounds.begin())].fetch_add(1, std::memory_order_relaxed);
    total_.fetch_add(static_cast<std::uint64_t>(length.count()), std::memory_order_relaxed);
  }
  /// There is one bucket more than bounds.
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const {
    return counts_[bucket].load(std::memory_order_relaxed);
  }
  [[nodiscard]] micros total() const {
    return micros(static_cast<std::int64_t>(total_.load(std::memory_order_relaxed)));
  }

private:
  std::array<std::atomic<std::uint64_t>, Bounds.size() + 1> counts_{};
  std::atomic<std::uint64_t> total_{0};
};

}  // namespace millrace
