#include "runtime/expression/formats/interval_fields.hpp"

namespace millrace::expression {
namespace {

constexpr interval_fields of_months = 1 << 1;
constexpr interval_fields of_years = 1 << 2;
constexpr interval_fields of_days = 1 << 3;
constexpr interval_fields of_hours = 1 << 10;
constexpr interval_fields of_minutes = 1 << 11;
constexpr interval_fields of_seconds = 1 << 12;

}  // namespace

interval_unit smallest_unit(interval_fields fields) {
  if (fields == every_field || (fields & of_seconds) != 0)
    return interval_unit::second;
  if ((fields & of_minutes) != 0)
    return interval_unit::minute;
  if ((fields & of_hours) != 0)
    return interval_unit::hour;
  if ((fields & of_days) != 0)
    return interval_unit::day;
  return (fields & of_months) != 0 ? interval_unit::month : interval_unit::year;
}

bool fit_fields(interval_value& v, interval_fields fields, std::int64_t precision) {
  switch (smallest_unit(fields)) {
  case interval_unit::year:
    v.months -= v.months % 12;
    [[fallthrough]];
  case interval_unit::month:
    v.days = 0;
    [[fallthrough]];
  case interval_unit::day:
    v.micros = 0;
    break;
  case interval_unit::hour:
    v.micros -= v.micros % hour_micros;
    break;
  case interval_unit::minute:
    v.micros -= v.micros % minute_micros;
    break;
  default:
    break;
  }
  return round_micros(v.micros, precision);
}

bool round_micros(std::int64_t& micros, std::int64_t precision) {
  std::int64_t step = 1;
  for (auto p = precision; p < most_precision; ++p)
    step *= 10;
  const auto half = micros < 0 ? -(step / 2) : step / 2;
  if (__builtin_add_overflow(micros, half, &micros))
    return false;
  micros -= micros % step;
  return true;
}

bool round_timestamp(std::int64_t& t, std::int64_t precision) {
  constexpr std::int64_t start_of_2000 = 946'684'800 * second_micros;
  return !__builtin_sub_overflow(t, start_of_2000, &t) && round_micros(t, precision) &&
         !__builtin_add_overflow(t, start_of_2000, &t);
}

}  // namespace millrace::expression
