// corr, covar_* and regr_* of pairs of doubles, y and x, from the exact sums of x, y, x*x, y*y and x*y: each function keeps
// those that it reads. The result is computed in whole numbers of any length and rounded once, the root of corr too, so no
// order of records and no merge changes a digit, and slices can be taken off. Products are sums of two doubles as in
// variances.cpp, exact but for those below 2^-968, which are rounded to 2^-1074.
//
// The sums of squared distances from the means of n pairs are A / n for x, B / n for y and C / n for both, where
//   A = n * sum(x*x) - sum(x)^2,  B = n * sum(y*y) - sum(y)^2,  C = n * sum(x*y) - sum(x) * sum(y)
// Nulls, NaN and infinities give what float8_regr_accum and its functions in PostgreSQL 15's float.c give.
#include "runtime/window/aggregate_entries.hpp"
#include "runtime/window/exact_sum.hpp"
#include "runtime/window/sum_states.hpp"

#include <boost/multiprecision/cpp_int.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>

namespace millrace::window {
namespace {

/// Has room for the sums of common numbers, and their products, without an allocation.
using big_number = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<1024>>;

/// units * 2^exponent
struct scaled_number {
  big_number units;
  int exponent = 0;
};

scaled_number times(const scaled_number& a, const scaled_number& b) {
  return {a.units * b.units, a.exponent + b.exponent};
}

scaled_number minus(const scaled_number& a, const scaled_number& b) {
  if (b.units == 0)
    return a;
  if (a.units == 0)
    return {-b.units, b.exponent};
  const auto exponent = std::min(a.exponent, b.exponent);
  return {(a.units << (a.exponent - exponent)) - (b.units << (b.exponent - exponent)), exponent};
}

int bits_in(const big_number& v) { return v == 0 ? 0 : static_cast<int>(msb(abs(v))) + 1; }

double nearest_double(const big_number& magnitude, int exponent, bool more, bool negative) {
  std::vector<limb> limbs;
  export_bits(magnitude, std::back_inserter(limbs), 64, false);
  return round_magnitude(limbs, exponent, more, negative);
}

/// The quotient of two numbers with at least so many bits; the divisor is above 0.
struct long_quotient {
  long_quotient(const scaled_number& a, const scaled_number& b, int wanted) {
    const int places = std::max(0, wanted + bits_in(b.units) - bits_in(a.units));
    exponent = a.exponent - b.exponent - places;
    if (exponent % 2 != 0) {  // an even one has a root
      units = abs(a.units) << (places + 1);
      --exponent;
    } else {
      units = abs(a.units) << places;
    }
    big_number rest;
    divide_qr(big_number(units), b.units, units, rest);
    more = rest != 0;
  }

  big_number units;
  int exponent;
  bool more;
};

/// Bits of a quotient: more than a double keeps, and one of what it drops.
constexpr int wanted_bits = 66;

double rounded_quotient(const scaled_number& a, const scaled_number& b) {
  if (a.units == 0)
    return 0;
  const long_quotient q(a, b, wanted_bits);
  return nearest_double(q.units, q.exponent, q.more, a.units < 0);
}

/// Returns the root of a / b, which is not negative.
double rounded_root(const scaled_number& a, const scaled_number& b, bool negative) {
  const long_quotient q(a, b, 2 * wanted_bits);
  big_number rest;
  const big_number root = sqrt(q.units, rest);
  return nearest_double(root, q.exponent / 2, q.more || rest != 0, negative);
}

enum class pair_term { x, y, xx, yy, xy };

bool is_product(pair_term t) { return t != pair_term::x && t != pair_term::y; }

/// The sums of x and y tell of numbers that are not finite.
void add_pair_product(exact_sum& sum, side_store& side, double a, double b) {
  if (std::isfinite(a) && std::isfinite(b))
    add_product(sum, side, a, b);
}

void add_pair_term(pair_term t, exact_sum& sum, side_store& side, double y, double x) {
  switch (t) {
  case pair_term::x:
    return add(sum, side, x);
  case pair_term::y:
    return add(sum, side, y);
  case pair_term::xx:
    return add_pair_product(sum, side, x, x);
  case pair_term::yy:
    return add_pair_product(sum, side, y, y);
  case pair_term::xy:
    return add_pair_product(sum, side, x, y);
  }
}

/// The state: how many pairs had no null, and the sums that a function reads.
template<pair_term... Terms>
struct pair_sums {
  using state = double_sums<sizeof...(Terms)>;

