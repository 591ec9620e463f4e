// Days and fields of the proleptic Gregorian calendar, on 64-bit microseconds since 1970. Covers everything
// that 64 bits hold. And time zones by their tzdata name.
#pragma once

#include "runtime/expression/values.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::expression {

inline constexpr std::int64_t second_micros = 1'000'000;
inline constexpr std::int64_t minute_micros = 60 * second_micros;
inline constexpr std::int64_t hour_micros = 60 * minute_micros;
inline constexpr std::int64_t day_micros = 24 * hour_micros;

/// PostgreSQL's first instant, 4714-11-24 BC (Julian day 0); nothing computed may lie before it.
inline constexpr std::int64_t first_instant = -210'866'803'200'000'000;

/// The days that such instants lie on, counted from 1970. Times day_micros they never overflow.
inline constexpr std::int64_t first_day = first_instant / day_micros;
inline constexpr std::int64_t last_day = std::numeric_limits<std::int64_t>::max() / day_micros - 1;
[[nodiscard]] constexpr bool is_day(std::int64_t days) { return days >= first_day && days <= last_day; }

struct civil {
  std::int64_t year = 0;  // 0 is 1 BC
  int month = 1;
  int day = 1;
  std::int64_t micros_of_day = 0;

  [[nodiscard]] int hour() const { return static_cast<int>(micros_of_day / hour_micros); }
  [[nodiscard]] int minute() const { return static_cast<int>(micros_of_day / minute_micros % 60); }
  [[nodiscard]] int second() const { return static_cast<int>(micros_of_day / second_micros % 60); }
  [[nodiscard]] int fraction() const { return static_cast<int>(micros_of_day % second_micros); }
};

[[nodiscard]] std::int64_t days_of(std::int64_t year, int month, int day);
/// The day that an instant lies on.
[[nodiscard]] std::int64_t day_of(std::int64_t micros);
/// The year as civil counts it, of one that is negative before Christ; none for 0 and beyond what an instant can be.
[[nodiscard]] std::optional<std::int64_t> counted_year(std::int64_t year);
[[nodiscard]] civil civil_of(std::int64_t micros);
/// None before first_instant and beyond 64 bits. Fields must be in range (the day within its month).
[[nodiscard]] std::optional<std::int64_t> micros_of(const civil& c);
[[nodiscard]] int days_in_month(std::int64_t year, int month);

[[nodiscard]] int day_of_year(const civil& c);
/// 0 is Sunday.
[[nodiscard]] int day_of_week(const civil& c);
struct iso_week {
  std::int64_t year;
  int week;
};
[[nodiscard]] iso_week iso_week_of(const civil& c);
/// Days since 1970 of the Monday of that week.
[[nodiscard]] std::int64_t days_of_iso_week(std::int64_t year, int week);

/// Months first (to the month's last day where the day does not exist), then days, then time. None out of
/// range.
[[nodiscard]] std::optional<std::int64_t> add(std::int64_t micros, const interval_value& by);

/// Turns the sign of each part. False where one has no opposite.
[[nodiscard]] bool negate(interval_value& v);

/// A zone; lives for ever. Null pointer where tzdata has none of that name (letters in any case).
class zone;
[[nodiscard]] const zone* find_zone(std::string_view name);
/// The name closest to an unknown one, or nothing.
[[nodiscard]] std::string_view closest_zone(std::string_view name);
/// Wall-clock time there at an instant. None beyond 64 bits.
[[nodiscard]] std::optional<std::int64_t> wall_time(const zone& z, std::int64_t instant);
/// The instant of a wall-clock time. One that a change of clocks skips counts as before the change, one that
/// comes twice as the second.
[[nodiscard]] std::optional<std::int64_t> instant_of(const zone& z, std::int64_t wall);
/// wall_time() and instant_of() for times that lie near each other: it remembers the stretch in which the clocks of the zone
/// kept one distance from UTC. Belongs to one thread.
class zone_clock {
public:
  explicit zone_clock(const zone& z) : zone_(&z) {}
  [[nodiscard]] const zone& of() const { return *zone_; }
  [[nodiscard]] std::optional<std::int64_t> wall_time(std::int64_t instant);
  [[nodiscard]] std::optional<std::int64_t> instant_of(std::int64_t wall);

private:
  void turn_to(std::int64_t instant);

  const zone* zone_;
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;     // of the stretch; begin_ where none is known
  std::int64_t offset_ = 0;  // microseconds
};

/// The same by an abbreviation (letters in any case) that clocks there have had: as of the last time up to then that
/// they had it, else the first one; as without it where they never did.
[[nodiscard]] std::optional<std::int64_t> instant_by_abbreviation(const zone& z, std::int64_t wall,
                                                                  std::string_view abbreviation);

/// Whether its clocks have always kept one distance from UTC.
[[nodiscard]] bool has_one_offset(const zone& z);

/// The latest wall-clock time that there has been up to an instant: wall_time(), but while a time comes a
/// second time, the last one before the clocks were set back. For any time within 62 bits, as is its inverse.
[[nodiscard]] std::int64_t furthest_wall_time(const zone& z, std::int64_t instant);
/// The first instant at which clocks show this time or a later one: of a time that comes twice the first, of
/// one that is skipped the change itself. At or below an instant exactly where the furthest wall time at that
/// instant is the wall time or later.
[[nodiscard]] std::int64_t first_instant_of(const zone& z, std::int64_t wall);

/// As tzdata spells it.
[[nodiscard]] std::string_view zone_name(const zone& z);
/// The version of the machine's tzdata, such as 2025b; "unknown" where it does not say.
[[nodiscard]] std::string zone_version();

}  // namespace millrace::expression
