#include "runtime/window/exact_sum.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace millrace::window {
namespace {

constexpr int narrow = 3;
constexpr int position_bias = 32;

/// A finite double other than 0: its significand, shifted to where it lies in two neighbouring limbs.
struct placed {
  std::uint32_t at;
  limb low, high;
  bool negative;
};

placed place(std::uint64_t bits) {
  const auto exponent = static_cast<std::uint32_t>(bits >> 52 & 0x7FF);
  const auto fraction = bits & ((1ULL << 52) - 1);
  const auto significand = exponent == 0 ? fraction : fraction | 1ULL << 52;
  const auto position = (exponent == 0 ? 0 : exponent - 1) + position_bias;
  const auto shifted = static_cast<unsigned __int128>(significand) << (position & 63);
  return {position >> 6, static_cast<limb>(shifted), static_cast<limb>(shifted >> 64), (bits >> 63) != 0};
}

/// to += v (or -= v) at limb `at`, carrying on to the end.
void accumulate(std::span<limb> to, std::size_t at, limb low, limb high, bool negative) {
  limb carry = 0;
  for (std::size_t i = at; i < to.size(); ++i) {
    const limb v = i == at ? low : i == at + 1 ? high : 0;
    if (i > at + 1 && carry == 0)
      return;
    const auto r = negative ? static_cast<unsigned __int128>(to[i]) - v - carry
                            : static_cast<unsigned __int128>(to[i]) + v + carry;
    to[i] = static_cast<limb>(r);
    carry = static_cast<limb>(r >> 64) & 1;
  }
}

limb sign_of(limb v) { return static_cast<limb>(static_cast<std::int64_t>(v) >> 63); }

void add_signed(wide_sum& to, const exact_sum& from, bool negative) {
  const limb extension = sign_of(from.limbs[narrow - 1]);
  limb carry = negative ? 1 : 0;
  for (std::size_t i = from.base; i < wide_sum::size; ++i) {
    const limb v = i - from.base < narrow ? from.limbs[i - from.base] : extension;
    const auto r = static_cast<unsigned __int128>(to.limbs[i]) + (negative ? ~v : v) + carry;
    to.limbs[i] = static_cast<limb>(r);
    carry = static_cast<limb>(r >> 64);
  }
}

void add_wide(wide_sum& to, const wide_sum& from, bool negative) {
  limb carry = negative ? 1 : 0;
  for (std::size_t i = 0; i < wide_sum::size; ++i) {
    const auto r =
        static_cast<unsigned __int128>(to.limbs[i]) + (negative ? ~from.limbs[i] : from.limbs[i]) + carry;
    to.limbs[i] = static_cast<limb>(r);
    carry = static_cast<limb>(r >> 64);
  }
  const std::uint64_t sign = negative ? ~0ULL : 1;  // -1, in arithmetic that wraps
  to.nans += sign * from.nans;
  to.positive_infinities += sign * from.positive_infinities;
  to.negative_infinities += sign * from.negative_infinities;
}

wide_sum& spilled(exact_sum& sum, side_store& side) {
  if (sum.wide == 0) {
    const auto w = widened(sum, side);
    sum.wide = side.add_wide();
    side.wide(sum.wide) = w;
    sum.limbs = {};
    sum.base = 0;
  }
  return side.wide(sum.wide);
}

bool is_zero(const exact_sum& s) { return (s.limbs[0] | s.limbs[1] | s.limbs[2]) == 0; }

/// Moves the 192 bits so that limb `to` is the lowest, if no bit is lost.
bool rebase(exact_sum& s, std::uint32_t to) {
  if (is_zero(s)) {
    s.base = to;
    return true;
  }
  auto l = s.limbs;
  auto base = s.base;
  for (; base > to; --base) {
    if (l[2] != sign_of(l[1]))
      return false;
    l = {0, l[0], l[1]};
  }
  for (; base < to; ++base) {
    if (l[0] != 0)
      return false;
    l = {l[1], l[2], sign_of(l[2])};
  }
  s.limbs = l;
  s.base = base;
  return true;
}

/// Adds where it fits the 192 bits; false (and nothing changed) where it does not.
bool add_narrow(exact_sum& s, const placed& v) {
  const auto at = v.at - s.base;
  if (at > 1)
    return false;
  auto l = s.limbs;
  const auto sign_before = sign_of(l[2]);
  accumulate(l, at, v.low, v.high, v.negative);
  // The magnitude that was added is below 2^191, so an overflow shows as a change of sign away from the
  // operand's.
  const auto added_sign = v.negative ? ~limb{0} : limb{0};
  if (sign_before == added_sign && sign_of(l[2]) != added_sign)
    return false;
  s.limbs = l;
  return true;
}

bool add_aligned(exact_sum& s, const exact_sum& other, bool negative) {
  auto l = s.limbs;
  limb carry = negative ? 1 : 0;
  for (int i = 0; i < narrow; ++i) {
    const auto r =
        static_cast<unsigned __int128>(l[i]) + (negative ? ~other.limbs[i] : other.limbs[i]) + carry;
    l[i] = static_cast<limb>(r);
    carry = static_cast<limb>(r >> 64);
  }
  const limb added = negative ? ~other.limbs[2] : other.limbs[2];
  if ((~(s.limbs[2] ^ added) & (s.limbs[2] ^ l[2])) >> 63)
    return false;
  s.limbs = l;
  return true;
}

void combine(exact_sum& sum, side_store& side, const exact_sum& other, const side_store& other_side,
             bool negative) {
  if (other.wide != 0) {
    const auto copy = other_side.wide(other.wide);  // the stores may be one, and spilling moves its elements
    return add_wide(spilled(sum, side), copy, negative);
  }
  if (is_zero(other))
    return;
  if (sum.wide == 0) {
    auto aligned = other;
    if (aligned.base == sum.base || rebase(sum, other.base) || rebase(aligned, sum.base))
      if (add_aligned(sum, aligned, negative))
        return;
  }
  add_signed(spilled(sum, side), other, negative);
}

/// Returns the 64 bits from bit `first` on; those before bit 0 and after the last limb are 0.
limb bits_from(std::span<const limb> m, int first) {
  const auto at = static_cast<int>(first >= 0 ? first / 64 : -((63 - first) / 64));
  const auto shift = first - at * 64;
  const auto limb_at = [&](int i) {
    return i >= 0 && i < static_cast<int>(m.size()) ? m[static_cast<std::size_t>(i)] : 0;
  };
  return shift == 0 ? limb_at(at) : limb_at(at) >> shift | limb_at(at + 1) << (64 - shift);
}

/// Returns whether one of the bits below bit `end` is set.
bool any_below(std::span<const limb> m, int end) {
  if (end <= 0)
    return false;
  const auto whole = std::min(static_cast<std::size_t>(end) / 64, m.size());
  if (std::any_of(m.begin(), m.begin() + static_cast<std::ptrdiff_t>(whole), [](limb l) { return l != 0; }))
    return true;
  return whole < m.size() && end % 64 != 0 && m[whole] << (64 - end % 64) != 0;
}

}  // namespace

