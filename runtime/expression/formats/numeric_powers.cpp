#include "runtime/expression/formats/numeric_powers.hpp"

#include <boost/multiprecision/cpp_dec_float.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace millrace::expression {
namespace {

/// More digits than any result has, and than its computation loses.
using precise = boost::multiprecision::cpp_dec_float_100;

constexpr double log10_of_e = 0.434294481903252;
// No result from here on has 38 digits, so it is not computed.
constexpr double farthest_power = 200;

precise precise_of(const decimal& v) { return precise(text_of(v)); }

decimal_or_none rounded_at(const precise& v, int scale) {
  if (scale > most_decimal_digits || abs(v) > precise("1e39"))
    return std::nullopt;
  decimal out;
  // half away from 0, like str(); the text has all digits of the scale
  const precise units = trunc(abs(v) * pow(precise(10), scale) + precise("0.5"));
  if (read_decimal(units.str(0, std::ios_base::fixed), out) != decimal_reading::ok)
    return std::nullopt;
  return decimal_of(magnitude_of(*rounded(out, 0)), v < 0, scale);
}

int scale_for(int power_of_result, std::initializer_list<const decimal*> arguments) {
  int scale = std::max(0, least_significant_digits - power_of_result);
  for (const auto* a : arguments)
    scale = std::max(scale, a->scale());
  return scale;
}

/// The power of ten of |ln v|, about, for v above 0; follows estimate_ln_dweight in PostgreSQL 15's numeric.c.
int power_of_logarithm(const decimal& v) {
  const auto near_one = decimal(9, 1) <= v && v <= decimal(11, 1);
  if (!near_one)
    return static_cast<int>(std::log10(std::fabs(std::log(to_double(v)))));
  const auto rest = difference_of(v, decimal_of(1));
  if (!rest || rest->is_zero())
    return 0;
  return digits_of(magnitude_of(*rest)) - 1 - rest->scale();
}

/// The power of ten of base^exponent, cut, for a base above 0; follows power_var in PostgreSQL 15's numeric.c: from
/// eight digits of the logarithm, so that 9.2103403 becomes 4 and not 3.99999999.
double power_of_power(const decimal& base, const decimal& exponent) {
  constexpr int digits_taken = 8;
  const precise unit = pow(precise(10), std::max(0, digits_taken - power_of_logarithm(base)));
  const precise logarithm = round(log(precise_of(base)) * unit) / unit;
  return (round(logarithm * precise_of(exponent) * unit) / unit).convert_to<double>() * log10_of_e;
}

/// PostgreSQL 15 gives them sixteen digits behind the point, whatever stands before it.
decimal_or_none whole_power(const decimal& base, std::int64_t exponent) {
  const auto scale = scale_for(0, {&base});
  const auto power =
      base.is_zero() ? 0.0 : static_cast<double>(exponent) * std::log10(std::fabs(to_double(base)));
  if (power > farthest_power)
    return std::nullopt;
  if (power < -farthest_power)
    return decimal(0, scale);
  return rounded_at(pow(precise_of(base), static_cast<int>(exponent)), scale);
}

/// `v` is whole.
bool is_odd(const decimal& v) { return magnitude_of(v) / power_of_ten(v.scale()) % 2 != 0; }

}  // namespace

decimal_or_none square_root_of(const decimal& v) {
  const auto groups = group_power_of(magnitude_of(v), v.scale()) + 1;  // before the point
  return rounded_at(sqrt(precise_of(v)), scale_for(groups * group_digits / 2 - 1, {&v}));
}

decimal_or_none exponential_of(const decimal& v) {
  const auto power = to_double(v) * log10_of_e;
  if (std::fabs(power) > farthest_power)
    return std::nullopt;
  return rounded_at(exp(precise_of(v)), scale_for(static_cast<int>(power), {&v}));
}

decimal_or_none natural_logarithm_of(const decimal& v) {
  return rounded_at(log(precise_of(v)), scale_for(power_of_logarithm(v), {&v}));
}

decimal_or_none logarithm_of(const decimal& base, const decimal& v) {
  const auto power = power_of_logarithm(v) - power_of_logarithm(base);
  return rounded_at(log(precise_of(v)) / log(precise_of(base)), scale_for(power, {&base, &v}));
}

decimal_or_none power_of(const decimal& base, const decimal& exponent) {
  using limits = std::numeric_limits<std::int32_t>;
  if (is_whole(exponent))
    if (const auto whole = to_bigint(exponent); whole && *whole >= limits::min() && *whole <= limits::max())
      return whole_power(base, *whole);
  if (base.is_zero())
    return decimal(0, least_significant_digits);
  // A logarithm needs a base above 0; the whole exponent of one below 0 decides the sign.
  const auto above_zero = abs(base);
  const auto power = power_of_power(above_zero, exponent);
  if (std::fabs(power) > farthest_power)
    return std::nullopt;
  const auto out = rounded_at(exp(log(precise_of(above_zero)) * precise_of(exponent)),
                              scale_for(static_cast<int>(power), {&base, &exponent}));
  return out && base.is_negative() && is_odd(exponent) ? -*out : out;
}

}  // namespace millrace::expression
