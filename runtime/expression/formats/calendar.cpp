#include "runtime/expression/formats/calendar.hpp"

#include "runtime/expression/syntax/source_text.hpp"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <unordered_map>

namespace millrace::expression {
namespace {

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
}

constexpr std::int64_t days_of_era = 146'097;  // 400 years, after which the calendar repeats

std::optional<std::int64_t> in_range(__int128 micros) {
  const auto out = static_cast<std::int64_t>(micros);
  if (out != micros || out < first_instant)
    return std::nullopt;
  return out;
}

}  // namespace

// Years are counted from March, so that the leap day is a year's last.
std::int64_t days_of(std::int64_t year, int month, int day) {
  const auto y = month <= 2 ? year - 1 : year;
  const auto era = floor_divide(y, 400);
  const auto year_of_era = y - era * 400;
  const auto month_from_march = (month + 9) % 12;
  const auto day_of_this_year = (153 * month_from_march + 2) / 5 + day - 1;
  return era * days_of_era + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_this_year -
         719'468;  // days from March of year 0 to 1970
}

civil civil_of(std::int64_t micros) {
  const auto days = floor_divide(micros, day_micros);
  const auto z = days + 719'468;
  const auto era = floor_divide(z, days_of_era);
  const auto d = z - era * days_of_era;
  const auto year_of_era = (d - d / 1460 + d / 36'524 - d / 146'096) / 365;
  const auto day_of_this_year = d - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const auto month_from_march = (5 * day_of_this_year + 2) / 153;
  civil out;
  out.day = static_cast<int>(day_of_this_year - (153 * month_from_march + 2) / 5 + 1);
  out.month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  out.year = year_of_era + era * 400 + (out.month <= 2);
  out.micros_of_day = micros - days * day_micros;
  if (out.micros_of_day < 0)  // days * day_micros wrapped at the lowest instants
    out.micros_of_day += day_micros;
  return out;
}

std::int64_t day_of(std::int64_t micros) { return floor_divide(micros, day_micros); }

std::optional<std::int64_t> counted_year(std::int64_t year) {
  const auto counted = year < 0 ? year + 1 : year;
  return year == 0 || counted < -4713 || counted > 300'000 ? std::nullopt : std::optional(counted);
}

bool negate(interval_value& v) {
  if (v.months == std::numeric_limits<std::int32_t>::min() ||
      v.days == std::numeric_limits<std::int32_t>::min() ||
      v.micros == std::numeric_limits<std::int64_t>::min())
    return false;
  v = {-v.months, -v.days, -v.micros};
  return true;
}

std::optional<std::int64_t> micros_of(const civil& c) {
  constexpr std::int64_t furthest = 300'000;  // years; keeps the product within 128 and near 64 bits
  if (c.year < -furthest || c.year > furthest)
    return std::nullopt;
  return in_range(static_cast<__int128>(days_of(c.year, c.month, c.day)) * day_micros + c.micros_of_day);
}

