#include "runtime/base/time.hpp"

#include "runtime/base/padded.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <array>

namespace millrace {
namespace {

void append_fraction(std::string& out, int fraction) {
  std::array<char, 8> text;
  out.append(text.data(), put_fraction(text.data(), fraction));
}

/// A format string takes several times as long, and timestamps are most of what some rows cost.
void append_second(std::string& out, event_micros t) {
  const date::sys_time<micros> point{micros(t)};
  const auto day = date::floor<date::days>(point);
  const date::year_month_day ymd{day};
  const date::hh_mm_ss time{point - day};
  std::array<char, 24> text;
  const auto of_day = [](auto count) { return static_cast<int>(count.count()); };
  out.append(text.data(), put_second(text.data(), static_cast<int>(ymd.year()),
                                     static_cast<int>(static_cast<unsigned>(ymd.month())),
                                     static_cast<int>(static_cast<unsigned>(ymd.day())), 'T',
                                     of_day(time.hours()), of_day(time.minutes()), of_day(time.seconds())));
}

}  // namespace

void append_date(std::string& out, std::int64_t days) {
  const date::year_month_day ymd{date::sys_days{date::days{days}}};
  std::array<char, 24> text;
  out.append(text.data(), put_date(text.data(), static_cast<int>(ymd.year()),
                                   static_cast<int>(static_cast<unsigned>(ymd.month())),
                                   static_cast<int>(static_cast<unsigned>(ymd.day()))));
}

void append_timestamp(std::string& out, event_micros t) {
  const auto micros_of_second = static_cast<int>(((t % 1'000'000) + 1'000'000) % 1'000'000);
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
