// Arithmetic of dates with days. What takes and gives times goes by those: temporal.cpp, time_functions.cpp.
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/functions/kernel.hpp"

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
});

}  // namespace

std::span<const function> date_functions() { return date_entries; }

}  // namespace millrace::expression
