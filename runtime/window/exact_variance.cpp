#include "runtime/window/exact_variance.hpp"

#include "runtime/window/exact_sum.hpp"

#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace millrace::window {
namespace {

// Has room for a square of a wide sum and for the limbs after the point.
using number = boost::container::static_vector<limb, 2 * wide_sum::size + 8>;

/// Bits of a quotient: more than a double keeps, and one of what it drops.
constexpr int quotient_bits = 66;

/// to += a * b, at limb `at`; `to` is long enough for the carry.
void add_product(number& to, std::span<const limb> a, limb b, std::size_t at) {
  limb carry = 0;
  for (std::size_t i = 0; i < a.size() || carry != 0; ++i) {
    const auto r = static_cast<unsigned __int128>(i < a.size() ? a[i] : 0) * b + to[at + i] + carry;
    to[at + i] = static_cast<limb>(r);
    carry = static_cast<limb>(r >> 64);
  }
}

/// Computes a^2, preceded by `at` limbs of 0.
number square(std::span<const limb> a, std::size_t at) {
  number out(at + 2 * a.size() + 1);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != 0)
      add_product(out, a, a[i], at + i);
  return out;
}

/// Computes a * b * 2^bits, bits below 64, preceded by `at` limbs of 0.
number product(std::span<const limb> a, limb b, std::size_t bits, std::size_t at) {
  number out(at + a.size() + 3);
  add_product(out, a, b, at);
  if (bits != 0)
    for (auto i = out.size(); i-- > at;)
      out[i] = out[i] << bits | (i > at ? out[i - 1] >> (64 - bits) : 0);
  return out;
}

/// a -= b, or 0 where that would be negative.
void subtract(number& a, const number& b) {
  a.resize(std::max(a.size(), b.size()));
  limb borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto r = static_cast<unsigned __int128>(a[i]) - (i < b.size() ? b[i] : 0) - borrow;
    a[i] = static_cast<limb>(r);
    borrow = static_cast<limb>(r >> 64) & 1;
  }
  if (borrow != 0)
    a.clear();
}

/// Divides by both and puts as many limbs after the point as it takes; returns how many these are, and
/// whether something remains. `n` is not 0, and its last limb neither.
std::pair<int, bool> divide(number& n, limb first, limb second) {
  const auto bits = static_cast<int>(n.size() * 64) - std::countl_zero(n.back());
  const auto wanted = quotient_bits + static_cast<int>(std::bit_width(first) + std::bit_width(second));
  const auto behind = bits >= wanted ? 0 : (wanted - bits + 63) / 64;
  n.insert(n.begin(), static_cast<std::size_t>(behind), 0);
  if (limb both = 0; !__builtin_mul_overflow(first, second, &both))
    return {behind, window::divide(n, both)};
  const bool more = window::divide(n, first);
  const bool still_more = window::divide(n, second);
  return {behind, more || still_more};
}

}  // namespace

double rounded_variance(shifted_limbs sum, shifted_limbs squares, int exponent, std::uint64_t count,
                        std::uint64_t divisor) {
  const auto s = trimmed(sum);
  const auto q = trimmed(squares);
  const auto bits = static_cast<std::size_t>(-exponent);
  const auto product_at = q.at + bits / 64;
  // all limbs below this one are 0
  const auto lowest = s.limbs.empty() ? product_at : std::min(product_at, 2 * s.at);
  auto n = product(q.limbs, count, bits % 64, product_at - lowest);
  if (!s.limbs.empty())
    subtract(n, square(s.limbs, 2 * s.at - lowest));
  while (!n.empty() && n.back() == 0)
    n.pop_back();
  if (n.empty())
    return 0;
  const auto [behind, more] = divide(n, count, divisor);
  return round_magnitude(n, 2 * exponent + (static_cast<int>(lowest) - behind) * 64, more, false);
}

}  // namespace millrace::window
