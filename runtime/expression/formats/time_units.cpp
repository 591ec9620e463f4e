#include "runtime/expression/formats/time_units.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <array>

namespace millrace::expression {
namespace {

struct named_unit {
  std::string_view name;
  time_unit unit;
};
using enum time_unit;
constexpr std::array names{
    named_unit{"microsecond", microseconds},
    named_unit{"microseconds", microseconds},
    named_unit{"us", microseconds},
    named_unit{"usec", microseconds},
    named_unit{"millisecond", milliseconds},
    named_unit{"milliseconds", milliseconds},
    named_unit{"ms", milliseconds},
    named_unit{"msec", milliseconds},
    named_unit{"second", second},
    named_unit{"seconds", second},
    named_unit{"sec", second},
    named_unit{"s", second},
    named_unit{"minute", minute},
    named_unit{"minutes", minute},
    named_unit{"min", minute},
    named_unit{"m", minute},
    named_unit{"hour", hour},
    named_unit{"hours", hour},
    named_unit{"hr", hour},
    named_unit{"h", hour},
    named_unit{"day", day},
    named_unit{"days", day},
    named_unit{"d", day},
    named_unit{"week", week},
    named_unit{"weeks", week},
    named_unit{"w", week},
    named_unit{"month", month},
    named_unit{"months", month},
    named_unit{"mon", month},
    named_unit{"quarter", quarter},
    named_unit{"qtr", quarter},
    named_unit{"year", year},
    named_unit{"years", year},
    named_unit{"y", year},
    named_unit{"decade", decade},
    named_unit{"decades", decade},
    named_unit{"century", century},
    named_unit{"centuries", century},
    named_unit{"millennium", millennium},
    named_unit{"millennia", millennium},
    named_unit{"dow", dow},
    named_unit{"isodow", isodow},
    named_unit{"doy", doy},
    named_unit{"isoyear", isoyear},
    named_unit{"epoch", epoch},
    named_unit{"julian", julian},
    named_unit{"timezone", timezone},
    named_unit{"timezone_hour", timezone_hour},
    named_unit{"timezone_minute", timezone_minute},
};

std::int64_t floor_to(std::int64_t v, std::int64_t step) {
  const auto rest = v % step;
  return v - (rest < 0 ? rest + step : rest);
}

/// Centuries and millennia begin with year 1, decades with year 0. Years BC count from 0 downwards here.
std::int64_t first_year(time_unit unit, std::int64_t y) {
  switch (unit) {
  case decade:
    return floor_to(y, 10);
  case century:
    return floor_to(y - 1, 100) + 1;
  case millennium:
    return floor_to(y - 1, 1000) + 1;
  default:
    return y;
  }
}

/// Numbers them as PostgreSQL does: there is no year, century or millennium 0.
std::int64_t numbered(std::int64_t y, std::int64_t length) {
  return y > 0 ? (y + length - 1) / length : -((length - 1 - (y - 1)) / length);
}

/// Seconds and milliseconds of microseconds.
std::optional<decimal> of_micros(time_unit unit, __int128 micros) {
  switch (unit) {
  case microseconds:
    return decimal(micros, 0);
  case milliseconds:
    return decimal(micros, 3);
  case second:
  case epoch:
    return decimal(micros, 6);
  default:
    return std::nullopt;
  }
}

}  // namespace

std::optional<time_unit> unit_of_name(std::string_view name) {
  const auto folded = fold(name);
  for (const auto& n : names)
    if (n.name == folded)
      return n.unit;
  return std::nullopt;
}

std::string unknown_unit(std::string_view name) {
  static constexpr auto others =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"dayofweek", "dow"},
                                                                    {"dayofyear", "doy"},
                                                                    {"dayofmonth", "day"},
                                                                    {"weekday", "dow"},
                                                                    {"isoweek", "week"}});
  for (const auto& [theirs, ours] : others)
    if (fold(name) == theirs)
      return fmt::format("'{}' is not a unit of time; did you mean '{}'?", theirs, ours);
  std::vector<std::string_view> candidates;
  for (const auto& n : names)
    if (n.name.size() > 3)
      candidates.push_back(n.name);
  const auto near = closest(name, candidates);
  return near.empty()
             ? fmt::format("'{}' is not a unit of time; expected second, minute, hour, day, week, month, "
                           "quarter, year ...",
                           data::excerpt(name))
             : fmt::format("'{}' is not a unit of time; did you mean '{}'?", data::excerpt(name), near);
}

