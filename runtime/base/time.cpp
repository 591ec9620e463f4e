#include "runtime/base/time.hpp"

#include "runtime/base/day_memory.hpp"
#include "runtime/base/scan.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <optional>

namespace millrace {
namespace {

/// Exactly `width` digits, or nothing.
std::optional<int> take_digits(std::string_view& s, std::size_t width) {
  if (s.size() < width)
    return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (!is_digit(s[i]))
      return std::nullopt;
    value = value * 10 + (s[i] - '0');
  }
  s.remove_prefix(width);
  return value;
}

/// Time of day after the date; false where it is malformed. Leaves the zone in s.
bool take_time(std::string_view& s, std::int64_t& micros_of_day) {
  const auto hour = take_digits(s, 2);
  if (!hour || !take(s, ':'))
    return false;
  const auto minute = take_digits(s, 2);
  if (!minute)
    return false;
  int second = 0;
  std::int64_t fraction = 0;
  if (take(s, ':')) {
    const auto sec = take_digits(s, 2);
    if (!sec)
      return false;
    second = *sec;
    if (!s.empty() && (s.front() == '.' || s.front() == ',')) {
      s.remove_prefix(1);
      if (s.empty() || !is_digit(s.front()))
        return false;
      std::int64_t scale = 100'000;
      int beyond = 0;
      for (std::size_t n = 0; !s.empty() && is_digit(s.front()); ++n) {
        const int digit = s.front() - '0';
        if (n < 6)
          fraction += digit * scale;
        else if (n == 6)
          beyond = digit;  // PostgreSQL rounds to microseconds
        scale /= 10;
        s.remove_prefix(1);
      }
      fraction += beyond >= 5;
    }
  }
  const bool midnight = *hour == 24 && *minute == 0 && second == 0 && fraction == 0;
  if ((*hour > 23 && !midnight) || *minute > 59 || second > 60)
    return false;
  micros_of_day = ((*hour * 60LL + *minute) * 60 + second) * 1'000'000 + fraction;
  return true;
}

/// Z, UTC, +hh, +hhmm, +hh:mm; an absent zone is UTC.
bool take_zone(std::string_view& s, std::int64_t& offset_micros) {
  skip_blanks(s);
  if (s.empty())
    return true;
  if (s == "Z" || s == "z" || s == "UTC" || s == "utc" || s == "GMT") {
    s = {};
    return true;
  }
  const bool minus = s.front() == '-';
  if (!minus && s.front() != '+')
    return false;
  s.remove_prefix(1);
  const auto hours = take_digits(s, 2);
  if (!hours)
    return false;
  int minutes = 0;
  if (!s.empty()) {
    take(s, ':');
    const auto m = take_digits(s, 2);
    if (!m)
      return false;
    minutes = *m;
  }
  if (*hours > 15 || minutes > 59)
    return false;
  offset_micros = (*hours * 60LL + minutes) * 60'000'000 * (minus ? -1 : 1);
  return true;
}

unexpected bad_timestamp(std::string_view text) {
  return user_error(ec::invalid_argument, fmt::format("'{}' is no timestamp", text.substr(0, 64)));
}

constexpr event_micros year_0 = -62'167'219'200'000'000;
constexpr event_micros year_10000 = 253'402'300'800'000'000;

/// Digit by digit: a format string takes several times as long, and timestamps are most of what some rows
/// cost.
void put_digits(char* at, int n, std::int64_t value) {
  for (; n > 0; value /= 10)
    at[--n] = static_cast<char>('0' + value % 10);
}

void append_fraction(std::string& out, std::int64_t fraction) {
  if (fraction == 0)
    return;
  char text[] = ".000000";
  put_digits(text + 1, 6, fraction);
  auto size = sizeof text - 1;
  while (text[size - 1] == '0')
    --size;
  out.append(text, size);
}

/// Takes times in the years 0 to 9999.
void append_second(std::string& out, event_micros t) {
  const date::sys_time<micros> point{micros(t)};
  const auto day = date::floor<date::days>(point);
  const date::year_month_day ymd{day};
  const date::hh_mm_ss time{point - day};
  char text[] = "0000-00-00T00:00:00";
  put_digits(text, 4, static_cast<int>(ymd.year()));
  put_digits(text + 5, 2, static_cast<unsigned>(ymd.month()));
  put_digits(text + 8, 2, static_cast<unsigned>(ymd.day()));
  put_digits(text + 11, 2, time.hours().count());
  put_digits(text + 14, 2, time.minutes().count());
  put_digits(text + 17, 2, time.seconds().count());
  out.append(text, sizeof text - 1);
}

}  // namespace

