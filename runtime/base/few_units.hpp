// Doubles in units of some place behind the point, by one product, as nearly all of them have few. Larger ones, and those of
// which the last digits decide, are left to the full ways, which give the same.
#pragma once

#include "runtime/base/plain_number.hpp"

#include <cmath>
#include <cstdint>
#include <optional>

namespace millrace {

/// Whole units, and the rest of one. The rest is wrong by less than 1e-7, and so are 15 digits.
struct few_units {
  std::int64_t whole = 0;
  double rest = 0;
};

/// A rest so close to where its rounding changes is decided by the 15th digit.
inline constexpr double decided_by_last_digit = 1e-5;

/// Returns |v| in units of 10^-places; none where v is large or there are many places.
[[nodiscard]] inline std::optional<few_units> few_units_of(double v, std::int64_t places) {
  if (places < 0 || places > 9)
    return std::nullopt;
  const auto scaled = std::fabs(v) * powers_of_ten[static_cast<std::size_t>(places)];
  if (!(scaled < 1e9))
    return std::nullopt;
  const auto whole = static_cast<std::int64_t>(scaled);
  return few_units{whole, scaled - static_cast<double>(whole)};
}

/// The same to the nearest whole unit.
[[nodiscard]] inline std::optional<std::int64_t> nearest_unit(double v, std::int64_t places) {
  const auto u = few_units_of(v, places);
  if (!u || std::fabs(u->rest - 0.5) < decided_by_last_digit)
    return std::nullopt;
  return u->whole + (u->rest > 0.5);
}

}  // namespace millrace
