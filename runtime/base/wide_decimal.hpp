// Numbers between the exact sums of decimals and the results of aggregates, which may have more than 38 digits. PostgreSQL's
// rules of scale are those of decimal.hpp. Plain values, any thread.
#pragma once

#include "runtime/base/decimal.hpp"

#include <boost/multiprecision/cpp_int.hpp>

namespace millrace {

/// Holds the square of a sum of 2^64 decimals at their greatest scale, 634 bits, times 10^38 for the digits of a quotient and
/// 10^38 for those of its root.
using wide_units = boost::multiprecision::uint1024_t;

/// The number units / 10^scale, negative where `minus`.
struct wide_decimal {
  wide_units units;
  bool minus = false;
  int scale = 0;
};

/// Rounded half away from 0, at the scale that a / b has in PostgreSQL; none where that is beyond 38. `b` is not 0.
[[nodiscard]] std::optional<wide_decimal> quotient_of(const wide_decimal& a, unsigned __int128 b);
/// The square root at the scale of `v`, rounded half away from 0. `v` is not negative, and of a scale up to 38.
[[nodiscard]] wide_decimal root_of(const wide_decimal& v);
/// None where it needs more than 38 digits.
[[nodiscard]] decimal_or_none decimal_of(const wide_decimal& v);

}  // namespace millrace
