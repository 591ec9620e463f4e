#include "runtime/window/exact_variance.hpp"

#include "runtime/window/exact_sum.hpp"

#include <algorithm>
#include <vector>

namespace millrace::window {
namespace {

using limb = std::uint64_t;
using number = std::vector<limb>;  // not negative, least significant first

// Limbs behind the point: 256 bits less the 128 of the two divisors are more than a double keeps.
constexpr std::size_t fraction = 4;

/// to += a * b, at limb `at`; `to` is long enough for the carry.
void add_product(number& to, std::span<const limb> a, limb b, std::size_t at) {
  limb carry = 0;
  for (std::size_t i = 0; i < a.size() || carry != 0; ++i) {
    const auto r = static_cast<unsigned __int128>(i < a.size() ? a[i] : 0) * b + to[at + i] + carry;
    to[at + i] = static_cast<limb>(r);
    carry = static_cast<limb>(r >> 64);
  }
}

number square(std::span<const limb> a) {
  number out(2 * a.size() + 1);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != 0)
      add_product(out, a, a[i], i);
  return out;
}

/// a * b * 2^bits
number product(std::span<const limb> a, limb b, std::size_t bits) {
  number out(a.size() + bits / 64 + 3);
  add_product(out, a, b, bits / 64);
  if (bits % 64 != 0) {
    const number whole = out;
    std::ranges::fill(out, 0);
    add_product(out, std::span(whole).first(whole.size() - 1), limb{1} << (bits % 64), 0);
  }
  return out;
}

/// a - b, or 0 where that would be negative.
number difference(number a, const number& b) {
  a.resize(std::max(a.size(), b.size()));
  limb borrow = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto r = static_cast<unsigned __int128>(a[i]) - (i < b.size() ? b[i] : 0) - borrow;
    a[i] = static_cast<limb>(r);
    borrow = static_cast<limb>(r >> 64) & 1;
  }
  if (borrow != 0)
    std::ranges::fill(a, 0);
  return a;
}

/// a /= b; whether something remains.
bool divide(number& a, limb b) {
  limb rest = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    const auto part = static_cast<unsigned __int128>(rest) << 64 | a[i];
    a[i] = static_cast<limb>(part / b);
    rest = static_cast<limb>(part % b);
  }
  return rest != 0;
}

}  // namespace

double rounded_variance(std::span<const std::uint64_t> sum, std::span<const std::uint64_t> squares,
                        int exponent, std::uint64_t count, std::uint64_t divisor) {
  auto n = difference(product(squares, count, static_cast<std::size_t>(-exponent)), square(sum));
  n.insert(n.begin(), fraction, 0);
  const bool more = divide(n, count);
  const bool still_more = divide(n, divisor);
  return round_magnitude(n, 2 * exponent - static_cast<int>(fraction) * 64, more || still_more, false);
}

}  // namespace millrace::window