std::optional<std::int64_t> truncated(time_unit unit, std::int64_t wall) {
  switch (unit) {
  case microseconds:
    return wall;
  case milliseconds:
    return floor_to(wall, 1000);
  case second:
    return floor_to(wall, second_micros);
  case minute:
    return floor_to(wall, minute_micros);
  case hour:
    return floor_to(wall, hour_micros);
  default:
    break;
  }
  auto c = civil_of(wall);
  c.micros_of_day = 0;
  if (unit == week) {
    const auto w = iso_week_of(c);
    const auto wide = static_cast<__int128>(days_of_iso_week(w.year, w.week)) * day_micros;
    const auto out = static_cast<std::int64_t>(wide);
    return out == wide ? std::optional(out) : std::nullopt;
  }
  if (unit > day)
    c.day = 1;
  if (unit == quarter)
    c.month = (c.month - 1) / 3 * 3 + 1;
  if (unit >= year) {
    c.month = 1;
    c.year = first_year(unit, c.year);
  }
  return micros_of(c);
}

interval_value truncated(time_unit unit, const interval_value& v) {
  auto out = v;
  const auto keep = [&](std::int64_t step) { out.micros -= out.micros % step; };
  const auto keep_months = [&](std::int32_t step) {
    out.months -= out.months % step;
    out.days = 0;
    out.micros = 0;
  };
  switch (unit) {
  case milliseconds:
    keep(1000);
    break;
  case second:
    keep(second_micros);
    break;
  case minute:
    keep(minute_micros);
    break;
  case hour:
    keep(hour_micros);
    break;
  case day:
    out.micros = 0;
    break;
  case month:
    keep_months(1);
    break;
  case quarter:
    keep_months(3);
    break;
  case year:
    keep_months(12);
    break;
  case decade:
    keep_months(120);
    break;
  case century:
    keep_months(1200);
    break;
  case millennium:
    keep_months(12'000);
    break;
  default:
    break;
  }
  return out;
}

decimal field(time_unit unit, std::int64_t wall) {
  if (unit == epoch)
    return decimal(wall, 6);
  const auto c = civil_of(wall);
  if (const auto seconds = of_micros(unit, c.second() * second_micros + c.fraction()))
    return *seconds;
  const auto whole = [](std::int64_t v) { return decimal(v, 0); };
  switch (unit) {
  case minute:
    return whole(c.minute());
  case hour:
    return whole(c.hour());
  case day:
    return whole(c.day);
  case week:
    return whole(iso_week_of(c).week);
  case month:
    return whole(c.month);
  case quarter:
    return whole((c.month - 1) / 3 + 1);
  case year:
    return whole(c.year > 0 ? c.year : c.year - 1);
  case decade:
    return whole(floor_to(c.year, 10) / 10);
  case century:
    return whole(numbered(c.year, 100));
  case millennium:
    return whole(numbered(c.year, 1000));
  case dow:
    return whole(day_of_week(c));
  case isodow:
    return whole((day_of_week(c) + 6) % 7 + 1);
  case doy:
    return whole(day_of_year(c));
  case isoyear: {
    const auto y = iso_week_of(c).year;
    return whole(y > 0 ? y : y - 1);
  }
  case julian: {
    const auto part = quotient_of(decimal(c.micros_of_day, 0), decimal(day_micros, 0));
    return sum_of(whole(days_of(c.year, c.month, c.day) + 2'440'588), part.value_or(decimal()))
        .value_or(decimal());
  }
  default:  // the session's zone is UTC
    return {};
  }
}

std::optional<decimal> field(time_unit unit, const interval_value& v) {
  if (unit == epoch) {
    // a year has 365.25 days, a month beyond full years 30
    const auto days = static_cast<__int128>(v.months / 12) * 1461 +
                      (static_cast<__int128>(v.months % 12) * 30 + v.days) * 4;
    return of_micros(unit, days * (day_micros / 4) + v.micros);
  }
  if (const auto seconds = of_micros(unit, v.micros % minute_micros))
    return seconds;
  const auto whole = [](std::int64_t n) { return decimal(n, 0); };
  switch (unit) {
  case minute:
    return whole(v.micros / minute_micros % 60);
  case hour:
    return whole(v.micros / hour_micros);
  case day:
    return whole(v.days);
  case month:
    return whole(v.months % 12);
  case quarter:
    return whole(v.months % 12 / 3 + 1);
  case year:
    return whole(v.months / 12);
  case decade:
    return whole(v.months / 120);
  case century:
    return whole(v.months / 1200);
  case millennium:
    return whole(v.months / 12'000);
  default:
    return std::nullopt;
  }
}

std::optional<int> scale_of_field(time_unit unit) {
  if (const auto seconds = of_micros(unit, 0))
    return seconds->scale();
  return unit == julian ? std::nullopt : std::optional(0);
}

prepared_or prepare_unit(constant_texts texts) {
  if (!texts[0])
    return nullptr;
  const auto unit = unit_of_name(*texts[0]);
  if (!unit)
    return tl::unexpected(refused_argument{0, unknown_unit(*texts[0])});
  return std::make_shared<const time_unit>(*unit);
}

}  // namespace millrace::expression
