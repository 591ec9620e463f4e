// Functions on timestamps: arithmetic with intervals, date_trunc, extract, at time zone.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/time_units.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

row::nothing beyond_time(row& r) { return r.fail("timestamp out of range"); }

template<int Sign>
std::int64_t moved(row& r, std::int64_t t, interval_value by) {
  if (Sign < 0 && !negate(by))
    return beyond_time(r);
  const auto out = add(t, by);
  return out ? *out : static_cast<std::int64_t>(beyond_time(r));
}
template<int Sign>
values move(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t t, interval_value by) { return moved<Sign>(r, t, by); })>(c, args);
}
values moved_by(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value by, std::int64_t t) { return moved<1>(r, t, by); })>(c, args);
}

template<int Sign>
values move_date(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t days, interval_value by) {
    return moved<Sign>(r, days * day_micros, by);
  })>(c, args);
}
values date_moved_by(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value by, std::int64_t days) {
    return moved<1>(r, days * day_micros, by);
  })>(c, args);
}
values date_plus_time(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t days, std::int64_t time) {
    return moved<1>(r, days * day_micros, {0, 0, time});
  })>(c, args);
}
values time_plus_date(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t time, std::int64_t days) {
    return moved<1>(r, days * day_micros, {0, 0, time});
  })>(c, args);
}

values difference(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t a, std::int64_t b) -> interval_value {
    std::int64_t micros = 0;
    if (__builtin_sub_overflow(a, b, &micros))
      return r.fail("interval out of range");
    return {0, static_cast<std::int32_t>(micros / day_micros), micros % day_micros};
  })>(c, args);
}

/// The unit of a row: prepared where it is constant.
std::optional<time_unit> unit_for(row& r, text_view name) {
  if (const auto* unit = r.prepared<time_unit>())
    return *unit;
  auto unit = unit_of_name(name);
  if (!unit)
    r.fail(unknown_unit(name));
  return unit;
}

row::nothing no_unit_of(row& r, text_view name, std::string_view of) {
  return r.fail(fmt::format("'{}' is not supported for {}", data::excerpt(name), of));
}

std::int64_t truncate_time(row& r, text_view name, std::int64_t t) {
  const auto unit = unit_for(r, name);
  if (!unit)
    return 0;
  if (*unit > time_unit::millennium)
    return no_unit_of(r, name, "date_trunc");
  const auto out = truncated(*unit, t);
  return out ? *out : static_cast<std::int64_t>(beyond_time(r));
}
values date_trunc(call& c, std::span<const values> args) {
  return each<([](row& r, text_view name, std::int64_t t) { return truncate_time(r, name, t); })>(c, args);
}
values date_trunc_interval(call& c, std::span<const values> args) {
  return each<([](row& r, text_view name, interval_value v) -> interval_value {
    const auto unit = unit_for(r, name);
    if (!unit)
      return {};
    if (*unit > time_unit::millennium || *unit == time_unit::week)
      return no_unit_of(r, name, "an interval");
    return truncated(*unit, v);
  })>(c, args);
}

prepared_or prepare_trunc(constant_texts texts) {
  auto unit = prepare_unit(texts);
  if (unit && *unit && *static_cast<const time_unit*>(unit->get()) > time_unit::millennium)
    return tl::unexpected(
        refused_argument{0, fmt::format("'{}' is a field of extract and no unit of date_trunc", *texts[0])});
  return unit;
}

/// extract gives the field itself, date_part the nearest double.
template<class R>
R as(const decimal& field) {
  if constexpr (std::is_same_v<R, double>)
    return to_double(field);
  else
    return field;
}

template<class R>
values extract_time(call& c, std::span<const values> args) {
  return each<([](row& r, text_view name, std::int64_t t) -> R {
    const auto unit = unit_for(r, name);
    return unit ? as<R>(field(*unit, t)) : R{};
  })>(c, args);
}
template<class R>
values extract_wall(call& c, std::span<const values> args) {
  return each<([](row& r, text_view name, std::int64_t t) -> R {
    const auto unit = unit_for(r, name);
    if (!unit)
      return R{};
    if (*unit >= time_unit::timezone)
      return no_unit_of(r, name, "a timestamp without time zone");
    return as<R>(field(*unit, t));
  })>(c, args);
}
/// The same of a date, which has no fields of a day.
values extract_date(call& c, std::span<const values> args) {
  return each<([](row& r, text_view name, std::int64_t days) -> decimal {
    const auto unit = unit_for(r, name);
    if (!unit)
      return decimal{};
    if (!is_field_of_date(*unit))
      return no_unit_of(r, name, "a date");
    return decimal_of(to_bigint(field(*unit, days * day_micros)).value_or(0));
  })>(c, args);
}
values date_part_of_date(call& c, std::span<const values> args) {
  return each<([](row& r, text_view name, std::int64_t days) -> double {
    const auto unit = unit_for(r, name);
    if (!unit)
      return 0;
    if (*unit >= time_unit::timezone)
      return no_unit_of(r, name, "a date");
    return to_double(field(*unit, days * day_micros));
  })>(c, args);
}
template<bool IsTimeKnown>
prepared_or prepare_date_field(constant_texts texts) {
  auto unit = prepare_unit(texts);
  if (!unit || !*unit)
    return unit;
  const auto is = *static_cast<const time_unit*>(unit->get());
  if (IsTimeKnown ? is < time_unit::timezone : is_field_of_date(is))
    return unit;
  return tl::unexpected(refused_argument{0, fmt::format("'{}' is not a field of a date", *texts[0])});
}

