// The units of date_trunc and fields of extract, by name, and what they mean for wall-clock times and
// intervals.
#pragma once

#include "runtime/base/decimal.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/functions/functions.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::expression {

enum class time_unit : std::uint8_t {
  microseconds,
  milliseconds,
  second,
  minute,
  hour,
  day,
  week,
  month,
  quarter,
  year,
  decade,
  century,
  millennium,
  // only fields of extract from here
  dow,
  isodow,
  doy,
  isoyear,
  epoch,
  julian,
  timezone,
  timezone_hour,
  timezone_minute,
};

/// Whether extract finds the field in a date alone.
[[nodiscard]] constexpr bool is_field_of_date(time_unit unit) {
  return unit >= time_unit::day && unit < time_unit::timezone;
}

/// Names as PostgreSQL knows them, singular and plural, in any case.
[[nodiscard]] std::optional<time_unit> unit_of_name(std::string_view name);
/// The message about a name that is none.
[[nodiscard]] std::string unknown_unit(std::string_view name);

/// The beginning of the unit's period that holds the wall-clock time. None beyond 64 bits. Unit below dow.
[[nodiscard]] std::optional<std::int64_t> truncated(time_unit unit, std::int64_t wall);
[[nodiscard]] interval_value truncated(time_unit unit, const interval_value& v);

/// The field of a wall-clock time (epoch: seconds since 1970 of the same number).
[[nodiscard]] decimal field(time_unit unit, std::int64_t wall);
/// None where intervals have no such field.
[[nodiscard]] std::optional<decimal> field(time_unit unit, const interval_value& v);
/// The scale that the field always has; none where its values have different ones.
[[nodiscard]] std::optional<int> scale_of_field(time_unit unit);

/// `prepare` of functions whose first argument is a unit.
[[nodiscard]] prepared_or prepare_unit(constant_texts texts);

}  // namespace millrace::expression
