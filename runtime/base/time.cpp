#include "runtime/base/time.hpp"

#include "runtime/base/padded.hpp"

#include <date/date.h>
#include <fmt/format.h>

#include <array>

namespace millrace {
namespace {

constexpr event_micros one_second = 1'000'000;
constexpr event_micros one_day = 86'400 * one_second;

/// Writes a timestamp without its fraction, and returns the end. A format string takes several times as long, and
/// timestamps are most of what some rows cost.
char* put_timestamp(char* to, event_micros t) {
  const auto days = t / one_day - (t % one_day < 0 ? 1 : 0);
  const auto second = static_cast<int>((t - days * one_day) / one_second);
  const date::year_month_day ymd{date::sys_days{date::days{days}}};
  return put_second(to, static_cast<int>(ymd.year()), static_cast<int>(static_cast<unsigned>(ymd.month())),
                    static_cast<int>(static_cast<unsigned>(ymd.day())), 'T', second / 3600, second / 60 % 60,
                    second % 60);
}

}  // namespace

void append_date(std::string& out, std::int64_t days) {
  if (!is_date(days)) {  // date::days holds 32 bits, and date::year +-32767
    fmt::format_to(std::back_inserter(out), "{}d", days);
    return;
  }
  const date::year_month_day ymd{date::sys_days{date::days{days}}};
  std::array<char, 24> text;
  out.append(text.data(), put_date(text.data(), static_cast<int>(ymd.year()),
                                   static_cast<int>(static_cast<unsigned>(ymd.month())),
                                   static_cast<int>(static_cast<unsigned>(ymd.day()))));
}

void append_timestamp(std::string& out, event_micros t) {
  const auto micros_of_second = static_cast<int>(((t % one_second) + one_second) % one_second);
  std::array<char, 40> text;
  auto* end = text.data();
  if (is_timestamp(t)) {
    end = put_timestamp(end, t);
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
  end = put_fraction(end, micros_of_second);
  *end++ = 'Z';
  out.append(text.data(), static_cast<std::size_t>(end - text.data()));
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
