#include "tests/property/window/exact_numbers.hpp"

#include <boost/multiprecision/cpp_int.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace millrace::window::oracle {
namespace {

using integer = boost::multiprecision::cpp_int;

// Everything is counted in units of 2^-1074, the smallest double.
integer in_units(double v) {
  int exponent = 0;
  const auto significand = static_cast<std::int64_t>(std::ldexp(std::frexp(v, &exponent), 53));
  const int shift = exponent - 53 + 1074;
  // Subnormals have zeros at their end, so that nothing is lost here.
  return shift >= 0 ? integer(significand) << shift : integer(significand >> -shift);
}

integer in_units_of_bits(std::uint64_t bits) {
  if (bits == std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity()))
    return integer(1) << (1024 + 1074);
  return in_units(std::bit_cast<double>(bits));
}

/// numerator / denominator units, both not negative: bisection over all doubles.
double nearest(const integer& numerator, const integer& denominator) {
  std::uint64_t low = 0;  // a double at or below the value
  std::uint64_t high = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::infinity());
  if (in_units_of_bits(high) * denominator <= numerator)
    return std::numeric_limits<double>::infinity();
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    (in_units_of_bits(middle) * denominator <= numerator ? low : high) = middle;
  }
  const integer twice = 2 * numerator;
  const integer between = (in_units_of_bits(low) + in_units_of_bits(high)) * denominator;
  if (twice > between || (twice == between && (low & 1) != 0))
    low = high;
  return std::bit_cast<double>(low);
}

double signed_nearest(const integer& numerator, const integer& denominator) {
  return numerator < 0 ? -nearest(-numerator, denominator) : nearest(numerator, denominator);
}

}  // namespace

double exact_quotient(const std::vector<double>& summands, std::uint64_t divisor) {
  integer sum = 0;
  double special = 0;
  for (const auto v : summands) {
    if (std::isfinite(v))
      sum += in_units(v);
    else
      special += v;
  }
  return special != 0 ? special : signed_nearest(sum, divisor);
}

double exact_quotient(__int128 sum, std::uint64_t divisor) {
  return signed_nearest(integer(sum) << 1074, divisor);
}

namespace {

/// Takes values that count units of 2^-shift.
double variance_of(const std::vector<integer>& values, int shift, std::uint64_t divisor) {
  integer sum = 0;
  integer squares = 0;
  for (const auto& v : values) {
    sum += v;
    squares += v * v;
  }
  const integer count = values.size();
  const integer numerator = count * squares - sum * sum;
  return nearest(shift == 0 ? integer(numerator << 1074) : numerator,
                 shift == 0 ? integer(count * divisor) : integer((count * divisor) << 1074));
}

}  // namespace

double exact_variance(const std::vector<double>& values, std::uint64_t divisor) {
  std::vector<integer> units;
  for (const auto v : values)
    units.push_back(in_units(v));
  return variance_of(units, 1074, divisor);
}

double exact_variance(const std::vector<std::int64_t>& values, std::uint64_t divisor) {
  return variance_of({values.begin(), values.end()}, 0, divisor);
}

namespace {

/// units / 10^scale
struct fixed_number {
  integer units = 0;
  int scale = 0;
};

integer ten_to(int n) { return boost::multiprecision::pow(integer(10), static_cast<unsigned>(n)); }

int greatest_scale(const std::vector<decimal>& values) {
  int out = 0;
  for (const auto& v : values)
    out = std::max(out, v.scale());
  return out;
}

integer units_at(const decimal& v, int scale) { return integer(v.units()) * ten_to(scale - v.scale()); }

decimal_or_none fits(const fixed_number& v) {
  if (abs(v.units) >= ten_to(most_decimal_digits) || (v.scale > most_decimal_digits && v.units != 0))
    return std::nullopt;
  return decimal(static_cast<__int128>(v.units), std::min(v.scale, most_decimal_digits));
}

/// The greatest power of 10000 that is no more than |v|, and how often that fits.
std::pair<int, int> leading_digit(const fixed_number& v) {
  if (v.units == 0)
    return {0, 0};
  const integer shifted = abs(v.units) * ten_to(400);  // in units of 10^-(400 + scale)
  for (int power = 60;; --power)
    if (const auto at = 400 + v.scale + 4 * power; shifted >= ten_to(at))
      return {power, static_cast<int>(integer(shifted / ten_to(at)))};
}

integer rounded_half_away(const integer& numerator, const integer& denominator) {
  const integer magnitude = (2 * abs(numerator) + denominator) / (2 * denominator);
  return numerator < 0 ? integer(-magnitude) : magnitude;
}

fixed_number quotient(const fixed_number& a, const integer& b) {
  const auto [power, digit] = leading_digit(a);
  const auto [by_power, by_digit] = leading_digit({b, 0});
  const auto weight = power - by_power - (digit <= by_digit ? 1 : 0);
  const auto scale = std::max({16 - 4 * weight, a.scale, 0});
  return {rounded_half_away(a.units * ten_to(scale - a.scale), b), scale};
}

fixed_number total(const std::vector<decimal>& values) {
  fixed_number out{0, greatest_scale(values)};
  for (const auto& v : values)
    out.units += units_at(v, out.scale);
  return out;
}

}  // namespace