template<class R>
values extract_interval(call& c, std::span<const values> args) {
  return each<([](row& r, text_view name, interval_value v) -> R {
    const auto unit = unit_for(r, name);
    if (!unit)
      return R{};
    const auto out = field(*unit, v);
    return out ? as<R>(*out) : static_cast<R>(no_unit_of(r, name, "an interval"));
  })>(c, args);
}

std::string unknown_zone(text_view name) {
  const auto near = closest_zone(name);
  return near.empty()
             ? fmt::format("there is no time zone '{}'; expected a name such as 'Asia/Ho_Chi_Minh' or 'UTC'",
                           data::excerpt(name))
             : fmt::format("there is no time zone '{}'; did you mean '{}'?", data::excerpt(name), near);
}

template<std::size_t Argument>
prepared_or prepare_zone(constant_texts texts) {
  if (!texts[Argument])
    return nullptr;
  const auto* z = find_zone(*texts[Argument]);
  if (!z)
    return tl::unexpected(refused_argument{Argument, unknown_zone(*texts[Argument])});
  return std::make_shared<const zone* const>(z);
}

/// The clock of a row's zone, `known` where it is constant. `last` is that of the row before, and goes on where the zone is the
/// same. Null pointer: there is no such zone.
zone_clock* clock_for(row& r, const zone* known, text_view name, std::optional<zone_clock>& last) {
  const auto* const z = known ? known : find_zone(name);
  if (!z) {
    r.fail(unknown_zone(name));
    return nullptr;
  }
  return &(last && &last->of() == z ? *last : last.emplace(*z));
}

template<auto Convert>
values at_zone(call& c, std::span<const values> args) {
  std::optional<zone_clock> last;
  return each_wanted<std::int64_t>(c, [&](row& r) -> std::int64_t {
    const auto* const known = r.prepared<const zone*>();
    auto* const clock = clock_for(r, known ? *known : nullptr, args[0].get<text_view>(r.index), last);
    if (!clock)
      return 0;
    const auto out = (clock->*Convert)(args[1].get<std::int64_t>(r.index));
    return out ? *out : static_cast<std::int64_t>(beyond_time(r));
  });
}

/// Computes `at time zone interval '7 hours'`: a fixed offset.
template<int Sign>
values at_offset(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value offset, std::int64_t t) -> std::int64_t {
    if (offset.months != 0 || offset.days != 0)
      return r.fail("an interval that is a time zone must not have months or days");
    // an offset has whole seconds
    return moved<Sign>(r, t, {0, 0, offset.micros / 1'000'000 * 1'000'000});
  })>(c, args);
}

/// The constant arguments of date_trunc in a zone.
struct trunc_in_zone {
  std::optional<time_unit> unit;
  const zone* where = nullptr;
};

values date_trunc_zone(call& c, std::span<const values> args) {
  const trunc_in_zone none;
  const auto& known = c.prepared ? *static_cast<const trunc_in_zone*>(c.prepared) : none;
  std::optional<zone_clock> last;
  return each_wanted<std::int64_t>(c, [&](row& r) -> std::int64_t {
    const auto name = args[0].get<text_view>(r.index);
    const auto t = args[1].get<std::int64_t>(r.index);
    const auto unit = known.unit ? known.unit : unit_of_name(name);
    if (!unit || *unit > time_unit::millennium)
      return r.fail(unknown_unit(name));
    auto* const clock = clock_for(r, known.where, args[2].get<text_view>(r.index), last);
    if (!clock)
      return 0;
    std::optional<std::int64_t> out;
    if (*unit < time_unit::minute) {  // no zone differs by less than a second
      out = truncated(*unit, t);
    } else {
      const auto wall = clock->wall_time(t);
      const auto cut = wall ? truncated(*unit, *wall) : std::nullopt;
      out = cut ? clock->instant_of(*cut) : std::nullopt;
    }
    return out ? *out : static_cast<std::int64_t>(beyond_time(r));
  });
}