void append_timestamp(std::string& out, event_micros t) {
  const auto micros_of_second = ((t % 1'000'000) + 1'000'000) % 1'000'000;
  if (t >= year_0 && t < year_10000) {
    append_second(out, t);
  } else if (t > 3 * (year_10000 - 1) || t < 3 * year_0) {
    // Far beyond year 9999 the number is written instead: date::year holds +-32767, and the ends of 64 bits
    // have no whole day
    fmt::format_to(std::back_inserter(out), "{}us", t);
    return;
  } else {
    const date::sys_time<micros> point{micros(t)};
    const auto day = date::floor<date::days>(point);
    const date::year_month_day ymd{day};
    const date::hh_mm_ss time{point - day};
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                   static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                   static_cast<unsigned>(ymd.day()), time.hours().count(), time.minutes().count(),
                   time.seconds().count());
  }
  append_fraction(out, micros_of_second);
  out += 'Z';
}

std::string format_timestamp(event_micros t) {
  std::string out;
  append_timestamp(out, t);
  return out;
}

expected<event_micros> parse_timestamp(std::string_view text) {
  std::string_view s = text;
  const auto year = take_digits(s, 4);
  if (!year || !take(s, '-'))
    return bad_timestamp(text);
  const auto month = take_digits(s, 2);
  if (!month || !take(s, '-'))
    return bad_timestamp(text);
  const auto day = take_digits(s, 2);
  if (!day)
    return bad_timestamp(text);
  const date::year_month_day ymd{date::year(*year), date::month(static_cast<unsigned>(*month)),
                                 date::day(static_cast<unsigned>(*day))};
  if (!ymd.ok() || *year == 0)
    return bad_timestamp(text);
  std::int64_t micros_of_day = 0;
  std::int64_t offset = 0;
  if (!s.empty()) {
    if (!take(s, 'T') && !take(s, 't') && !take(s, ' '))
      return bad_timestamp(text);
    if (!take_time(s, micros_of_day) || !take_zone(s, offset) || !s.empty())
      return bad_timestamp(text);
  }
  const auto days = date::sys_days(ymd).time_since_epoch().count();
  return days * 86'400'000'000LL + micros_of_day - offset;
}

/// A zone of zero, or none, and at most six digits of a fraction: all else takes the long way.
static std::optional<std::int64_t> plain_rest(std::string_view s) {
  std::int64_t fraction = 0;
  if (s.size() > 1 && s.front() == '.') {
    s.remove_prefix(1);
    std::int64_t scale = 100'000;
    for (; scale != 0 && !s.empty() && is_digit(s.front()); s.remove_prefix(1), scale /= 10)
      fraction += (s.front() - '0') * scale;
    if (scale == 100'000)
      return std::nullopt;  // no digit
  }
  return s.empty() || s == "Z" || s == "+00:00" || s == "+0000" ? std::optional(fraction) : std::nullopt;
}

expected<event_micros> parse_timestamp(std::string_view text, day_memory& day) {
  if (text.size() >= day_memory::length && (text[10] == 'T' || text[10] == ' '))
    if (const auto rest = plain_rest(text.substr(day_memory::length)))
      if (const auto second = day.read(text.data(), text[10]))
        return *second + *rest;
  return parse_timestamp(text);
}

const wall_clock& system_clock() {
  class machine_clock final : public wall_clock {
    [[nodiscard]] event_micros now() const override {
      return std::chrono::duration_cast<micros>(std::chrono::system_clock::now().time_since_epoch()).count();
    }
  };
  static const machine_clock clock;
  return clock;
}

}  // namespace millrace
