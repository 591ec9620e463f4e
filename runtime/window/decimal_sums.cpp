// sum, avg, variances and standard deviations of numerics, with PostgreSQL's scales. Sums of values and of their squares are
// exact, and counted in units of the greatest scale that came, so that no order of records and no merge changes a digit. How
// many values have that scale tells whether it goes when a slice does.
#include "runtime/base/wide_decimal.hpp"
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/limbs.hpp"
#include "runtime/window/sum_states.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace millrace::window {
namespace {

using uint128 = unsigned __int128;

/// A whole number of N limbs in two's complement, the least significant first. It wraps around.
template<std::size_t N>
struct whole_number {
  std::array<limb, N> limbs;

  [[nodiscard]] static whole_number of(__int128 v) {
    whole_number out;
    out.limbs.fill(v < 0 ? ~limb{0} : 0);
    out.limbs[0] = static_cast<limb>(v);
    out.limbs[1] = static_cast<limb>(v >> 64);
    return out;
  }
  [[nodiscard]] bool is_negative() const { return limbs.back() >> 63 != 0; }

  template<int Sign>
  void add(const whole_number& other) {
    limb carry = Sign > 0 ? 0 : 1;
    for (std::size_t i = 0; i < N; ++i) {
      const auto r = static_cast<uint128>(limbs[i]) + (Sign > 0 ? other.limbs[i] : ~other.limbs[i]) + carry;
      limbs[i] = static_cast<limb>(r);
      carry = static_cast<limb>(r >> 64);
    }
  }
  /// Times 10^places.
  void shift(int places) {
    constexpr int most = 19;  // 10^19 is the greatest power of ten in a limb
    for (; places > 0; places -= most) {
      const auto by = static_cast<limb>(power_of_ten(std::min(places, most)));
      limb carry = 0;
      for (auto& l : limbs) {
        const auto r = static_cast<uint128>(l) * by + carry;
        l = static_cast<limb>(r);
        carry = static_cast<limb>(r >> 64);
      }
    }
  }

  /// The last limbs that only repeat the sign are left out: u8 how many stay | so many u64
  void put(wire::writer& out) const {
    const limb extension = is_negative() ? ~limb{0} : 0;
    auto n = N;
    while (n > 0 && limbs[n - 1] == extension && (n == 1 ? 0 : limbs[n - 2]) >> 63 == extension >> 63)
      --n;
    out.fixed(static_cast<std::uint8_t>(n));
    for (std::size_t i = 0; i < n; ++i)
      out.fixed(limbs[i]);
  }
  [[nodiscard]] bool read(wire::reader& in) {
    const std::size_t n = in.fixed<std::uint8_t>();
    if (n > N)
      return false;
    for (std::size_t i = 0; i < n; ++i)
      limbs[i] = in.fixed<limb>();
    const limb extension = n != 0 && limbs[n - 1] >> 63 != 0 ? ~limb{0} : 0;
    std::fill(limbs.begin() + static_cast<std::ptrdiff_t>(n), limbs.end(), extension);
    return in.ok();
  }
};

/// 2^64 numbers of 76 digits fit, which 38 digits before the point and 38 behind it make.
using sum_number = whole_number<5>;
/// The squares of such numbers fit likewise.
using square_number = whole_number<9>;

template<std::size_t N>
wide_units magnitude_of(whole_number<N> v) {
  if (v.is_negative()) {
    auto negated = whole_number<N>::of(0);
    negated.template add<-1>(v);
    v = negated;
  }
  wide_units out = 0;
  for (auto i = N; i-- > 0;)
    out = (out << 64) | v.limbs[i];
  return out;
}

/// How many numerics there were, how many of them have the greatest scale, that scale, and the sum in units of it.
struct decimal_sum {
  std::uint64_t count, greatest, scale;
  sum_number sum;

  [[nodiscard]] static decimal_sum of(const decimal& v) {
    return {1, 1, static_cast<std::uint64_t>(v.scale()), sum_number::of(v.units())};
  }
  void shift(int places) { sum.shift(places); }
  template<int Sign>
  void add(const decimal_sum& other) {
    sum.add<Sign>(other.sum);
  }
  [[nodiscard]] limb bits() const {
    limb out = 0;
    for (const auto l : sum.limbs)
      out |= l;
    return out;
  }
  void put(wire::writer& out) const { sum.put(out); }
  [[nodiscard]] bool read(wire::reader& in) { return sum.read(in); }
};

/// The same, and the sum of the squares.
struct decimal_moments {
  std::uint64_t count, greatest, scale;
  sum_number sum;
  square_number squares;

