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

/// As PostgreSQL numbers them: there is no year, century or millennium 0.
double numbered(std::int64_t y, std::int64_t length) {
  return static_cast<double>(y > 0 ? (y + length - 1) / length : -((length - 1 - (y - 1)) / length));
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
  std::vector<std::string_view> candidates;
  for (const auto& n : names)
    if (n.name.size() > 3)
      candidates.push_back(n.name);
  const auto near = closest(name, candidates);
  return near.empty()
             ? fmt::format("'{}' is no unit of time; expected second, minute, hour, day, week, month, "
                           "quarter, year ...",
                           data::excerpt(name))
             : fmt::format("'{}' is no unit of time; did you mean '{}'?", data::excerpt(name), near);
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

double field(time_unit unit, std::int64_t wall) {
  if (unit == epoch)
    return static_cast<double>(wall) / 1e6;
  const auto c = civil_of(wall);
  const auto second_part = static_cast<double>(c.second() * second_micros + c.fraction());
  switch (unit) {
  case microseconds:
    return second_part;
  case milliseconds:
    return second_part / 1e3;
  case second:
    return second_part / 1e6;
  case minute:
    return c.minute();
  case hour:
    return c.hour();
  case day:
    return c.day;
  case week:
    return iso_week_of(c).week;
  case month:
    return c.month;
  case quarter:
    return static_cast<double>((c.month - 1) / 3 + 1);
  case year:
    return static_cast<double>(c.year > 0 ? c.year : c.year - 1);
  case decade:
    return static_cast<double>(floor_to(c.year, 10) / 10);
  case century:
    return numbered(c.year, 100);
  case millennium:
    return numbered(c.year, 1000);
  case dow:
    return day_of_week(c);
  case isodow:
    return (day_of_week(c) + 6) % 7 + 1;
  case doy:
    return day_of_year(c);
  case isoyear: {
    const auto y = iso_week_of(c).year;
    return static_cast<double>(y > 0 ? y : y - 1);
  }
  case julian:
    return static_cast<double>(days_of(c.year, c.month, c.day) + 2'440'588) +
           static_cast<double>(c.micros_of_day) / static_cast<double>(day_micros);
  default:  // the session's zone is UTC
    return 0;
  }
}

std::optional<double> field(time_unit unit, const interval_value& v) {
  const auto second_part = static_cast<double>(v.micros % minute_micros);
  switch (unit) {
  case microseconds:
    return second_part;
  case milliseconds:
    return second_part / 1e3;
  case second:
    return second_part / 1e6;
  case minute:
    return static_cast<double>(v.micros / minute_micros % 60);
  case hour:
    return static_cast<double>(v.micros / hour_micros);
  case day:
    return v.days;
  case month:
    return v.months % 12;
  case quarter:
    return static_cast<double>(v.months % 12 / 3 + 1);
  case year:
    return static_cast<double>(v.months / 12);
  case decade:
    return v.months / 120;
  case century:
    return v.months / 1200;
  case millennium:
    return v.months / 12'000;
  case epoch: {
    // a year has 365.25 days, a month beyond full years 30
    const auto days = static_cast<__int128>(v.months / 12) * 1461 +
                      (static_cast<__int128>(v.months % 12) * 30 + v.days) * 4;
    const auto micros = days * (day_micros / 4) + v.micros;
    return static_cast<double>(micros) / 1e6;
  }
  default:
    return std::nullopt;
  }
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
