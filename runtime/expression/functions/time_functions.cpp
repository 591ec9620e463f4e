// Functions that compose and compare times field by field: make_timestamp, age, overlaps, justify_*.
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/time_spans.hpp"

#include <fmt/format.h>

#include <cmath>

namespace millrace::expression {
namespace {

using enum kind;

/// A day by its parts; the year is negative before Christ. None, and the row fails, where there is no such day.
std::optional<std::int64_t> made_day(row& r, std::int64_t year, std::int64_t month, std::int64_t day) {
  const auto counted = counted_year(year);
  if (counted && month >= 1 && month <= 12 && day >= 1 &&
      day <= days_in_month(*counted, static_cast<int>(month)))
    return days_of(*counted, static_cast<int>(month), static_cast<int>(day));
  r.fail(fmt::format("there is no date {}-{}-{}", year, month, day));
  return std::nullopt;
}

values make_date(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t year, std::int64_t month, std::int64_t day) -> std::int64_t {
    const auto made = made_day(r, year, month, day);
    if (made && !is_day(*made))
      return r.fail("date out of range");
    return made.value_or(0);
  })>(c, args);
}

values make_timestamp(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour,
                  std::int64_t minute, double second) -> std::int64_t {
    const auto made = made_day(r, year, month, day);
    if (!made)
      return 0;
    const auto micros = std::rint(second * 1e6);
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(micros >= 0 && micros <= 60e6) ||
        (hour == 24 && (minute > 0 || micros > 0)))
      return r.fail(fmt::format("there is no time {}:{}:{}", hour, minute, second));
    const auto in_day = hour * hour_micros + minute * minute_micros + static_cast<std::int64_t>(micros);
    std::int64_t out = 0;
    if (__builtin_mul_overflow(*made, day_micros, &out) || out < first_instant ||
        __builtin_add_overflow(out, in_day, &out))
      return r.fail("timestamp out of range");
    return out;
  })>(c, args);
}

/// Computes the way from b to a in years, months, days and time; days are those of the month that the earlier
/// one lies in.
interval_value symbolic_difference(std::int64_t a, std::int64_t b) {
  const bool negative = a < b;
  const auto late = civil_of(negative ? b : a);
  const auto early = civil_of(negative ? a : b);
  auto months = (late.year - early.year) * 12 + (late.month - early.month);
  std::int64_t days = late.day - early.day;
  auto micros = late.micros_of_day - early.micros_of_day;
  if (micros < 0) {
    micros += day_micros;
    --days;
  }
  if (days < 0) {
    days += days_in_month(early.year, early.month);  // a month is borrowed
    --months;
  }
  interval_value out{static_cast<std::int32_t>(months), static_cast<std::int32_t>(days), micros};
  return negative ? interval_value{-out.months, -out.days, -out.micros} : out;
}
values age(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t a, std::int64_t b) { return symbolic_difference(a, b); })>(c, args);
}

/// Moves whole units of `low`, of so many each, into `high`. False: out of range.
template<class Low>
bool carry(Low& low, std::int64_t unit, std::int32_t& high) {
  const auto whole = low / unit;
  low = static_cast<Low>(low - whole * unit);
  return !__builtin_add_overflow(high, whole, &high);
}
constexpr std::int64_t days_of_month = 30;

/// Whole days out of time, whole months of 30 days out of days; then all have one sign. Each step stays in range.
interval_value justified(row& r, interval_value v, bool hours, bool days) {
  const bool alike = (v.days > 0 && v.micros > 0) || (v.days < 0 && v.micros < 0);
  const bool fits = (!(hours && days && alike) || carry(v.days, days_of_month, v.months)) &&
                    (!hours || carry(v.micros, day_micros, v.days)) &&
                    (!days || carry(v.days, days_of_month, v.months));
  if (!fits)
    return r.fail("interval out of range");
  const auto sign_of_rest = [&] {  // of what is less than a month
    return v.days != 0 || !hours ? v.days : v.micros > 0 ? 1 : v.micros < 0 ? -1 : 0;
  };
  if (days && v.months > 0 && sign_of_rest() < 0) {
    v.days += days_of_month;
    --v.months;
  } else if (days && v.months < 0 && sign_of_rest() > 0) {
    v.days -= days_of_month;
    ++v.months;
  }
  if (hours && v.days > 0 && v.micros < 0) {
    v.micros += day_micros;
    --v.days;
  } else if (hours && v.days < 0 && v.micros > 0) {
    v.micros -= day_micros;
    ++v.days;
  }
  return v;
}
template<bool Hours, bool Days>
values justify(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value v) { return justified(r, v, Hours, Days); })>(c, args);
}

template<class End, class OtherEnd>
constexpr auto timestamps_overlap = overlaps<End, OtherEnd, add>;

/// No timestamp or interval is infinite here.
template<class T>
values is_finite(call& c, std::span<const values> args) {
  return each<([](row&, T) { return true; })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("make_date", {bigint, bigint, bigint}, date, make_date, true),
    entry("make_timestamp", {bigint, bigint, bigint, bigint, bigint, float64}, timestamp, make_timestamp,
          true),
    entry("make_timestamptz", {bigint, bigint, bigint, bigint, bigint, float64}, timestamptz, make_timestamp,
          true),
    entry("age", {timestamptz, timestamptz}, interval, age),
    entry("age", {timestamp, timestamp}, interval, age),
    entry("justify_hours", {interval}, interval, justify<true, false>, true),
    entry("justify_days", {interval}, interval, justify<false, true>, true),
    entry("justify_interval", {interval}, interval, justify<true, true>, true),
    not_strict(entry("overlaps", {timestamptz, timestamptz, timestamptz, timestamptz}, boolean,
                     timestamps_overlap<std::int64_t, std::int64_t>)),
    not_strict(entry("overlaps", {timestamptz, interval, timestamptz, interval}, boolean,
                     timestamps_overlap<interval_value, interval_value>, true)),
    not_strict(entry("overlaps", {timestamptz, timestamptz, timestamptz, interval}, boolean,
                     timestamps_overlap<std::int64_t, interval_value>, true)),
    not_strict(entry("overlaps", {timestamptz, interval, timestamptz, timestamptz}, boolean,
                     timestamps_overlap<interval_value, std::int64_t>, true)),
    not_strict(entry("overlaps", {timestamp, timestamp, timestamp, timestamp}, boolean,
                     timestamps_overlap<std::int64_t, std::int64_t>)),
    not_strict(entry("overlaps", {timestamp, interval, timestamp, interval}, boolean,
                     timestamps_overlap<interval_value, interval_value>, true)),
    not_strict(entry("overlaps", {timestamp, timestamp, timestamp, interval}, boolean,
                     timestamps_overlap<std::int64_t, interval_value>, true)),
    not_strict(entry("overlaps", {timestamp, interval, timestamp, timestamp}, boolean,
                     timestamps_overlap<interval_value, std::int64_t>, true)),
    entry("isfinite", {timestamptz}, boolean, is_finite<std::int64_t>),
    entry("isfinite", {timestamp}, boolean, is_finite<std::int64_t>),
    entry("isfinite", {date}, boolean, is_finite<std::int64_t>),
    entry("isfinite", {interval}, boolean, is_finite<interval_value>),
});

}  // namespace

std::span<const function> composed_time_functions() { return entries; }

}  // namespace millrace::expression
