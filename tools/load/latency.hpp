// A histogram of latencies in microseconds with a fixed size and an error below one in a hundred: powers of
// two, each cut into 128 equal parts. Exact below 256 us; the largest value is kept as it was.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace millrace::load {

class latency_histogram {
public:
  void add(std::int64_t value) {
    const auto v = static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
    ++counts_[bucket_of(v)];
    ++count_;
    max_ = std::max(max_, v);
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }

  /// The smallest value that `share` (0 to 1) of all values do not exceed, rounded up to its bucket's end.
  [[nodiscard]] std::uint64_t percentile(double share) const {
    if (count_ == 0)
      return 0;
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::min(1.0, share) * static_cast<double>(count_) + 0.999999));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= wanted)
        return std::min(end_of(i), max_);
    }
    return max_;
  }

private:
  static constexpr unsigned part_bits = 7;
  static constexpr std::uint64_t parts = 1U << part_bits;

  static std::size_t bucket_of(std::uint64_t v) {
    if (v < parts)
      return v;
    const auto shift = static_cast<unsigned>(std::bit_width(v)) - part_bits - 1;
    return (shift + 1) * parts + ((v >> shift) - parts);
  }
  static std::uint64_t end_of(std::size_t bucket) {
    if (bucket < parts)
      return bucket;
    const auto shift = bucket / parts - 1;
    return ((bucket % parts + parts + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>((64 - part_bits + 1) * parts);
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace millrace::load
