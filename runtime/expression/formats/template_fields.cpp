#include "runtime/expression/formats/template_fields.hpp"

#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/formats/interval_fields.hpp"

#include <fmt/format.h>

#include <optional>

namespace millrace::expression {
namespace {

using refusal = std::optional<std::string>;

/// It is beyond what 64 bits hold of microseconds.
constexpr std::int64_t most_days = 106'751'991;
constexpr std::int64_t julian_of_1970 = 2'440'588;

/// The date as it becomes known, field by field.
struct date_so_far {
  std::int64_t year = 0;  // 0 is 1 BC
  std::int64_t month = 1;
  std::int64_t day = 1;
  bool has_year = false;
  bool has_month = false;
  bool has_day = false;
};

refusal out_of_range(std::string_view what, std::int64_t v, std::int64_t low, std::int64_t high) {
  return v >= low && v <= high ? std::nullopt
                               : refusal(fmt::format("{} {} is not between {} and {}", what, v, low, high));
}

/// Gives the year of one or two digits in a century, from its year 1 on; those BC count backwards.
std::int64_t year_of_century(std::int64_t century, std::int64_t year) {
  const auto digits = year % 100;
  if (digits == 0)
    return century * 100 + (century >= 0 ? 0 : 1);
  return century >= 0 ? digits + (century - 1) * 100 : (century + 1) * 100 - digits + 1;
}

void set_year(const template_fields& f, date_so_far& d) {
  const auto century = f.before_christ != 0 ? -f.century : f.century;
  d.has_year = f.year != 0 || f.century != 0;
  if (f.year != 0 && f.century != 0 && f.short_year) {
    d.year = year_of_century(century, f.year);
  } else if (f.year != 0) {
    d.year = f.before_christ != 0 ? -f.year : f.year;
    d.year += d.year < 0;  // there is no year 0: -1 is 1 BC
  } else if (f.century != 0) {
    d.year = century >= 0 ? (century - 1) * 100 + 1 : century * 100 + 1;
  }
}

refusal set_days(date_so_far& d, std::int64_t days) {
  if (auto wrong = out_of_range("day", days, -most_days, most_days))
    return "the year is out of range";
  const auto c = civil_of(days * day_micros);
  d = {c.year, c.month, c.day, true, true, true};
  return std::nullopt;
}

std::int64_t days_of_week_date(const template_fields& f, std::int64_t year) {
  const auto monday = days_of_iso_week(year, 1) + (f.week - 1) * 7;
  return monday + (f.day_of_week == 0 ? 0 : f.day_of_week > 1 ? f.day_of_week - 2 : 6);
}

/// The month and the day that are still open are those of that day of the year.
refusal set_day_of_year(std::int64_t day_of_year, const template_fields& f, date_so_far& d) {
  if (d.year == 0 && f.before_christ == 0)
    return "the day of a year is told, and no year";
  if (f.iso_weeks)
    return set_days(d, days_of_iso_week(d.year, 1) + day_of_year - 1);
  int month = 1;
  std::int64_t first = 1;  // of the month, counted over the year
  while (month <= 12 && day_of_year >= first + days_in_month(d.year, month))
    first += days_in_month(d.year, month++);
  if (month > 12 && d.month <= 1)
    return fmt::format("the year has no day {}", day_of_year);
  if (d.month <= 1)
    d.month = month;
  if (d.day <= 1)
    d.day = day_of_year - first + 1;
  d.has_month = d.has_day = true;
  return std::nullopt;
}

refusal set_date(const template_fields& f, date_so_far& d) {
  set_year(f, d);
  if (f.julian != 0)
    if (auto wrong = set_days(d, f.julian - julian_of_1970))
      return wrong;
  auto day_of_year = f.day_of_year;
  if (f.week != 0 && f.iso_weeks) {
    if (auto wrong = set_days(d, days_of_week_date(f, d.year)))
      return wrong;
  } else if (f.week != 0) {
    day_of_year = (f.week - 1) * 7 + 1;
  }
  if (const auto day = f.week_of_month != 0 ? (f.week_of_month - 1) * 7 + 1 : f.day; day != 0) {
    d.day = day;
    d.has_day = true;
  }
  if (f.month != 0) {
    d.month = f.month;
    d.has_month = true;
  }
  return day_of_year != 0 && (d.month <= 1 || d.day <= 1) ? set_day_of_year(day_of_year, f, d) : std::nullopt;
}

refusal check_date(const date_so_far& d) {
  if (auto wrong = out_of_range("month", d.month, 1, 12))
    return wrong;
  if (auto wrong = out_of_range("day", d.day, 1, 31))
    return wrong;
  // PostgreSQL counts on beyond the month's end where no year is told
  if (d.has_year && d.has_month && d.has_day && d.day > days_in_month(d.year, static_cast<int>(d.month)))
    return fmt::format("month {} has no day {}", d.month, d.day);
  return std::nullopt;
}

struct time_so_far {
  std::int64_t hour;
  std::int64_t minute;
  std::int64_t second;
  std::int64_t fraction;  // microseconds
};

refusal set_time(const template_fields& f, time_so_far& t) {
  t.hour = f.hour != 0 ? f.hour : f.second_of_day / 3600;
  t.minute = f.minute != 0 ? f.minute : f.second_of_day % 3600 / 60;
  t.second = f.second != 0 ? f.second : f.second_of_day % 60;
  t.fraction = f.millisecond * 1000 + f.microsecond;
  if (f.twelve) {
    if (auto wrong = out_of_range("on a clock of 12 hours, hour", t.hour, 1, 12))
      return wrong;
    t.hour = t.hour % 12 + (f.afternoon != 0 ? 12 : 0);
  }
  if (auto wrong = out_of_range("hour", t.hour, 0, 23))
    return wrong;
  if (auto wrong = out_of_range("minute", t.minute, 0, 59))
    return wrong;
  if (auto wrong = out_of_range("second", t.second, 0, 59))
    return wrong;
  return out_of_range("the fraction of a second in microseconds", t.fraction, 0, 999'999);
}

struct told {
  date_so_far date;
  time_so_far time{};
  std::int64_t offset = 0;  // of the zone from UTC, microseconds
};

tl::expected<told, std::string> check(const template_fields& f) {
  told out;
  for (auto& wrong : {set_date(f, out.date), check_date(out.date), set_time(f, out.time)})
    if (wrong)
      return tl::unexpected(*wrong);
  if (f.zone_sign == 0)
    return out;
  for (auto& wrong : {out_of_range("zone's hour", f.zone_hours, 0, 15),
                      out_of_range("zone's minute", f.zone_minutes, 0, 59)})
    if (wrong)
      return tl::unexpected(*wrong);
  out.offset = (f.zone_hours * 60 + f.zone_minutes) * minute_micros * f.zone_sign;
  return out;
}

tl::unexpected<std::string> no_such_year() { return tl::unexpected(std::string("the year is out of range")); }

}  // namespace

tl::expected<std::int64_t, std::string> day_of(const template_fields& f) {
  const auto found = check(f);
  if (!found)
    return tl::unexpected(found.error());
  const auto& d = found->date;
  const auto midnight = micros_of({d.year, static_cast<int>(d.month), static_cast<int>(d.day), 0});
  if (!midnight)
    return no_such_year();
  return day_of(*midnight);
}

tl::expected<std::int64_t, std::string> instant_of(const template_fields& f) {
  const auto found = check(f);
  if (!found)
    return tl::unexpected(found.error());
  const auto& [d, t, offset] = *found;
  civil c{d.year, static_cast<int>(d.month), static_cast<int>(d.day), 0};
  c.micros_of_day = t.hour * hour_micros + t.minute * minute_micros + t.second * second_micros + t.fraction;
  const auto wall = micros_of(c);
  auto out = wall ? add(*wall, {0, 0, -offset}) : std::nullopt;
  if (!out || (f.places != 0 && !round_timestamp(*out, f.places)))
    return no_such_year();
  return *out;
}

}  // namespace millrace::expression
