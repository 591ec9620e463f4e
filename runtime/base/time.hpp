// Durations, sizes and rates as the topology writes them, timestamps as millrace writes them, and the clock
// that everything which is not a pure function of its input asks. Zones come from tzdata by name, never from
// the machine.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

using micros = std::chrono::microseconds;

/// Columns, event times, windows and sinks hold the years 1 to 9999. So sums with delays and window sizes never
/// overflow, and every format and database can write them (docs/design/expressions.md).
inline constexpr event_micros first_timestamp = -62'135'596'800'000'000;
inline constexpr event_micros last_timestamp = 253'402'300'799'999'999;
[[nodiscard]] constexpr bool is_timestamp(event_micros t) {
  return t >= first_timestamp && t <= last_timestamp;
}
/// The days of these years, counted from 1970.
inline constexpr std::int64_t first_date = -719'162;
inline constexpr std::int64_t last_date = 2'932'896;
[[nodiscard]] constexpr bool is_date(std::int64_t days) { return days >= first_date && days <= last_date; }
/// The end of a sentence about a time or a date that is none of these.
inline constexpr std::string_view beyond_timestamps = "lies outside of the years 1 to 9999";

/// Milliseconds since 1970 that somebody else has written; those beyond 64 bits of microseconds stay beyond all
/// timestamps.
[[nodiscard]] constexpr event_micros micros_of_millis(std::int64_t millis) {
  event_micros out = 0;
  if (__builtin_mul_overflow(millis, std::int64_t{1'000}, &out))
    return millis < 0 ? no_watermark : end_of_time;
  return out;
}

/// "5 minutes", "90 s", "1 hour 30 minutes", "100 ms"; units us ms s/second(s) m/min/minute(s) h/hour(s)
/// d/day(s) w/week(s). Non-negative. Error text names the units.
[[nodiscard]] expected<micros> parse_duration(std::string_view text);
/// A sign in front makes it negative: "-5 s".
[[nodiscard]] expected<micros> parse_signed_duration(std::string_view text);
/// No duration is longer: sums of times and durations stay far from overflow.
inline constexpr micros longest_duration{std::int64_t{100} * 366 * 86'400'000'000};
/// The shortest such text: "5 minutes", "1 hour 30 minutes", "-5 seconds".
[[nodiscard]] std::string format_duration(micros d);

/// "128 MB" (powers of 1000: kB MB GB), "64 KiB" (powers of 1024), plain bytes.
[[nodiscard]] expected<std::uint64_t> parse_size(std::string_view text);

/// "10/s", "600/min", "1/h": records per second.
[[nodiscard]] expected<double> parse_rate(std::string_view text);

/// `2021-04-24T19:55:00.796Z`; no zero fraction, as many digits as needed. Appends to out. Messages and marks
/// alone show times beyond: years keep their sign and digits, microseconds where those end, too.
void append_timestamp(std::string& out, event_micros t);
[[nodiscard]] std::string format_timestamp(event_micros t);

/// `2021-04-24` of days since 1970, `-719163d` of a number that is no date's. Appends to out.
void append_date(std::string& out, std::int64_t days);

/// Wall clock. Real in production, set by hand in tests; every call may come from any thread.
class wall_clock {
public:
  virtual ~wall_clock() = default;
  [[nodiscard]] virtual event_micros now() const = 0;
};
/// The machine's clock; lives for ever.
[[nodiscard]] const wall_clock& system_clock();

class fake_clock final : public wall_clock {
public:
  explicit fake_clock(event_micros t = 0) : now_(t) {}
  [[nodiscard]] event_micros now() const override { return now_; }
  void set(event_micros t) { now_ = t; }

private:
  event_micros now_;
};

}  // namespace millrace
