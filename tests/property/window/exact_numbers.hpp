// Sums and averages of the oracle, by rational numbers of any size: slow and obvious.
#pragma once

#include "runtime/base/decimal.hpp"
#include "runtime/expression/expression.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::window::oracle {

/// The sum (over `divisor`), rounded once to the nearest double, ties to even. NaN and infinities as IEEE has
/// them.
[[nodiscard]] double exact_quotient(const std::vector<double>& summands, std::uint64_t divisor);
[[nodiscard]] double exact_quotient(__int128 sum, std::uint64_t divisor);

/// The sum of the squared distances from the mean over `divisor`, rounded once; the values are finite.
[[nodiscard]] double exact_variance(const std::vector<double>& values, std::uint64_t divisor);
[[nodiscard]] double exact_variance(const std::vector<std::int64_t>& values, std::uint64_t divisor);

/// The same of numerics, at the scales that PostgreSQL gives them; none where a result needs more than 38 digits.
[[nodiscard]] decimal_or_none exact_sum(const std::vector<decimal>& values);
[[nodiscard]] decimal_or_none exact_mean(const std::vector<decimal>& values);
[[nodiscard]] decimal_or_none exact_variance(const std::vector<decimal>& values, std::uint64_t divisor,
                                             bool root);

/// Two numbers of a row; both are finite where they go into a product.
struct number_pair {
  double y = 0, x = 0;
};
/// corr, covar_* and regr_* but for regr_count, of one pair at least, rounded once; none for a null. Products count as rounded to
/// 2^-1074, and what squares differ by less than that, each from each, is no spread.
[[nodiscard]] std::optional<double> exact_statistic(expression::aggregate_function f,
                                                    const std::vector<number_pair>& pairs);

}  // namespace millrace::window::oracle
