// Timestamps and intervals to and from text, as PostgreSQL reads and writes them (ISO style, month before day
// where a date leaves it open).
#pragma once

#include "runtime/base/day_memory.hpp"
#include "runtime/base/error.hpp"
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/formats/interval_fields.hpp"
#include "runtime/expression/formats/number_text.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::expression {

/// Microseconds of the digits behind a decimal point, rounded as PostgreSQL does: a tie mostly goes to the even one.
/// A whole second is possible.
[[nodiscard]] std::int64_t micros_of_fraction(std::string_view digits);

/// `zoned`: an instant; where the text names no zone, by the clocks of `local`, UTC without it. Otherwise wall-clock
/// time, a zone is read over.
[[nodiscard]] reading read_timestamp(std::string_view s, bool zoned, std::int64_t& out,
                                     const zone* local = nullptr);
/// The same of a whole date and time in figures, 2021-04-24 19:55:00.796+00; none for all others, which may be one yet.
[[nodiscard]] std::optional<std::int64_t> read_plain_timestamp(std::string_view s, day_memory& day,
                                                               bool zoned, const zone* local);
/// Days since 1970, as of a wall-clock time whose rest does not count.
[[nodiscard]] reading read_date(std::string_view s, std::int64_t& days);
/// An instant, of parsers without a format and of options; the error quotes the text.
[[nodiscard]] expected<event_micros> parse_timestamp(std::string_view text, const zone* local = nullptr);
/// The same, faster where texts of one day follow each other, down to the second at least.
[[nodiscard]] expected<event_micros> parse_timestamp(std::string_view text, day_memory& day,
                                                     const zone* local = nullptr);
/// 2021-04-24 19:55:00.796+00, without +00 where not zoned.
void write_timestamp(std::string& out, std::int64_t t, bool zoned);

/// 2021-04-24 of days since 1970, with BC behind it before year 1.
void write_date(std::string& out, std::int64_t days);
/// 19:55:00.796 of microseconds of a day, and 24:00:00 of all of them.
void write_time(std::string& out, std::int64_t micros);

/// A time of day. A zone is read over; it may be one whose clocks change where a date stands before the time.
[[nodiscard]] reading read_time(std::string_view s, std::int64_t& out);

[[nodiscard]] reading read_interval(std::string_view s, interval_value& out);
/// The same of a type with fields, which decide what a number without a unit means; fit_fields() follows.
[[nodiscard]] reading read_interval_of(std::string_view s, interval_value& out, interval_fields fields);
/// 1 year 2 mons 3 days 04:05:06.789
void write_interval(std::string& out, const interval_value& v);

inline constexpr std::string_view month_names[] = {"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
/// From Sunday.
inline constexpr std::string_view day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                 "Thursday", "Friday", "Saturday"};

}  // namespace millrace::expression
