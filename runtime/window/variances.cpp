// Variances and standard deviations from the exact sums of values and of their squares, so that no order of
// records and no merge changes a digit, and slices can be taken off. The variance is rounded once; a standard
// deviation is its square root, rounded once more. Squares of doubles are sums of two doubles, exact but for
// values below 2^-485, whose squares are rounded to 2^-1074.
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/exact_sum.hpp"
#include "runtime/window/limbs.hpp"
#include "runtime/window/sum_states.hpp"

#include <boost/container/static_vector.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace millrace::window {
namespace {

// The variance of values whose exact sum and exact sum of squares are known, computed in integers and rounded
// once at its end: no digits cancel out, for any values.

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

/// (count * squares - sum^2) / (count * divisor), rounded to the nearest double. The magnitudes count in units of
/// 2^exponent, which is not positive. `divisor` is count or count - 1 and not 0.
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

enum class kind { var_samp, var_pop, stddev_samp, stddev_pop };
constexpr bool of_sample(kind k) { return k == kind::var_samp || k == kind::stddev_samp; }

template<kind K>
double result_of(double variance) {
  return K == kind::stddev_samp || K == kind::stddev_pop ? std::sqrt(variance) : variance;
}

struct bigint_moments {
  limb count;
  wide_int sum;
  std::array<limb, 3> squares;  // 2^66 squares fit

  template<int Sign>
  void add(limb n, __int128 s, const std::array<limb, 3>& q) {
    count += static_cast<limb>(Sign) * n;
    sum.add<Sign>(s);
    limb carry = Sign > 0 ? 0 : 1;
    for (std::size_t i = 0; i < 3; ++i) {
      const auto r = static_cast<unsigned __int128>(squares[i]) + (Sign > 0 ? q[i] : ~q[i]) + carry;
      squares[i] = static_cast<limb>(r);
      carry = static_cast<limb>(r >> 64);
    }
  }
};

void add_bigint(const states& to, rows into, const contribution& of, rows from) {
  const auto values = of.argument->ints();
  for (std::size_t i = 0; i < into.size(); ++i) {
    const __int128 v = values[from[i]];
    const auto square = static_cast<unsigned __int128>(v * v);
    to.at<bigint_moments>(into[i]).add<1>(1, v,
                                          {static_cast<limb>(square), static_cast<limb>(square >> 64), 0});
  }
}

template<int Sign>
void merge_bigint(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto o = other.at<bigint_moments>(from[i]);
    to.at<bigint_moments>(into[i]).add<Sign>(o.count, o.sum.value(), o.squares);
  }
}

void encode_bigint(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& s = from.at<bigint_moments>(i);
  out.varint(s.count);
  if (s.count == 0)
    return;
  out.fixed(s.sum.low);
  out.fixed(s.sum.high);
  for (const auto q : s.squares)
    out.varint(q);
}

bool is_bigint(const bigint_moments& s) {
  return (s.count != 0) | ((s.sum.low | s.sum.high | s.squares[0] | s.squares[1] | s.squares[2]) == 0);
}

bool decode_bigint(wire::reader& in, const states& to, std::uint32_t i) {
  auto& s = to.at<bigint_moments>(i);
  s = {};
  s.count = in.varint();
  if (s.count == 0)
    return in.ok();
  s.sum.low = in.fixed<limb>();
  s.sum.high = in.fixed<limb>();
  for (auto& q : s.squares)
    q = in.varint();
  return in.ok();
}

template<kind K>
void finish_bigint(const aggregate&, const states& from, rows of, data::column_builder& out,
                   std::vector<std::uint32_t>&) {
  for (const auto i : of) {
    const auto& s = from.at<bigint_moments>(i);
    const auto divisor = s.count - (of_sample(K) ? 1 : 0);
    if (s.count == 0 || divisor == 0) {
      out.append_null();
      continue;
    }
    const auto v = s.sum.value();
    const auto m = v < 0 ? -static_cast<unsigned __int128>(v) : static_cast<unsigned __int128>(v);
    const std::array<limb, 2> sum{static_cast<limb>(m), static_cast<limb>(m >> 64)};
    out.append_double(result_of<K>(rounded_variance({sum}, {s.squares}, 0, s.count, divisor)));
  }
}

/// The sum, and that of the squares: squares beyond double are an infinity.
using double_moments = double_sums<2>;

void add_double(const states& to, rows into, const contribution& of, rows from) {
  const auto values = of.argument->doubles();
  for (std::size_t i = 0; i < into.size(); ++i) {
    auto& s = to.at<double_moments>(into[i]);
    auto& [sum, squares] = s.sums;
    const double v = values[from[i]];
    ++s.count;
    add(sum, *to.side, v);
    if (!std::isfinite(v))
      continue;
    add_product(squares, *to.side, v, v);
  }
}

template<kind K>
void finish_double(const aggregate&, const states& from, rows of, data::column_builder& out,
                   std::vector<std::uint32_t>& failed) {
  for (std::uint32_t n = 0; n < of.size(); ++n) {
    const auto& s = from.at<double_moments>(of[n]);
    const auto divisor = s.count - (of_sample(K) ? 1 : 0);
    if (s.count == 0 || divisor == 0) {
      out.append_null();
      continue;
    }
    if (special(s.sums[0], *from.side) != 0) {
      out.append_double(std::numeric_limits<double>::quiet_NaN());
    } else if (special(s.sums[1], *from.side) != 0) {
      failed.push_back(n);
      out.append_null();
    } else {
      const magnitude sum(s.sums[0], *from.side);
      const magnitude squares(s.sums[1], *from.side);
      out.append_double(
          result_of<K>(rounded_variance(sum.value(), squares.value(), unit_exponent, s.count, divisor)));
    }
  }
}

/// A row fails only if no double can hold its result; its sums then exceed 192 bits.
bool may_fail_double(const aggregate&, const states& of, std::uint32_t i) {
  return of.at<double_moments>(i).sums[1].wide != 0;
}

template<kind K>
constexpr aggregate_ops bigints{.size = sizeof(bigint_moments),
                                .add = add_bigint,
                                .merge = merge_bigint<1>,
                                .unmerge = merge_bigint<-1>,
                                .encode = encode_bigint,
                                .decode = decode_bigint,
                                .are_states = are_all<bigint_moments, is_bigint>,
                                .finish = finish_bigint<K>};

template<kind K>
constexpr aggregate_ops doubles = finishing(
    adding(double_sums_entry<2>, add_double), finish_double<K>,
    "is beyond double: the row is set apart; the square of a value from 6.7e153 on is too large, so "
    "divide the values first",
    may_fail_double);

template<kind K>
const aggregate_ops* of_type(data::type_id type) {
  return type == data::type_id::bigint ? &bigints<K> : type == data::type_id::float64 ? &doubles<K> : nullptr;
}

}  // namespace

const aggregate_ops* find_variance(expression::aggregate_function f, data::type_id type) {
  switch (f) {
  case expression::aggregate_function::var_samp:
    return of_type<kind::var_samp>(type);
  case expression::aggregate_function::var_pop:
    return of_type<kind::var_pop>(type);
  case expression::aggregate_function::stddev_samp:
    return of_type<kind::stddev_samp>(type);
  case expression::aggregate_function::stddev_pop:
    return of_type<kind::stddev_pop>(type);
  default:
    return nullptr;
  }
}

}  // namespace millrace::window