  static void add(const states& to, rows into, const contribution& of, rows from) {
    const auto ys = of.argument->doubles();
    const auto& x = *of.order[0];
    const auto xs = x.doubles();
    for (std::size_t i = 0; i < into.size(); ++i) {
      const auto r = from[i];
      if (x.is_null(r))
        continue;
      auto& s = to.at<state>(into[i]);
      ++s.count;
      std::size_t k = 0;
      (add_pair_term(Terms, s.sums[k++], *to.side, ys[r], xs[r]), ...);
    }
  }
  [[nodiscard]] static const exact_sum& sum(const state& s, pair_term wanted) {
    constexpr std::array terms{Terms...};
    return s.sums[static_cast<std::size_t>(std::find(terms.begin(), terms.end(), wanted) - terms.begin())];
  }
  /// Only a row with a product that is too large fails.
  static bool may_fail(const aggregate&, const states& of, std::uint32_t i) {
    const auto& s = of.at<state>(i);
    return ((is_product(Terms) && sum(s, Terms).wide != 0) || ...);
  }
};

/// A, B or C: a number, NaN where a value was one or infinite, or unknown where a product was too large.
struct spread {
  bool is_nan = false;
  bool is_too_large = false;
  scaled_number value{};

  [[nodiscard]] bool is_none() const { return !is_nan && !is_too_large && value.units == 0; }
};

/// A result: a double, null where there is none, or the failure of the row.
struct pair_result {
  std::optional<double> value{};
  bool failed = false;
};

/// Reads a state of pair_sums.
template<class Sums>
class pair_totals {
public:
  pair_totals(const typename Sums::state& s, const side_store& side) : s_(s), side_(side) {}

  [[nodiscard]] std::uint64_t count() const { return s_.count; }
  [[nodiscard]] scaled_number times_count(std::uint64_t more = 1) const {
    return {big_number(s_.count) * more, 0};
  }
  [[nodiscard]] const exact_sum& kept(pair_term t) const { return Sums::sum(s_, t); }
  [[nodiscard]] const side_store& side() const { return side_; }

  [[nodiscard]] scaled_number sum(pair_term t) const {
    const magnitude m(kept(t), side_);
    const auto [limbs, at] = trimmed(m.value());
    scaled_number out;
    if (!limbs.empty())
      import_bits(out.units, limbs.begin(), limbs.end(), 64, false);
    if (m.negative())
      out.units = -out.units;
    out.exponent = unit_exponent + static_cast<int>(at) * 64;
    return out;
  }

  /// A or B, which is not negative: less than what rounded squares may hide is no spread.
  [[nodiscard]] spread of_one(pair_term t, pair_term square) const {
    auto out = difference(t, t, square);
    auto& v = out.value;
    const scaled_number hidden{big_number(s_.count) * s_.count, -1074};
    if (v.units < 0 || (bits_in(v.units) + v.exponent <= bits_in(hidden.units) + hidden.exponent &&
                        minus(v, hidden).units <= 0))
      v = {};
    return out;
  }
  [[nodiscard]] spread x() const { return of_one(pair_term::x, pair_term::xx); }
  [[nodiscard]] spread y() const { return of_one(pair_term::y, pair_term::yy); }
  [[nodiscard]] spread both() const { return difference(pair_term::x, pair_term::y, pair_term::xy); }

private:
  [[nodiscard]] spread difference(pair_term a, pair_term b, pair_term product) const {
    if (special(kept(a), side_) != 0 || special(kept(b), side_) != 0)
      return {.is_nan = true};
    if (special(kept(product), side_) != 0)
      return {.is_too_large = true};
    return {.value = minus(times(times_count(), sum(product)), times(sum(a), sum(b)))};
  }

