// Functions and operators on dates: arithmetic with days, dates of their parts and of text by a template.
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <fmt/format.h>

namespace millrace::expression {
namespace {

using enum kind;

/// A date that an expression can hold, as many timestamps as there are.
std::int64_t checked(row& r, std::int64_t days) {
  return is_day(days) ? days : static_cast<std::int64_t>(r.fail("date out of range"));
}

template<int Sign>
values days_on(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t date, std::int64_t days) -> std::int64_t {
    std::int64_t out = 0;
    const bool is_beyond =
        Sign > 0 ? __builtin_add_overflow(date, days, &out) : __builtin_sub_overflow(date, days, &out);
    return is_beyond ? static_cast<std::int64_t>(r.fail("date out of range")) : checked(r, out);
  })>(c, args);
}
values days_between(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t a, std::int64_t b) { return a - b; })>(c, args);
}

std::int64_t moved_date(row& r, std::int64_t date, interval_value by) {
  const auto out = add(date * day_micros, by);
  return out ? *out : static_cast<std::int64_t>(r.fail("timestamp out of range"));
}
template<int Sign>
values date_moved(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t date, interval_value by) -> std::int64_t {
    if (Sign < 0 && !negate(by))
      return r.fail("timestamp out of range");
    return moved_date(r, date, by);
  })>(c, args);
}
values moved_date_by(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value by, std::int64_t date) { return moved_date(r, date, by); })>(c,
                                                                                                      args);
}

values make_date(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t year, std::int64_t month, std::int64_t day) -> std::int64_t {
    const auto counted = counted_year(year);
    if (!counted || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(*counted, static_cast<int>(month)))
      return r.fail(fmt::format("there is no date {}-{}-{}", year, month, day));
    return checked(r, days_of(*counted, static_cast<int>(month), static_cast<int>(day)));
  })>(c, args);
}

values is_finite_date(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t) { return true; })>(c, args);
}

constexpr auto date_entries = std::to_array<function>({
    entry("+", {date, bigint}, date, days_on<1>, true),
    entry("-", {date, bigint}, date, days_on<-1>, true),
    entry(
        "+", {bigint, date}, date,
        [](call& c, std::span<const values> args) {
          const values turned[] = {args[1], args[0]};
          return days_on<1>(c, turned);
        },
        true),
    entry("-", {date, date}, bigint, days_between),
    entry("+", {date, interval}, timestamp, date_moved<1>, true),
    entry("-", {date, interval}, timestamp, date_moved<-1>, true),
    entry("+", {interval, date}, timestamp, moved_date_by, true),
    entry("make_date", {bigint, bigint, bigint}, date, make_date, true),
    entry("isfinite", {date}, boolean, is_finite_date),
});

}  // namespace

std::span<const function> date_functions() { return date_entries; }

}  // namespace millrace::expression
