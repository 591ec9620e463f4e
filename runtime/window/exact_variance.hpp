// The variance of values whose exact sum and exact sum of squares are known, computed in integers and rounded
// once at its end: no digits cancel out, for any values.
#pragma once

#include "runtime/window/limbs.hpp"

namespace millrace::window {

/// (count * squares - sum^2) / (count * divisor), rounded to the nearest double. The magnitudes count in units of
/// 2^exponent, which is not positive. `divisor` is count or count - 1 and not 0.
[[nodiscard]] double rounded_variance(shifted_limbs sum, shifted_limbs squares, int exponent,
                                      std::uint64_t count, std::uint64_t divisor);

}  // namespace millrace::window
