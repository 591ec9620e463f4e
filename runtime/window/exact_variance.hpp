// The variance of values whose exact sum and exact sum of squares are known, computed in integers and rounded
// once at its end: nothing cancels out, whatever the values.
#pragma once

#include <cstdint>
#include <span>

namespace millrace::window {

/// (count * squares - sum^2) / (count * divisor), rounded to the nearest double. The magnitudes (least
/// significant limb first) count in units of 2^exponent, which is not positive. `divisor` is count or count -
/// 1 and not 0.
[[nodiscard]] double rounded_variance(std::span<const std::uint64_t> sum,
                                      std::span<const std::uint64_t> squares, int exponent,
                                      std::uint64_t count, std::uint64_t divisor);

}  // namespace millrace::window
