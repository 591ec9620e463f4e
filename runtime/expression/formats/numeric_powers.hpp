// Roots, powers and logarithms of numerics, to as many digits as PostgreSQL 15 gives them and rounded half away from 0.
#pragma once

#include "runtime/base/decimal.hpp"

namespace millrace::expression {

// None where the result has more than 38 digits.

/// `v` is not negative.
[[nodiscard]] decimal_or_none square_root_of(const decimal& v);
[[nodiscard]] decimal_or_none exponential_of(const decimal& v);
/// `v` is greater than 0.
[[nodiscard]] decimal_or_none natural_logarithm_of(const decimal& v);
/// Both are greater than 0, and `base` is not 1.
[[nodiscard]] decimal_or_none logarithm_of(const decimal& base, const decimal& v);
/// A negative `base` has a whole exponent, and 0 none below 0.
[[nodiscard]] decimal_or_none power_of(const decimal& base, const decimal& exponent);

}  // namespace millrace::expression
