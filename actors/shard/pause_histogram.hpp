// How long a shard took no frames because it gathered a snapshot, as counts by duration. Written by the
// shard, read by anyone.
#pragma once

#include "runtime/base/time.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace millrace::shard {

class pause_histogram {
public:
  /// No pause in a bucket is longer than its bound; those of the last bucket are longer than all of these.
  static constexpr std::array<micros, 16> bounds{micros(20),    micros(50),    micros(100),   micros(200),
                                                 micros(300),   micros(500),   micros(700),   micros(1000),
                                                 micros(1500),  micros(2000),  micros(3000),  micros(5000),
                                                 micros(10000), micros(20000), micros(50000), micros(100000)};

  void add(micros pause) {
    const auto at = std::lower_bound(bounds.begin(), bounds.end(), pause);
    ++counts_[static_cast<std::size_t>(at - bounds.begin())];
    total_ += static_cast<std::uint64_t>(pause.count());
  }
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return counts_[bucket]; }
  [[nodiscard]] micros total() const { return micros(total_.load()); }

private:
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> counts_{};
  std::atomic<std::uint64_t> total_{0};
};

}  // namespace millrace::shard
