#include "runtime/base/time.hpp"

#include <date/date.h>
#include <fmt/format.h>

namespace millrace {
namespace {

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
  if (is_timestamp(t)) {
    append_second(out, t);
  } else if (t > 3 * last_timestamp || t < 3 * first_timestamp) {
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
