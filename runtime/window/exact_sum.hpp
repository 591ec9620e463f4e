// The exact sum of doubles: an integer in units of 2^-1106 that no addition rounds, rounded once when it is
// read, so that no order of additions and no merge can change a digit. Most sums fit 192 bits around their
// values and stay in the state row; one that does not, or that met an infinity or NaN, moves to a wide_sum
// beside the rows. Also the rounding of exact quotients, for averages.
//
// After U. Kulisch's long accumulator; the small superaccumulator of R. M. Neal, "Fast exact summation using
// small and large superaccumulators", arXiv:1505.05571, with the limbs kept in two's complement and only
// where they are used.
#pragma once

#include "runtime/window/limbs.hpp"
#include "runtime/window/side_store.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace millrace::window {

/// A sum within a state row. All zero bytes are the empty sum.
struct exact_sum {
  std::array<std::uint64_t, 3> limbs;  // two's complement, least significant first
  std::uint32_t wide;                  // index in side_store, from 1; then limbs are unused
  std::uint32_t base;                  // limbs[0] is limb `base` of the long accumulator
};
static_assert(sizeof(exact_sum) == 32);

void add(exact_sum& sum, side_store& side, double v);
void add(exact_sum& sum, side_store& side, const exact_sum& other, const side_store& other_side);
/// Exactly undoes add().
void subtract(exact_sum& sum, side_store& side, const exact_sum& other, const side_store& other_side);

/// The sum in full, however it is kept.
[[nodiscard]] wide_sum widened(const exact_sum& sum, const side_store& side);
/// The value of a wide sum as a state, narrow where it fits. `sum` must be empty.
void assign(exact_sum& sum, side_store& side, const wide_sum& from);

/// The sum, and the sum over count (not 0), each rounded once, ties to even. A sum beyond double is an
/// infinity.
[[nodiscard]] double rounded(const exact_sum& sum, const side_store& side);
[[nodiscard]] double rounded_average(const exact_sum& sum, const side_store& side, std::uint64_t count);
[[nodiscard]] double rounded_average(__int128 sum, std::uint64_t count);

/// Gives the sum that infinities and NaNs lead to; 0 where there were none.
[[nodiscard]] double special(const exact_sum& sum, const side_store& side);
/// Bit 0 of a wide_sum weighs 2 to the power of this.
inline constexpr int unit_exponent = -1074 - 32;

/// The magnitude of a sum without specials, in units of 2^unit_exponent.
class magnitude {
public:
  magnitude(const exact_sum& sum, const side_store& side);
  [[nodiscard]] shifted_limbs value() const { return {std::span(limbs_).first(size_), at_}; }
  [[nodiscard]] bool negative() const { return negative_; }

private:
  std::array<limb, wide_sum::size> limbs_;  // the first size_
  std::size_t size_;
  std::size_t at_;
  bool negative_;
};

/// m * 2^exponent (plus something smaller than its last bit, if `more`) rounded once, ties to even.
[[nodiscard]] double round_magnitude(std::span<const limb> m, int exponent, bool more, bool negative);

}  // namespace millrace::window
