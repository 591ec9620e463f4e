// Arithmetic on intervals. Their three parts stay apart; what a fraction leaves of a month becomes days, of a
// day time.
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <cmath>
#include <limits>

namespace millrace::expression {
namespace {

using enum kind;

row::nothing beyond_interval(row& r) { return r.fail("interval out of range"); }

template<class T>
bool subtract(T a, T b, T& out) {
  return __builtin_sub_overflow(a, b, &out);
}

values add_intervals(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value a, interval_value b) -> interval_value {
    interval_value out;
    if (__builtin_add_overflow(a.months, b.months, &out.months) ||
        __builtin_add_overflow(a.days, b.days, &out.days) ||
        __builtin_add_overflow(a.micros, b.micros, &out.micros))
      return beyond_interval(r);
    return out;
  })>(c, args);
}

interval_value minus(row& r, interval_value a, interval_value b) {
  interval_value out;
  if (subtract(a.months, b.months, out.months) || subtract(a.days, b.days, out.days) ||
      subtract(a.micros, b.micros, out.micros))
    return beyond_interval(r);
  return out;
}
values subtract_intervals(call& c, std::span<const values> args) { return each<minus>(c, args); }
values negate(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value v) { return minus(r, {}, v); })>(c, args);
}

/// Rounds to a millionth: binary dust that a multiplication leaves must not become a day.
double dusted(double v) { return std::rint(v * 1e6) / 1e6; }

/// An interval whose parts are the given ones, fractions passed down.
interval_value composed(row& r, double months, double days, double micros) {
  const auto fits = [](double d) { return d > -2147483649.0 && d < 2147483648.0; };
  if (!fits(months) || !fits(days))  // NaN does not fit either
    return beyond_interval(r);
  interval_value out;
  out.months = static_cast<std::int32_t>(months);
  out.days = static_cast<std::int32_t>(days);
  const auto rest_days = dusted((months - out.months) * 30);
  auto rest_seconds = dusted((days - out.days + rest_days - std::trunc(rest_days)) * 86'400);
  auto more_days = static_cast<std::int32_t>(rest_days);
  if (std::fabs(rest_seconds) >= 86'400) {
    more_days += static_cast<std::int32_t>(rest_seconds / 86'400);
    rest_seconds = std::fmod(rest_seconds, 86'400);
  }
  const auto time = std::rint(micros + rest_seconds * 1e6);
  if (__builtin_add_overflow(out.days, more_days, &out.days) ||
      !(time >= -9223372036854775808.0 && time < 9223372036854775808.0))
    return beyond_interval(r);
  out.micros = static_cast<std::int64_t>(time);
  return out;
}

interval_value scaled(row& r, interval_value v, double factor) {
  return composed(r, v.months * factor, v.days * factor, static_cast<double>(v.micros) * factor);
}

values multiply(call& c, std::span<const values> args) { return each<scaled>(c, args); }
values multiply_swapped(call& c, std::span<const values> args) {
  return each<([](row& r, double factor, interval_value v) { return scaled(r, v, factor); })>(c, args);
}
values divide(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value v, double divisor) -> interval_value {
    if (divisor == 0)
      return r.fail("division by zero");
    return composed(r, v.months / divisor, v.days / divisor, static_cast<double>(v.micros) / divisor);
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("+", {interval, interval}, interval, add_intervals, true),
    entry("-", {interval, interval}, interval, subtract_intervals, true),
    entry("-", {interval}, interval, negate, true),
    entry("*", {interval, float64}, interval, multiply, true),
    entry("*", {float64, interval}, interval, multiply_swapped, true),
    entry("/", {interval, float64}, interval, divide, true),
});

}  // namespace

std::span<const function> interval_functions() { return entries; }

}  // namespace millrace::expression
