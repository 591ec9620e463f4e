// Timestamps and intervals to and from text, as PostgreSQL reads and writes them (ISO style, month before day
// where a date leaves it open).
#pragma once

#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/formats/number_text.hpp"

#include <string>
#include <string_view>

namespace millrace::expression {

/// `zoned`: an instant (UTC where the text names no zone). Otherwise wall-clock time, a zone is read over.
[[nodiscard]] reading read_timestamp(std::string_view s, bool zoned, std::int64_t& out);
/// 2021-04-24 19:55:00.796+00, without +00 where not zoned.
void write_timestamp(std::string& out, std::int64_t t, bool zoned);

[[nodiscard]] reading read_interval(std::string_view s, interval_value& out);
/// 1 year 2 mons 3 days 04:05:06.789
void write_interval(std::string& out, const interval_value& v);

/// 1 to 12 for a month's name or its first three letters in any case, else 0.
[[nodiscard]] int month_of_name(std::string_view word);
inline constexpr std::string_view month_names[] = {"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
/// From Sunday.
inline constexpr std::string_view day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                 "Thursday", "Friday", "Saturday"};

}  // namespace millrace::expression