  const typename Sums::state& s_;
  const side_store& side_;
};

/// f() where all of these are numbers.
template<class F, class... Spreads>
pair_result from_spreads(F f, const Spreads&... of) {
  if ((of.is_nan || ...))
    return {std::numeric_limits<double>::quiet_NaN()};
  if ((of.is_too_large || ...))
    return {std::nullopt, true};
  return {f()};
}

template<pair_term T>
struct pair_mean {
  using sums = pair_sums<T>;
  static pair_result of(const pair_totals<sums>& t) {
    return {rounded_average(t.kept(T), t.side(), t.count())};
  }
};

template<pair_term T, pair_term Square>
struct squares_of_pairs {
  using sums = pair_sums<T, Square>;
  static pair_result of(const pair_totals<sums>& t) {
    const auto a = t.of_one(T, Square);
    return from_spreads([&] { return rounded_quotient(a.value, t.times_count()); }, a);
  }
};

using covariance_sums = pair_sums<pair_term::x, pair_term::y, pair_term::xy>;

struct products_of_pairs {
  using sums = covariance_sums;
  static pair_result of(const pair_totals<sums>& t) {
    const auto c = t.both();
    return from_spreads([&] { return rounded_quotient(c.value, t.times_count()); }, c);
  }
};

template<bool Sample>
struct covariance {
  using sums = covariance_sums;
  static pair_result of(const pair_totals<sums>& t) {
    const auto divisor = t.count() - (Sample ? 1 : 0);
    if (divisor == 0)
      return {};
    const auto c = t.both();
    return from_spreads([&] { return rounded_quotient(c.value, t.times_count(divisor)); }, c);
  }
};

using line_sums = pair_sums<pair_term::x, pair_term::y, pair_term::xx, pair_term::xy>;

struct slope {
  using sums = line_sums;
  static pair_result of(const pair_totals<sums>& t) {
    const auto a = t.x();
    if (a.is_none())
      return {};
    const auto c = t.both();
    return from_spreads([&] { return rounded_quotient(c.value, a.value); }, a, c);
  }
};

/// (sum(y) * sum(x*x) - sum(x) * sum(x*y)) / A
struct intercept {
  using sums = line_sums;
  static pair_result of(const pair_totals<sums>& t) {
    const auto a = t.x();
    if (a.is_none())
      return {};
    return from_spreads(
        [&] {
          return rounded_quotient(minus(times(t.sum(pair_term::y), t.sum(pair_term::xx)),
                                        times(t.sum(pair_term::x), t.sum(pair_term::xy))),
                                  a.value);
        },
        a, t.both());
  }
};

using correlation_sums = pair_sums<pair_term::x, pair_term::y, pair_term::xx, pair_term::yy, pair_term::xy>;

/// Gives C / sqrt(A * B), which only products that were rounded make more than 1.
struct correlation {
  using sums = correlation_sums;
  static pair_result of(const pair_totals<sums>& t) {
    const auto a = t.x();
    const auto b = t.y();
    if (a.is_none() || b.is_none())
      return {};
    const auto c = t.both();
    return from_spreads(
        [&] {
          const auto root = rounded_root(times(c.value, c.value), times(a.value, b.value), c.value.units < 0);
          return std::clamp(root, -1.0, 1.0);
        },
        a, b, c);
  }
};

struct determination {
  using sums = correlation_sums;
  static pair_result of(const pair_totals<sums>& t) {
    const auto a = t.x();
    const auto b = t.y();
    if (a.is_none())
      return {};
    if (b.is_none())
      return {1.0};
    const auto c = t.both();
    return from_spreads(
        [&] { return std::min(rounded_quotient(times(c.value, c.value), times(a.value, b.value)), 1.0); }, a,
        b, c);
  }
};

template<class Statistic>
void finish_pairs(const aggregate&, const states& from, rows of, data::column_builder& out,
                  std::vector<std::uint32_t>& failed) {
  using sums = typename Statistic::sums;
  for (std::uint32_t n = 0; n < of.size(); ++n) {
    const auto& s = from.at<typename sums::state>(of[n]);
    const auto result = s.count == 0 ? pair_result{} : Statistic::of(pair_totals<sums>(s, *from.side));
    if (result.failed)
      failed.push_back(n);
    if (result.value)
      out.append_double(*result.value);
    else
      out.append_null();
  }
}

constexpr const char* product_beyond =
    "is beyond double: the row is set apart; a product of two values from 4.5e307 on is too large, so divide "
    "the values first";

template<class Statistic>
constexpr aggregate_ops pair_entry() {
  using sums = typename Statistic::sums;
  constexpr auto size = std::tuple_size_v<decltype(sums::state::sums)>;
  const auto entry = adding(double_sums_entry<size>, sums::add);
  return size == 1 ? finishing(entry, finish_pairs<Statistic>)
                   : finishing(entry, finish_pairs<Statistic>, product_beyond, sums::may_fail);
}

template<class Statistic>
constexpr aggregate_ops of_pairs = pair_entry<Statistic>();

/// regr_count is a count but for the nulls of x.
void count_pairs(const states& to, rows into, const contribution& of, rows from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    to.at<std::int64_t>(into[i]) += of.order[0]->is_null(from[i]) ? 0 : 1;
}

}  // namespace

const aggregate_ops* find_pair_statistic(expression::aggregate_function f) {
  using expression::aggregate_function;
  static const auto count_of_pairs = adding(count_entry, count_pairs);
  switch (f) {
  case aggregate_function::regr_count:
    return &count_of_pairs;
  case aggregate_function::regr_avgx:
    return &of_pairs<pair_mean<pair_term::x>>;
  case aggregate_function::regr_avgy:
    return &of_pairs<pair_mean<pair_term::y>>;
  case aggregate_function::regr_sxx:
    return &of_pairs<squares_of_pairs<pair_term::x, pair_term::xx>>;
  case aggregate_function::regr_syy:
    return &of_pairs<squares_of_pairs<pair_term::y, pair_term::yy>>;
  case aggregate_function::regr_sxy:
    return &of_pairs<products_of_pairs>;
  case aggregate_function::covar_pop:
    return &of_pairs<covariance<false>>;
  case aggregate_function::covar_samp:
    return &of_pairs<covariance<true>>;
  case aggregate_function::regr_slope:
    return &of_pairs<slope>;
  case aggregate_function::regr_intercept:
    return &of_pairs<intercept>;
  case aggregate_function::corr:
    return &of_pairs<correlation>;
  case aggregate_function::regr_r2:
    return &of_pairs<determination>;
  default:
    return nullptr;
  }
}

}  // namespace millrace::window
