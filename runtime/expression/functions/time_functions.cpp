// Functions that compose and compare times field by field: make_timestamp, age, overlaps, justify_*.
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace millrace::expression {
namespace {

using enum kind;

values make_timestamp(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t year, std::int64_t month, std::int64_t day, std::int64_t hour,
                  std::int64_t minute, double second) -> std::int64_t {
    const auto no_date = [&] { return r.fail(fmt::format("there is no date {}-{}-{}", year, month, day)); };
    const auto counted = counted_year(year);
    if (!counted || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(*counted, static_cast<int>(month)))
      return no_date();
    const auto micros = std::rint(second * 1e6);
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(micros >= 0 && micros <= 60e6) ||
        (hour == 24 && (minute > 0 || micros > 0)))
      return r.fail(fmt::format("there is no time {}:{}:{}", hour, minute, second));
    civil at{*counted, static_cast<int>(month), static_cast<int>(day), 0};
    const auto midnight = micros_of(at);
    std::int64_t out = 0;
    const auto in_day = hour * hour_micros + minute * minute_micros + static_cast<std::int64_t>(micros);
    if (!midnight || __builtin_add_overflow(*midnight, in_day, &out))
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

/// Whole days out of time, whole months of 30 days out of days; then all have one sign.
interval_value justified(row& r, interval_value v, bool hours, bool days) {
  auto months = static_cast<std::int64_t>(v.months);
  auto whole_days = static_cast<std::int64_t>(v.days);
  auto micros = v.micros;
  if (hours) {
    whole_days += micros / day_micros;
    micros %= day_micros;
  }
  if (days) {
    months += whole_days / 30;
    whole_days %= 30;
    if (months > 0 && (whole_days < 0 || (hours && whole_days == 0 && micros < 0))) {
      whole_days += 30;
      --months;
    } else if (months < 0 && (whole_days > 0 || (hours && whole_days == 0 && micros > 0))) {
      whole_days -= 30;
      ++months;
    }
  }
  if (hours && whole_days > 0 && micros < 0) {
    micros += day_micros;
    --whole_days;
  } else if (hours && whole_days < 0 && micros > 0) {
    micros -= day_micros;
    ++whole_days;
  }
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (months > most || months < -most || whole_days > most || whole_days < -most)
    return r.fail("interval out of range");
  return {static_cast<std::int32_t>(months), static_cast<std::int32_t>(whole_days), micros};
}
template<bool Hours, bool Days>
values justify(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value v) { return justified(r, v, Hours, Days); })>(c, args);
}

/// A span of time, of which one end may be unknown: that is the second one then.
struct time_span {
  std::optional<std::int64_t> begin;
  std::optional<std::int64_t> end;
};

time_span ordered(time_span s) {
  if (!s.begin || (s.end && *s.begin > *s.end))
    std::swap(s.begin, s.end);
  return s;
}

/// The answer is none where it is unknown.
std::optional<bool> overlap(const time_span& one, const time_span& other) {
  const auto a = ordered(one);
  const auto b = ordered(other);
  if (!a.begin || !b.begin)
    return std::nullopt;
  if (*a.begin == *b.begin)
    return a.end && b.end ? std::optional(true) : std::nullopt;
  const auto& early = *a.begin < *b.begin ? a : b;
  const auto& late = *a.begin < *b.begin ? b : a;
  if (!early.end)
    return std::nullopt;
  if (*late.begin < *early.end)
    return true;
  return late.end ? std::optional(false) : std::nullopt;
}

/// The span from args[0] to args[1], which is a time or an interval after it.
template<class End>
time_span span_of(row& r, std::span<const values> args) {
  time_span out;
  if (args[0].present(r.index))
    out.begin = args[0].get<std::int64_t>(r.index);
  if (!args[1].present(r.index))
    return out;
  const auto end = args[1].get<End>(r.index);
  if constexpr (std::is_same_v<End, std::int64_t>) {
    out.end = end;
  } else if (out.begin) {
    out.end = add(*out.begin, end);
    if (!out.end)
      r.fail("timestamp out of range");
  }
  return out;
}

template<class End, class OtherEnd>
values overlaps(call& c, std::span<const values> args) {
  return each_wanted<bool>(c, [args](row& r) -> bool {
    const auto a = span_of<End>(r, args);
    const auto b = span_of<OtherEnd>(r, args.subspan(2));
    const auto out = overlap(a, b);
    return out ? *out : static_cast<bool>(r.null());
  });
}

/// No timestamp or interval is infinite here.
template<class T>
values is_finite(call& c, std::span<const values> args) {
  return each<([](row&, T) { return true; })>(c, args);
}

constexpr auto entries = std::to_array<function>({
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
                     overlaps<std::int64_t, std::int64_t>)),
    not_strict(entry("overlaps", {timestamptz, interval, timestamptz, interval}, boolean,
                     overlaps<interval_value, interval_value>, true)),
    not_strict(entry("overlaps", {timestamptz, timestamptz, timestamptz, interval}, boolean,
                     overlaps<std::int64_t, interval_value>, true)),
    not_strict(entry("overlaps", {timestamptz, interval, timestamptz, timestamptz}, boolean,
                     overlaps<interval_value, std::int64_t>, true)),
    not_strict(entry("overlaps", {timestamp, timestamp, timestamp, timestamp}, boolean,
                     overlaps<std::int64_t, std::int64_t>)),
    not_strict(entry("overlaps", {timestamp, interval, timestamp, interval}, boolean,
                     overlaps<interval_value, interval_value>, true)),
    not_strict(entry("overlaps", {timestamp, timestamp, timestamp, interval}, boolean,
                     overlaps<std::int64_t, interval_value>, true)),
    not_strict(entry("overlaps", {timestamp, interval, timestamp, timestamp}, boolean,
                     overlaps<interval_value, std::int64_t>, true)),
    entry("isfinite", {timestamptz}, boolean, is_finite<std::int64_t>),
    entry("isfinite", {timestamp}, boolean, is_finite<std::int64_t>),
    entry("isfinite", {interval}, boolean, is_finite<interval_value>),
});

}  // namespace

std::span<const function> composed_time_functions() { return entries; }

}  // namespace millrace::expression