decimal_or_none exact_sum(const std::vector<decimal>& values) { return fits(total(values)); }

decimal_or_none exact_mean(const std::vector<decimal>& values) {
  return fits(quotient(total(values), values.size()));
}

decimal_or_none exact_variance(const std::vector<decimal>& values, std::uint64_t divisor, bool root) {
  const integer count = values.size();
  const auto sum = total(values);
  integer squares = 0;
  for (const auto& v : values)
    squares += units_at(v, sum.scale) * units_at(v, sum.scale);
  const fixed_number numerator{count * squares - sum.units * sum.units, 2 * sum.scale};
  if (numerator.units == 0)
    return decimal();
  auto out = quotient(numerator, count * divisor);
  if (root)  // ten more digits of it, so that the last one rounds
    out.units = rounded_half_away(sqrt(integer(out.units * ten_to(out.scale + 20))), ten_to(10));
  return fits(out);
}

namespace {

/// A product in units of 2^-1074, to which it is rounded, ties to even.
integer product_in_units(double a, double b) {
  const integer exact = in_units(a) * in_units(b);
  const integer magnitude = abs(exact);
  integer whole = magnitude >> 1074;
  const integer rest = magnitude - (whole << 1074);
  const integer half = integer(1) << 1073;
  if (rest > half || (rest == half && bit_test(whole, 0)))
    ++whole;
  return exact < 0 ? integer(-whole) : whole;
}

/// The root of numerator / denominator, both not negative and the root no more than 1.
double nearest_root(const integer& numerator, const integer& denominator) {
  const auto is_below = [&](const integer& twice_units) {  // half so many units of 2^-1074
    return twice_units * twice_units * denominator <= numerator << 2150;
  };
  std::uint64_t low = 0;
  auto high = std::bit_cast<std::uint64_t>(2.0);
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    (is_below(2 * in_units_of_bits(middle)) ? low : high) = middle;
  }
  const integer between = in_units_of_bits(low) + in_units_of_bits(high);
  const bool is_tie = between * between * denominator == numerator << 2150;
  if (is_tie ? (low & 1) != 0 : is_below(between))
    low = high;
  return std::bit_cast<double>(low);
}

/// n * products - first * second, in units of 2^-2148.
integer spread_of(const integer& count, const integer& first, const integer& second,
                  const integer& products) {
  return count * (products << 1074) - first * second;
}

}  // namespace

std::optional<double> exact_statistic(expression::aggregate_function f,
                                      const std::vector<number_pair>& pairs) {
  using enum expression::aggregate_function;
  integer x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (const auto& p : pairs) {
    x += in_units(p.x);
    y += in_units(p.y);
    xx += product_in_units(p.x, p.x);
    yy += product_in_units(p.y, p.y);
    xy += product_in_units(p.x, p.y);
  }
  const integer rows = pairs.size();
  const integer hidden = (rows * rows) << 1074;
  const auto of_one = [&](const integer& sum, const integer& squares) {
    const auto out = spread_of(rows, sum, sum, squares);
    return out <= hidden ? integer(0) : out;
  };
  const auto sxx = of_one(x, xx);
  const auto syy = of_one(y, yy);
  const auto sxy = spread_of(rows, x, y, xy);
  const auto one = [&](const integer& spread, const integer& divisor) {
    return signed_nearest(spread, divisor << 1074);
  };
  if ((sxx == 0 && (f == corr || f == regr_r2 || f == regr_slope || f == regr_intercept)) ||
      (syy == 0 && f == corr) || (rows == 1 && f == covar_samp))
    return std::nullopt;
  switch (f) {
  case regr_avgx:
    return signed_nearest(x, rows);
  case regr_avgy:
    return signed_nearest(y, rows);
  case regr_sxx:
    return one(sxx, rows);
  case regr_syy:
    return one(syy, rows);
  case regr_sxy:
    return one(sxy, rows);
  case covar_pop:
    return one(sxy, rows * rows);
  case covar_samp:
    return one(sxy, rows * (rows - 1));
  case regr_slope:
    return signed_nearest(sxy << 1074, sxx);
  case regr_intercept:
    return signed_nearest((y * xx - x * xy) << 1074, sxx);
  case regr_r2:
    return syy == 0 ? 1.0 : std::min(1.0, signed_nearest((sxy * sxy) << 1074, sxx * syy));
  default:
    break;
  }
  if (sxy * sxy >= sxx * syy)
    return sxy < 0 ? -1.0 : 1.0;
  const auto root = nearest_root(sxy * sxy, sxx * syy);
  return sxy < 0 ? -root : root;
}

}  // namespace millrace::window::oracle
