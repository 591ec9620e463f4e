// The fields of a type such as `interval hour to minute`: what a text without units means there, and what an interval keeps.
#pragma once

#include "runtime/expression/formats/interval_sum.hpp"

#include <cstdint>

namespace millrace::expression {

/// A bit a field, as PostgreSQL's parser has them.
using interval_fields = std::int64_t;
inline constexpr interval_fields every_field = 0x7FFF;
inline constexpr interval_fields minute_to_second = (1 << 11) | (1 << 12);

/// The most digits behind the point of a second; more of them mean so many.
inline constexpr std::int64_t most_precision = 6;

/// The unit of a number without one.
[[nodiscard]] interval_unit smallest_unit(interval_fields fields);
/// Takes away what lies below the smallest field, then rounds to the digits of the second. False: out of range.
[[nodiscard]] bool fit_fields(interval_value& v, interval_fields fields, std::int64_t precision);
/// Rounds to so many digits behind the point of a second, half of one away from 0. False: out of range.
[[nodiscard]] bool round_micros(std::int64_t& micros, std::int64_t precision);
/// The same of a time, where half of one goes away from the year 2000, from which PostgreSQL counts.
[[nodiscard]] bool round_timestamp(std::int64_t& t, std::int64_t precision);

}  // namespace millrace::expression
