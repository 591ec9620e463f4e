// Times of day: casts, arithmetic around midnight, their fields and spans. An interval is what PostgreSQL makes of them for all else.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/formats/time_units.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/time_spans.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

/// The time of day that clocks show after so much time from midnight, also before it.
std::int64_t time_of(std::int64_t micros) {
  const auto rest = micros % day_micros;
  return rest < 0 ? rest + day_micros : rest;
}
std::int64_t moved_time(std::int64_t time, std::int64_t micros) {
  return time_of(time + micros % day_micros);
}

values time_of_text(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s) -> std::int64_t {
    std::int64_t out = 0;
    const auto how = read_time(s, out);
    if (how == reading::ok)
      return out;
    return r.fail(how == reading::malformed ? fmt::format("'{}' is not a time", data::excerpt(s))
                                            : fmt::format("'{}' is out of range for time", data::excerpt(s)));
  })>(c, args);
}
values text_of_time(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t time) -> text_view {
    auto& out = r.text();
    write_time(out, time);
    return r.keep(out);
  })>(c, args);
}
values time_of_wall(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t t) { return time_of(t); })>(c, args);
}
values time_of_interval(call& c, std::span<const values> args) {
  return each<([](row&, interval_value v) { return time_of(v.micros); })>(c, args);
}
values interval_of_time(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t time) { return interval_value{0, 0, time}; })>(c, args);
}

values time_plus(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t time, interval_value by) { return moved_time(time, by.micros); })>(c,
                                                                                                        args);
}
values time_minus(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t time, interval_value by) {
    return moved_time(time, -(by.micros % day_micros));
  })>(c, args);
}
values plus_time(call& c, std::span<const values> args) {
  return each<([](row&, interval_value by, std::int64_t time) { return moved_time(time, by.micros); })>(c,
                                                                                                        args);
}
values between_times(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t a, std::int64_t b) { return interval_value{0, 0, a - b}; })>(c, args);
}

template<class R>
values field_of_time(call& c, std::span<const values> args) {
  return each<([](row& r, text_view name, std::int64_t time) -> R {
    const auto* const known = r.prepared<time_unit>();
    const auto unit = known ? std::optional(*known) : unit_of_name(name);
    if (!unit)
      return r.fail(unknown_unit(name));
    if (*unit > time_unit::hour && *unit != time_unit::epoch)
      return r.fail(fmt::format("'{}' is not supported for a time", data::excerpt(name)));
    const auto out = field(*unit, interval_value{0, 0, time});
    if constexpr (std::is_same_v<R, double>)
      return to_double(*out);
    else
      return *out;
  })>(c, args);
}

values make_time(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t hour, std::int64_t minute, double second) -> std::int64_t {
    const auto micros = std::rint(second * 1e6);
    const bool parts =
        hour >= 0 && hour <= 24 && minute >= 0 && minute <= 59 && micros >= 0 && micros <= 60e6;
    const auto out =
        parts ? hour * hour_micros + minute * minute_micros + static_cast<std::int64_t>(micros) : -1;
    if (out < 0 || out > day_micros)
      return r.fail(fmt::format("there is no time {}:{}:{}", hour, minute, second));
    return out;
  })>(c, args);
}

/// The end of a span goes around midnight, as PostgreSQL has it.
std::optional<std::int64_t> end_of_times(std::int64_t time, const interval_value& by) {
  return moved_time(time, by.micros);
}
template<class End, class OtherEnd>
constexpr auto times_overlap = overlaps<End, OtherEnd, end_of_times>;

/// The part of a duration of `parts`, a number of `scale` microseconds each, is added; false: out of range.
bool add_parts(std::int64_t& micros, std::int64_t parts, std::int64_t scale) {
  std::int64_t product = 0;
  return !__builtin_mul_overflow(parts, scale, &product) && !__builtin_add_overflow(micros, product, &micros);
}

values make_interval(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t years, std::int64_t months, std::int64_t weeks, std::int64_t days,
                  std::int64_t hours, std::int64_t minutes, double seconds) -> interval_value {
    interval_value out;
    const auto micros = std::rint(seconds * 1e6);
    const bool fits =
        !__builtin_mul_overflow(years, 12, &years) && !__builtin_add_overflow(years, months, &out.months) &&
        !__builtin_mul_overflow(weeks, 7, &weeks) && !__builtin_add_overflow(weeks, days, &out.days) &&
        micros >= -9223372036854775808.0 && micros < 9223372036854775808.0;
    if (!fits || !add_parts(out.micros, static_cast<std::int64_t>(micros), 1) ||
        !add_parts(out.micros, hours, hour_micros) || !add_parts(out.micros, minutes, minute_micros))
      return r.fail("interval out of range");
    return out;
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("+", {time, interval}, time, time_plus),
    entry("+", {interval, time}, time, plus_time),
    entry("-", {time, interval}, time, time_minus),
    entry("-", {time, time}, interval, between_times),
    entry("extract", {text, time}, numeric, field_of_time<decimal>, true, prepare_unit),
    entry("date_part", {text, time}, float64, field_of_time<double>, true, prepare_unit),
    entry("make_time", {bigint, bigint, float64}, time, make_time, true),
    entry("make_interval", {bigint, bigint, bigint, bigint, bigint, bigint, float64}, interval, make_interval,
          true),
    not_strict(
        entry("overlaps", {time, time, time, time}, boolean, times_overlap<std::int64_t, std::int64_t>)),
    not_strict(entry("overlaps", {time, interval, time, interval}, boolean,
                     times_overlap<interval_value, interval_value>)),
    not_strict(entry("overlaps", {time, time, time, interval}, boolean,
                     times_overlap<std::int64_t, interval_value>)),
    not_strict(entry("overlaps", {time, interval, time, time}, boolean,
                     times_overlap<interval_value, std::int64_t>)),
});

constexpr auto casts = std::to_array<function>({
    entry("cast", {text}, time, time_of_text, true),
    entry("cast", {timestamp}, time, time_of_wall),
    entry("cast", {timestamptz}, time, time_of_wall),
    entry("cast", {interval}, time, time_of_interval),
    entry("cast", {time}, text, text_of_time),
    entry("cast", {time}, interval, interval_of_time),
});

}  // namespace

std::span<const function> time_of_day_functions() { return entries; }
std::span<const function> time_of_day_casts() { return casts; }

}  // namespace millrace::expression