double round_magnitude(std::span<const limb> m, int exponent, bool more, bool negative) {
  int top = -1;
  for (std::size_t i = m.size(); i-- > 0 && top < 0;)
    if (m[i] != 0)
      top = static_cast<int>(i) * 64 + 63 - std::countl_zero(m[i]);
  if (top < 0)
    return 0;
  const int lowest = std::max(top - 52, -1074 - exponent);  // the last bit that a double keeps
  auto kept = lowest <= top ? bits_from(m, lowest) : 0;
  const bool half = (bits_from(m, lowest - 1) & 1) != 0;
  const bool beyond = more || any_below(m, lowest - 1);
  if (half && (beyond || (kept & 1) != 0))
    ++kept;
  const double r = std::ldexp(static_cast<double>(kept), lowest + exponent);
  return negative ? -r : r;
}

namespace {

void negate(std::span<limb> m) {
  limb carry = 1;
  for (auto& l : m) {
    l = ~l + carry;
    carry = carry != 0 && l == 0 ? 1 : 0;
  }
}

/// Computes m / divisor, with 128 bits after the point: more than a double keeps.
double round_quotient(std::span<const limb> m, int exponent, std::uint64_t divisor, bool negative) {
  std::array<limb, wide_sum::size + 2> room;
  const auto quotient = std::span(room).first(m.size() + 2);
  quotient[0] = quotient[1] = 0;
  std::ranges::copy(m, quotient.begin() + 2);
  const bool more = divide(quotient, divisor);
  return round_magnitude(quotient, exponent - 128, more, negative);
}

}  // namespace