prepared_or prepare_trunc_zone(constant_texts texts) {
  auto unit = prepare_trunc(texts);
  if (!unit)
    return unit;
  auto where = prepare_zone<2>(texts);
  if (!where)
    return where;
  auto out = std::make_shared<trunc_in_zone>();
  if (*unit)
    out->unit = *static_cast<const time_unit*>(unit->get());
  if (*where)
    out->where = *static_cast<const zone* const*>(where->get());
  return out;
}

values of_seconds(call& c, std::span<const values> args) {
  return each<([](row& r, double seconds) -> std::int64_t {
    const auto micros = std::rint(seconds * 1e6);
    if (!(micros >= static_cast<double>(first_instant) && micros <= 9.2233720368547e18))
      return beyond_time(r);
    return static_cast<std::int64_t>(micros);
  })>(c, args);
}

values date_bin(call& c, std::span<const values> args) {
  return each<([](row& r, interval_value stride, std::int64_t t, std::int64_t origin) -> std::int64_t {
    if (stride.months != 0)
      return r.fail("date_bin: a stride must not have months or years");
    const auto step = static_cast<__int128>(stride.days) * day_micros + stride.micros;
    if (step <= 0 || step > std::numeric_limits<std::int64_t>::max())
      return r.fail("date_bin: a stride must be greater than zero");
    const auto distance = static_cast<__int128>(t) - origin;
    auto rest = distance % step;
    if (rest < 0)
      rest += step;
    const auto out = static_cast<__int128>(t) - rest;
    return out < std::numeric_limits<std::int64_t>::min() ? static_cast<std::int64_t>(beyond_time(r))
                                                          : static_cast<std::int64_t>(out);
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("+", {timestamptz, interval}, timestamptz, move<1>, true),
    entry("+", {timestamp, interval}, timestamp, move<1>, true),
    entry("+", {interval, timestamptz}, timestamptz, moved_by, true),
    entry("+", {interval, timestamp}, timestamp, moved_by, true),
    entry("-", {timestamptz, interval}, timestamptz, move<-1>, true),
    entry("-", {timestamp, interval}, timestamp, move<-1>, true),
    entry("+", {date, interval}, timestamp, move_date<1>, true),
    entry("-", {date, interval}, timestamp, move_date<-1>, true),
    entry("+", {interval, date}, timestamp, date_moved_by, true),
    entry("+", {date, time}, timestamp, date_plus_time, true),
    entry("+", {time, date}, timestamp, time_plus_date, true),
    entry("-", {timestamptz, timestamptz}, interval, difference, true),
    entry("-", {timestamp, timestamp}, interval, difference, true),
    entry("date_trunc", {text, timestamptz}, timestamptz, date_trunc, true, prepare_trunc),
    entry("date_trunc", {text, timestamp}, timestamp, date_trunc, true, prepare_trunc),
    entry("date_trunc", {text, interval}, interval, date_trunc_interval, true, prepare_trunc),
    entry("date_trunc", {text, timestamptz, text}, timestamptz, date_trunc_zone, true, prepare_trunc_zone),
    entry("extract", {text, timestamptz}, numeric, extract_time<decimal>, true, prepare_unit),
    entry("extract", {text, timestamp}, numeric, extract_wall<decimal>, true, prepare_unit),
    entry("extract", {text, date}, numeric, extract_date, true, prepare_date_field<false>),
    entry("extract", {text, interval}, numeric, extract_interval<decimal>, true, prepare_unit),
    entry("date_part", {text, timestamptz}, float64, extract_time<double>, true, prepare_unit),
    entry("date_part", {text, timestamp}, float64, extract_wall<double>, true, prepare_unit),
    entry("date_part", {text, date}, float64, date_part_of_date, true, prepare_date_field<true>),
    entry("date_part", {text, interval}, float64, extract_interval<double>, true, prepare_unit),
    entry("timezone", {text, timestamptz}, timestamp, at_zone<&zone_clock::wall_time>, true, prepare_zone<0>),
    entry("timezone", {text, timestamp}, timestamptz, at_zone<&zone_clock::instant_of>, true,
          prepare_zone<0>),
    entry("timezone", {interval, timestamptz}, timestamp, at_offset<1>, true),
    entry("timezone", {interval, timestamp}, timestamptz, at_offset<-1>, true),
    entry("to_timestamp", {float64}, timestamptz, of_seconds, true),
    entry("date_bin", {interval, timestamptz, timestamptz}, timestamptz, date_bin, true),
    entry("date_bin", {interval, timestamp, timestamp}, timestamp, date_bin, true),
});

}  // namespace

std::span<const function> temporal_functions() { return entries; }

}  // namespace millrace::expression
