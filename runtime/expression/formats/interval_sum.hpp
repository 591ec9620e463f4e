// An interval that its text makes part by part: each adds to years, months, days or time, within their ranges, and a
// fraction goes down to the next smaller ones as PostgreSQL has it. For interval_text.cpp.
#pragma once

#include "runtime/expression/formats/calendar.hpp"

#include <cmath>
#include <cstdint>

namespace millrace::expression {

enum class interval_unit : std::uint8_t {
  microsecond,
  millisecond,
  second,
  minute,
  hour,
  day,
  week,
  month,
  year,
  decade,
  century,
  millennium,
};

/// A number of a text: whole, and what is behind its point, of the same sign.
struct split_number {
  std::int64_t whole = 0;
  double fraction = 0;
};

class interval_sum {
public:
  /// False where a part leaves its range; the sum means nothing then, as for all that follow.
  [[nodiscard]] bool add(interval_unit unit, split_number n) {
    using enum interval_unit;
    switch (unit) {
    case microsecond:
      return add_time(n, 1);
    case millisecond:
      return add_time(n, 1000);
    case second:
      return add_time(n, second_micros);
    case minute:
      return add_time(n, minute_micros);
    case hour:
      return add_time(n, hour_micros);
    case day:
      return add_to(days_, n.whole, 1) && add_fraction(n.fraction, day_micros);
    case week:
      return add_to(days_, n.whole, 7) && add_days(n.fraction * 7);
    case month:
      return add_to(months_, n.whole, 1) && add_days(n.fraction * 30);
    case year:
      return add_years(n, 1);
    case decade:
      return add_years(n, 10);
    case century:
      return add_years(n, 100);
    case millennium:
      return add_years(n, 1000);
    }
    return false;
  }

  /// A clock's time; it stands for all of the time so far.
  void set_time(std::int64_t micros) { micros_ = micros; }

  [[nodiscard]] bool negate() {
    return !__builtin_sub_overflow(0, years_, &years_) && !__builtin_sub_overflow(0, months_, &months_) &&
           !__builtin_sub_overflow(0, days_, &days_) && !__builtin_sub_overflow(0, micros_, &micros_);
  }

  [[nodiscard]] bool result(interval_value& out) const {
    std::int32_t months = 0;
    if (__builtin_mul_overflow(years_, 12, &months) || __builtin_add_overflow(months, months_, &months))
      return false;
    out = {months, days_, micros_};
    return true;
  }

private:
  static bool add_to(std::int32_t& sum, std::int64_t n, std::int32_t scale) {
    std::int32_t product = 0;
    return !__builtin_mul_overflow(n, scale, &product) && !__builtin_add_overflow(sum, product, &sum);
  }
  bool add_time(split_number n, std::int64_t scale) {
    std::int64_t product = 0;
    return !__builtin_mul_overflow(n.whole, scale, &product) &&
           !__builtin_add_overflow(micros_, product, &micros_) && add_fraction(n.fraction, scale);
  }
  /// Half of a microsecond goes towards 0.
  bool add_fraction(double fraction, std::int64_t scale) {
    const auto micros = fraction * static_cast<double>(scale);
    const auto rest = micros - std::trunc(micros);
    const auto whole = static_cast<std::int64_t>(micros) + (rest > 0.5 ? 1 : rest < -0.5 ? -1 : 0);
    return !__builtin_add_overflow(micros_, whole, &micros_);
  }
  bool add_days(double days) {
    return add_to(days_, static_cast<std::int64_t>(days), 1) &&
           add_fraction(days - std::trunc(days), day_micros);
  }
  bool add_years(split_number n, std::int32_t scale) {
    return add_to(years_, n.whole, scale) &&
           add_to(months_, static_cast<std::int64_t>(std::rint(n.fraction * scale * 12)), 1);
  }

  std::int32_t years_ = 0;
  std::int32_t months_ = 0;
  std::int32_t days_ = 0;
  std::int64_t micros_ = 0;
};

}  // namespace millrace::expression
