#include "tests/property/window/exact_numbers.hpp"

#include <boost/multiprecision/cpp_int.hpp>

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

}  // namespace millrace::window::oracle