double special(const exact_sum& sum, const side_store& side) {
  if (sum.wide == 0)
    return 0;
  const auto& s = side.wide(sum.wide);
  if (s.nans != 0 || (s.positive_infinities != 0 && s.negative_infinities != 0))
    return std::numeric_limits<double>::quiet_NaN();
  if (s.positive_infinities != 0)
    return std::numeric_limits<double>::infinity();
  return s.negative_infinities != 0 ? -std::numeric_limits<double>::infinity() : 0;
}

magnitude::magnitude(const exact_sum& sum, const side_store& side)
    : size_(sum.wide == 0 ? narrow : wide_sum::size), at_(sum.wide == 0 ? sum.base : 0) {
  const auto* const from = sum.wide == 0 ? sum.limbs.data() : side.wide(sum.wide).limbs.data();
  std::copy_n(from, size_, limbs_.begin());
  const auto m = std::span(limbs_).first(size_);
  negative_ = sign_of(m.back()) != 0;
  if (negative_)
    negate(m);
}

void add(exact_sum& sum, side_store& side, double v) {
  const auto bits = std::bit_cast<std::uint64_t>(v);
  if ((bits >> 52 & 0x7FF) == 0x7FF) {
    auto& w = spilled(sum, side);
    ++(std::isnan(v) ? w.nans : v > 0 ? w.positive_infinities : w.negative_infinities);
    return;
  }
  if (bits << 1 == 0)
    return;
  const auto p = place(bits);
  if (sum.wide == 0) {
    if (add_narrow(sum, p))
      return;
    if ((rebase(sum, p.at) || (p.at > 0 && rebase(sum, p.at - 1))) && add_narrow(sum, p))
      return;
  }
  accumulate(spilled(sum, side).limbs, p.at, p.low, p.high, p.negative);
}

void add(exact_sum& sum, side_store& side, const exact_sum& other, const side_store& other_side) {
  combine(sum, side, other, other_side, false);
}

void subtract(exact_sum& sum, side_store& side, const exact_sum& other, const side_store& other_side) {
  combine(sum, side, other, other_side, true);
}

wide_sum widened(const exact_sum& sum, const side_store& side) {
  if (sum.wide != 0)
    return side.wide(sum.wide);
  wide_sum w;
  add_signed(w, sum, false);
  return w;
}

void assign(exact_sum& sum, side_store& side, const wide_sum& from) {
  const auto& l = from.limbs;
  const auto extension = sign_of(l.back());
  std::size_t first = 0;
  while (first < wide_sum::size - narrow && l[first] == 0)
    ++first;
  bool fits = from.nans == 0 && from.positive_infinities == 0 && from.negative_infinities == 0 &&
              sign_of(l[first + narrow - 1]) == extension;
  for (std::size_t i = first + narrow; i < wide_sum::size; ++i)
    fits = fits && l[i] == extension;
  if (fits) {
    sum.base = static_cast<std::uint32_t>(first);
    std::copy_n(l.begin() + static_cast<std::ptrdiff_t>(first), narrow, sum.limbs.begin());
  } else {
    sum.wide = side.add_wide();
    side.wide(sum.wide) = from;
  }
}

double rounded(const exact_sum& sum, const side_store& side) {
  if (const auto s = special(sum, side); s != 0)
    return s;
  const magnitude m(sum, side);
  const auto [limbs, at] = m.value();
  return round_magnitude(limbs, unit_exponent + static_cast<int>(at) * 64, false, m.negative());
}

double rounded_average(const exact_sum& sum, const side_store& side, std::uint64_t count) {
  if (const auto s = special(sum, side); s != 0)
    return s;
  const magnitude m(sum, side);
  const auto [limbs, at] = m.value();
  return round_quotient(limbs, unit_exponent + static_cast<int>(at) * 64, count, m.negative());
}

double rounded_average(__int128 sum, std::uint64_t count) {
  const bool negative = sum < 0;
  const auto magnitude =
      negative ? -static_cast<unsigned __int128>(sum) : static_cast<unsigned __int128>(sum);
  const std::array<limb, 2> m{static_cast<limb>(magnitude), static_cast<limb>(magnitude >> 64)};
  return round_quotient(m, 0, count, negative);
}

}  // namespace millrace::window