int days_in_month(std::int64_t year, int month) {
  static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

int day_of_year(const civil& c) {
  return static_cast<int>(days_of(c.year, c.month, c.day) - days_of(c.year, 1, 1)) + 1;
}

int day_of_week(const civil& c) {
  const auto days = days_of(c.year, c.month, c.day) + 4;  // 1970 began on a Thursday
  return static_cast<int>(days - floor_divide(days, 7) * 7);
}

std::int64_t days_of_iso_week(std::int64_t year, int week) {
  const auto fourth = days_of(year, 1, 4);  // is always in week 1
  const auto from_monday = (fourth + 3) - floor_divide(fourth + 3, 7) * 7;
  return fourth - from_monday + (week - 1) * 7LL;
}

iso_week iso_week_of(const civil& c) {
  const auto days = days_of(c.year, c.month, c.day);
  auto year = c.year;
  if (days < days_of_iso_week(year, 1))
    --year;
  else if (days >= days_of_iso_week(year + 1, 1))
    ++year;
  return {year, static_cast<int>((days - days_of_iso_week(year, 1)) / 7) + 1};
}

std::optional<std::int64_t> add(std::int64_t micros, const interval_value& by) {
  if (by.months != 0) {
    auto c = civil_of(micros);
    const auto months = c.year * 12 + (c.month - 1) + by.months;
    c.year = floor_divide(months, 12);
    c.month = static_cast<int>(months - c.year * 12) + 1;
    c.day = std::min(c.day, days_in_month(c.year, c.month));
    const auto moved = micros_of(c);
    if (!moved)
      return std::nullopt;
    micros = *moved;
  }
  return in_range(static_cast<__int128>(micros) + static_cast<__int128>(by.days) * day_micros + by.micros);
}

// A zone is date's, under a name that keeps its header out of ours.
class zone {};

namespace {

const date::time_zone& tz(const zone& z) { return *reinterpret_cast<const date::time_zone*>(&z); }
const zone* ours(const date::time_zone* z) { return reinterpret_cast<const zone*>(z); }

const std::unordered_map<std::string, const date::time_zone*>& zones_by_folded_name() {
  static const auto zones = [] {
    std::unordered_map<std::string, const date::time_zone*> out;
    try {
      for (const auto& z : date::get_tzdb().zones)
        out.emplace(fold(z.name()), &z);
    } catch (const std::exception&) {  // no tzdata on this machine
    }
    return out;
  }();
  return zones;
}

// The zones of the machine list their changes up to 2037 and the rule behind them is lost to date; but a rule
// goes by month and weekday. So a later day is looked up as a day of 2026 to 2037 that has the same month,
// day and weekday (in a year that is not a leap year: from March on, and before March, one of those begins
// alike).
constexpr int last_listed_year = 2037;
constexpr int first_alike_year = 2026;

std::int64_t listed_seconds(std::int64_t seconds) {
  constexpr std::int64_t first_known = -62'135'596'800;      // year 1; nothing changes before
  constexpr std::int64_t last_possible = 9'223'372'036'854;  // of 64 bits of microseconds
  seconds = std::clamp(seconds, first_known, last_possible);
  auto c = civil_of(seconds * second_micros);
  if (c.year <= last_listed_year)
    return seconds;
  const auto time = seconds - days_of(c.year, c.month, c.day) * (day_micros / second_micros);
  if (c.month == 2 && c.day == 29)
    c.day = 28;  // no clock changes in between
  for (int year = first_alike_year; year <= last_listed_year; ++year) {
    civil alike = c;
    alike.year = year;
    if (days_in_month(year, 2) == 28 && day_of_week(alike) == day_of_week(c))
      return days_of(year, c.month, c.day) * (day_micros / second_micros) + time;
  }
  return seconds;
}

date::sys_seconds within(std::int64_t seconds) {
  return date::sys_seconds{std::chrono::seconds{listed_seconds(seconds)}};
}

std::optional<std::int64_t> shifted(std::int64_t t, std::chrono::seconds by) {
  return in_range(static_cast<__int128>(t) + static_cast<__int128>(by.count()) * second_micros);
}

/// No clock has ever stood further from UTC, nor been set by as much at once.
constexpr std::chrono::seconds furthest_change = std::chrono::hours(48);

/// A stretch of time in which the clocks of a zone keep one distance from UTC, around an instant.
struct stretch {
  std::int64_t end = 0;     // seconds since 1970, beyond the stretch
  std::int64_t offset = 0;  // seconds
};

stretch stretch_at(const zone& z, std::int64_t seconds) {
  const auto listed = within(seconds);
  const auto info = tz(z).get_info(listed);
  const auto left = (info.end - listed).count();  // the last one listed has no end
  return {left > furthest_change.count() * 2 ? std::numeric_limits<std::int64_t>::max() : seconds + left,
          info.offset.count()};
}

}  // namespace

const zone* find_zone(std::string_view name) {
  if (name.empty() || name.size() > 64)
    return nullptr;
  const auto& zones = zones_by_folded_name();
  const auto found = zones.find(fold(name));
  return found == zones.end() ? nullptr : ours(found->second);
}

std::string_view closest_zone(std::string_view name) {
  std::vector<std::string_view> names;
  try {
    for (const auto& z : date::get_tzdb().zones)
      names.push_back(z.name());
  } catch (const std::exception&) {  // no tzdata on this machine: nothing to suggest
  }
  return closest(name, names);
}

std::optional<std::int64_t> wall_time(const zone& z, std::int64_t instant) {
  return shifted(instant, tz(z).get_info(within(floor_divide(instant, second_micros))).offset);
}

std::optional<std::int64_t> instant_of(const zone& z, std::int64_t wall) {
  const auto at = within(floor_divide(wall, second_micros));
  const auto info = tz(z).get_info(date::local_seconds{at.time_since_epoch()});
  const auto offset = info.result == date::local_info::ambiguous ? info.second.offset : info.first.offset;
  return shifted(wall, -offset);
}

void zone_clock::turn_to(std::int64_t instant) {
  const auto seconds = floor_divide(instant, second_micros);
  end_ = begin_;
  if (listed_seconds(seconds) != seconds)  // beyond what tzdata lists
    return;
  const auto info = tz(*zone_).get_info(date::sys_seconds{std::chrono::seconds{seconds}});
  constexpr date::sys_seconds first{date::sys_days{date::year(1) / 1 / 1}};
  constexpr date::sys_seconds last{date::sys_days{date::year(last_listed_year + 1) / 1 / 1}};
  begin_ = std::max(info.begin, first).time_since_epoch().count() * second_micros;
  end_ = std::min(info.end, last).time_since_epoch().count() * second_micros;
  offset_ = info.offset.count() * second_micros;
}

std::optional<std::int64_t> zone_clock::wall_time(std::int64_t instant) {
  if (instant < begin_ || instant >= end_)
    turn_to(instant);
  return instant >= begin_ && instant < end_ ? instant + offset_ : expression::wall_time(*zone_, instant);
}

std::optional<std::int64_t> zone_clock::instant_of(std::int64_t wall) {
  // a wall-clock time that is skipped, or comes twice, lies near an end of its stretch
  constexpr auto edge = std::chrono::microseconds(furthest_change).count();
  if (begin_ < end_ && wall > begin_ + edge && wall < end_ - edge)
    if (const auto instant = wall - offset_; instant >= begin_ + edge && instant < end_ - edge)
      return instant;
  const auto out = expression::instant_of(*zone_, wall);
  if (out && (*out < begin_ || *out >= end_))
    turn_to(*out);
  return out;
}

std::optional<std::int64_t> instant_by_abbreviation(const zone& z, std::int64_t wall,
                                                    std::string_view abbreviation) {
  const auto probe = instant_of(z, wall);
  if (!probe)
    return probe;
  const auto name = fold(abbreviation);
  constexpr std::chrono::seconds first_change{-5'000'000'000};  // 1811: no zone had clocks of one time before
  const auto here = tz(z).get_info(within(floor_divide(*probe, second_micros)));
  for (auto info = here;; info = tz(z).get_info(info.begin - std::chrono::seconds(1))) {
    if (fold(info.abbrev) == name)
      return shifted(wall, -info.offset);
    if (info.begin.time_since_epoch() < first_change)
      break;
  }
  for (auto info = here; info.end < date::sys_days{date::year(last_listed_year + 1) / 1 / 1};) {
    info = tz(z).get_info(info.end);
    if (fold(info.abbrev) == name)
      return shifted(wall, -info.offset);
  }
  return probe;
}

bool has_one_offset(const zone& z) {
  auto info = tz(z).get_info(date::sys_seconds{date::sys_days{date::year(1) / 1 / 1}});
  for (const auto offset = info.offset; info.offset == offset; info = tz(z).get_info(info.end))
    if (info.end >= date::sys_days{date::year(last_listed_year + 1) / 1 / 1})
      return true;
  return false;
}

std::int64_t furthest_wall_time(const zone& z, std::int64_t instant) {
  const auto last = floor_divide(instant, second_micros);
  auto furthest = std::numeric_limits<std::int64_t>::min();
  for (auto at = last - furthest_change.count();;) {
    const auto s = stretch_at(z, at);
    if (s.end > last)
      return std::max(furthest, instant + s.offset * second_micros);
    furthest = std::max(furthest, (s.end + s.offset) * second_micros - 1);
    at = s.end;
  }
}

std::int64_t first_instant_of(const zone& z, std::int64_t wall) {
  for (auto at = floor_divide(wall, second_micros) - furthest_change.count();;) {
    const auto s = stretch_at(z, at);
    const auto instant = wall - s.offset * second_micros;
    if (floor_divide(instant, second_micros) < s.end)
      return std::max(instant, at * second_micros);
    at = s.end;
  }
}

std::string_view zone_name(const zone& z) { return tz(z).name(); }

// The zones of a machine have no version that date knows; the text of their rules, installed beside them,
// begins with it.
std::string zone_version() {
  std::ifstream rules("/usr/share/zoneinfo/tzdata.zi");
  std::string hash, word, version;
  return rules >> hash >> word >> version && hash == "#" && word == "version" ? version : "unknown";
}

}  // namespace millrace::expression