  [[nodiscard]] static decimal_moments of(const decimal& v) {
    const auto magnitude = millrace::magnitude_of(v);
    const uint128 low = static_cast<limb>(magnitude);
    const uint128 high = magnitude >> 64;
    auto squares = square_number::of(0);  // (high * 2^64 + low)^2; high is below 2^63 by far
    const auto lows = low * low;
    const auto middle = 2 * low * high + (lows >> 64);
    const auto highs = high * high + (middle >> 64);
    squares.limbs[0] = static_cast<limb>(lows);
    squares.limbs[1] = static_cast<limb>(middle);
    squares.limbs[2] = static_cast<limb>(highs);
    squares.limbs[3] = static_cast<limb>(highs >> 64);
    return {1, 1, static_cast<std::uint64_t>(v.scale()), sum_number::of(v.units()), squares};
  }
  void shift(int places) {
    sum.shift(places);
    squares.shift(2 * places);
  }
  template<int Sign>
  void add(const decimal_moments& other) {
    sum.add<Sign>(other.sum);
    squares.add<Sign>(other.squares);
  }
  [[nodiscard]] limb bits() const {
    limb out = 0;
    for (const auto l : sum.limbs)
      out |= l;
    for (const auto l : squares.limbs)
      out |= l;
    return out;
  }
  void put(wire::writer& out) const {
    sum.put(out);
    squares.put(out);
  }
  [[nodiscard]] bool read(wire::reader& in) { return sum.read(in) && squares.read(in); }
};

/// s += other, or s -= other.
template<int Sign, class State>
void combine(State& s, State other) {
  if (s.scale < other.scale) {
    s.shift(static_cast<int>(other.scale - s.scale));
    s.scale = other.scale;
    s.greatest = 0;
  } else if (other.scale < s.scale) {
    other.shift(static_cast<int>(s.scale - other.scale));
    other.greatest = 0;
  }
  s.count += static_cast<std::uint64_t>(Sign) * other.count;
  s.greatest += static_cast<std::uint64_t>(Sign) * other.greatest;
  s.template add<Sign>(other);
  if (Sign < 0 && s.count == 0)
    s = {};  // a scale, too
}

template<class State>
void add_numerics(const states& to, rows into, const contribution& of, rows from) {
  const auto values = of.argument->decimals();
  for (std::size_t i = 0; i < into.size(); ++i)
    combine<1>(to.at<State>(into[i]), State::of(values[from[i]]));
}

template<class State, int Sign>
void merge_numerics(const states& to, rows into, const states& other, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    combine<Sign>(to.at<State>(into[i]), other.at<State>(from[i]));
}

/// The greatest scale goes with its last value, and only the rest knows the next one.
template<class State>
bool rests_on_scale(const states& merged, std::uint32_t i, const states& part, std::uint32_t j) {
  const auto& m = merged.at<State>(i);
  const auto& p = part.at<State>(j);
  return p.count != 0 && p.count != m.count && p.scale == m.scale && p.greatest == m.greatest;
}

template<class State>
bool is_state(const State& s) {
  return ((s.count | s.greatest | s.scale | s.bits()) == 0) |
         ((s.greatest != 0) & (s.greatest <= s.count) & (s.scale <= most_decimal_digits));
}

template<class State>
void encode_numerics(wire::writer& out, const states& from, std::uint32_t i) {
  const auto& s = from.at<State>(i);
  out.varint(s.count);
  if (s.count == 0)
    return;
  out.varint(s.greatest);
  out.fixed(static_cast<std::uint8_t>(s.scale));
  s.put(out);
}

template<class State>
bool decode_numerics(wire::reader& in, const states& to, std::uint32_t i) {
  auto& s = to.at<State>(i);
  s = {};
  s.count = in.varint();
  if (s.count == 0)
    return in.ok();
  s.greatest = in.varint();
  s.scale = in.fixed<std::uint8_t>();
  return s.read(in) && is_state(s);
}

/// None beyond 38 digits.
template<class State>
decimal_or_none sum_of(const State& s) {
  const auto& l = s.sum.limbs;
  const auto units = units_of_words(l[0], l[1]);
  return sum_number::of(units).limbs == l && fits_decimal(units)
             ? std::optional(decimal(units, static_cast<int>(s.scale)))
             : std::nullopt;
}

wide_decimal wide_sum_of(const decimal_sum& s) {
  return {magnitude_of(s.sum), s.sum.is_negative(), static_cast<int>(s.scale)};
}

struct summing {
  static constexpr std::uint64_t least_values = 1;
  static decimal_or_none of(const decimal_sum& s) { return sum_of(s); }
};

struct averaging {
  static constexpr std::uint64_t least_values = 1;
  static decimal_or_none of(const decimal_sum& s) {
    if (const auto sum = sum_of(s))
      return quotient_of(*sum, decimal(static_cast<__int128>(s.count), 0));
    const auto mean = quotient_of(wide_sum_of(s), s.count);
    return mean ? decimal_of(*mean) : std::nullopt;
  }
};

/// Follows numeric_stddev_internal in PostgreSQL 15's numeric.c.
template<bool Sample, bool Root>
struct deviating {
  static constexpr std::uint64_t least_values = Sample ? 2 : 1;
  static decimal_or_none of(const decimal_moments& s) {
    const wide_units sum = magnitude_of(s.sum);
    const wide_units square = sum * sum;
    const wide_units squares = magnitude_of(s.squares) * s.count;
    if (squares <= square)
      return decimal();
    const auto variance =
        quotient_of(wide_decimal{wide_units(squares - square), false, 2 * static_cast<int>(s.scale)},
                    static_cast<uint128>(s.count) * (s.count - (Sample ? 1 : 0)));
    return variance ? decimal_of(Root ? root_of(*variance) : *variance) : std::nullopt;
  }
};

template<class State, class Result>
void finish_numerics(const aggregate& what, const states& from, rows of, data::column_builder& out,
                     std::vector<std::uint32_t>& failed) {
  for (std::uint32_t n = 0; n < of.size(); ++n) {
    const auto& s = from.at<State>(of[n]);
    if (s.count < Result::least_values) {
      out.append_null();
      continue;
    }
    auto v = Result::of(s);
    if (v)
      v = data::fitted(*v, what.result);  // damaged bytes alone have another scale
    if (v) {
      out.append_decimal(*v);
    } else {
      failed.push_back(n);
      out.append_null();
    }
  }
}

/// `MixedScales`: the argument is a numeric of any scale. Where all have one, taking off leaves it as it is.
template<class State, bool MixedScales>
constexpr aggregate_ops numerics{.size = sizeof(State),
                                 .add = add_numerics<State>,
                                 .merge = merge_numerics<State, 1>,
                                 .unmerge = merge_numerics<State, -1>,
                                 .rests_on = MixedScales ? rests_on_scale<State> : nullptr,
                                 .encode = encode_numerics<State>,
                                 .decode = decode_numerics<State>,
                                 .are_states = are_all<State, is_state<State>>};

constexpr const char* sum_beyond = "needs more than the 38 digits of a numeric: the row is set apart; sum a "
                                   "double instead, as in sum(x::double precision)";
constexpr const char* mean_beyond =
    "needs more than the 38 digits of a numeric: the row is set apart; take the mean of a double instead, as "
    "in avg(x::double precision)";
constexpr const char* variance_beyond =
    "needs more than the 38 digits of a numeric: the row is set apart; take doubles instead, as in "
    "stddev(x::double precision)";

template<class Result, class State, bool MixedScales>
constexpr aggregate_ops results_entry = finishing(numerics<State, MixedScales>,
                                                  finish_numerics<State, Result>,
                                                  std::is_same_v<Result, summing>     ? sum_beyond
                                                  : std::is_same_v<Result, averaging> ? mean_beyond
                                                                                      : variance_beyond);

template<class Result, class State>
const aggregate_ops* of_argument(const data::type& t) {
  return t.precision() == 0 ? &results_entry<Result, State, true> : &results_entry<Result, State, false>;
}

}  // namespace

const aggregate_ops* find_numeric(expression::aggregate_function f, const data::type& t) {
  using expression::aggregate_function;
  if (t.id() != data::type_id::numeric)
    return nullptr;
  switch (f) {
  case aggregate_function::sum:
    return of_argument<summing, decimal_sum>(t);
  case aggregate_function::avg:
    return of_argument<averaging, decimal_sum>(t);
  case aggregate_function::var_samp:
    return of_argument<deviating<true, false>, decimal_moments>(t);
  case aggregate_function::var_pop:
    return of_argument<deviating<false, false>, decimal_moments>(t);
  case aggregate_function::stddev_samp:
    return of_argument<deviating<true, true>, decimal_moments>(t);
  case aggregate_function::stddev_pop:
    return of_argument<deviating<false, true>, decimal_moments>(t);
  default:
    return nullptr;
  }
}

}  // namespace millrace::window
