// The fields that to_timestamp reads of a text by its template, and the instant that they mean together. Where fields
// are missing, contradict or overrule each other, PostgreSQL's choice stands: 0 is as good as not told.
#pragma once

#include <tl/expected.hpp>

#include <cstdint>
#include <string>

namespace millrace::expression {

/// All in the units of their names and as they stand in the text, in any range; 0: not told.
struct template_fields {
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t second_of_day = 0;
  std::int64_t millisecond = 0;
  std::int64_t microsecond = 0;
  std::int64_t places = 0;  // of FF1 to FF6: the result is rounded to so many digits behind the point
  std::int64_t afternoon = 0;
  std::int64_t year = 0;
  std::int64_t century = 0;
  std::int64_t before_christ = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  std::int64_t day_of_year = 0;  // of the ISO year where weeks are ISO's
  std::int64_t day_of_week = 0;  // 1 is Sunday
  std::int64_t week = 0;
  std::int64_t week_of_month = 0;
  std::int64_t julian = 0;
  std::int64_t zone_hours = 0;
  std::int64_t zone_minutes = 0;
  int zone_sign = 0;          // 0: UTC
  bool twelve = false;        // the hour is one of a clock of 12 hours
  bool short_year = false;    // of one or two digits: a century may complete it
  bool iso_weeks = false;     // the date is told by ISO's years and weeks
  bool conventional = false;  // or by years and months
};

/// Microseconds since 1970; the error says which field there is none of.
[[nodiscard]] tl::expected<std::int64_t, std::string> instant_of(const template_fields& f);
/// Days since 1970, whatever the time of day and the zone are; these are checked all the same.
[[nodiscard]] tl::expected<std::int64_t, std::string> day_of(const template_fields& f);

}  // namespace millrace::expression
