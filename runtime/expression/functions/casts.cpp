// Casts between kinds, explicit and implicit, by PostgreSQL's rules for text input and output.
#include "runtime/base/decimal.hpp"
#include "runtime/base/padded.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/json_text.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/functions/list_values.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace millrace::expression {
namespace {

using enum kind;

values relabel(call& c, std::span<const values> args) {
  auto out = args[0];
  out.type = c.gives;
  return out;
}

std::string malformed(std::string_view s, std::string_view type) {
  return fmt::format("'{}' is not {} {}", data::excerpt(s), type.starts_with('i') ? "an" : "a", type);
}

std::string unreadable(std::string_view s, reading why, kind to) {
  return why == reading::malformed
             ? malformed(s, name_of(to))
             : fmt::format("'{}' is out of range for {}", data::excerpt(s), name_of(to));
}

template<auto Read, kind To, class T>
values from_text(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view s) -> T {
    T out{};
    if (const auto how = Read(s, out); how != reading::ok)
      return r.fail(unreadable(s, how, To));
    return out;
  })>(c, args);
}

template<auto Write, class T>
values to_text(call& c, std::span<const values> args) {
  return each<([](row& r, T v) -> std::string_view {
    auto& out = r.text();
    Write(out, v);
    return r.keep(out);
  })>(c, args);
}

void write_instant(std::string& out, std::int64_t t) { write_timestamp(out, t, true); }
void write_wall(std::string& out, std::int64_t t) { write_timestamp(out, t, false); }
void write_span(std::string& out, interval_value v) { write_interval(out, v); }
reading read_instant(std::string_view s, std::int64_t& out) { return read_timestamp(s, true, out); }
void write_day(std::string& out, std::int64_t days) { write_date(out, days); }
reading read_wall(std::string_view s, std::int64_t& out) { return read_timestamp(s, false, out); }

values date_of_time(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t t) { return day_of(t); })>(c, args);
}
values time_of_date(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t days) { return days * day_micros; })>(c, args);
}

values text_of_boolean(call& c, std::span<const values> args) {
  return each<([](row&, bool v) -> std::string_view { return v ? "true" : "false"; })>(c, args);
}

/// Gives the letter that concat writes of a boolean.
values letter_of_boolean(call& c, std::span<const values> args) {
  return each<([](row&, bool v) -> std::string_view { return v ? "t" : "f"; })>(c, args);
}

template<int Bits>
bool fits(std::int64_t v) {
  constexpr std::int64_t limit = std::int64_t{1} << (Bits - 1);
  return v >= -limit && v < limit;
}
template<>
bool fits<64>(std::int64_t) {
  return true;
}
template<int Bits>
constexpr std::string_view integer_name = Bits == 64   ? "bigint"
                                          : Bits == 32 ? "integer"
                                                       : "smallint";

template<int Bits>
std::int64_t narrowed(row& r, std::int64_t v) {
  if (!fits<Bits>(v))
    return r.fail(fmt::format("{} is out of range for {}", v, integer_name<Bits>));
  return v;
}

template<int Bits>
std::int64_t integer_of(row& r, double v) {
  const auto rounded = std::rint(v);
  if (!(rounded >= -9223372036854775808.0 && rounded < 9223372036854775808.0))
    return r.fail(fmt::format("{} is out of range for {}", v, integer_name<Bits>));
  return narrowed<Bits>(r, static_cast<std::int64_t>(rounded));
}

template<int Bits>
values text_to_integer(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view s) -> std::int64_t {
    std::int64_t v = 0;
    if (const auto how = read_bigint(s, v); how != reading::ok)
      return r.fail(how == reading::malformed
                        ? malformed(s, integer_name<Bits>)
                        : fmt::format("'{}' is out of range for {}", data::excerpt(s), integer_name<Bits>));
    return narrowed<Bits>(r, v);
  })>(c, args);
}
template<int Bits>
values integer_to_integer(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t v) { return narrowed<Bits>(r, v); })>(c, args);
}
template<int Bits>
values double_to_integer(call& c, std::span<const values> args) {
  return each<([](row& r, double v) { return integer_of<Bits>(r, v); })>(c, args);
}
template<int Bits>
values numeric_to_integer(call& c, std::span<const values> args) {
  return each<([](row& r, decimal v) -> std::int64_t {
    if (const auto whole = to_bigint(v))
      return narrowed<Bits>(r, *whole);
    return r.fail(fmt::format("{} is out of range for {}", text_of(v), integer_name<Bits>));
  })>(c, args);
}
values boolean_to_integer(call& c, std::span<const values> args) {
  return each<([](row&, bool v) -> std::int64_t { return v ? 1 : 0; })>(c, args);
}
values integer_to_boolean(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t v) { return v != 0; })>(c, args);
}
values integer_to_double(call& c, std::span<const values> args) {
  auto* out = allocate<double>(*c.memory, c.rows);
  const auto* in = args[0].as<std::int64_t>();
  for (std::size_t i = 0; i < c.rows; ++i)
    out[i] = static_cast<double>(in[i]);
  return c.done(out);
}

constexpr std::string_view what_numeric_holds =
    "a numeric has at most 38 digits, before and behind the point, and is neither NaN nor an infinity";

values double_to_numeric(call& c, std::span<const values> args) {
  return each<([](row& r, double v) -> decimal {
    if (const auto out = decimal_of_double(v))
      return *out;
    return r.fail(fmt::format("{} is out of range for numeric: {}", v, what_numeric_holds));
  })>(c, args);
}
values integer_to_numeric(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t v) { return decimal_of(v); })>(c, args);
}
values numeric_to_double(call& c, std::span<const values> args) {
  return each<([](row&, decimal v) { return to_double(v); })>(c, args);
}
values text_to_numeric(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view s) -> decimal {
    decimal out;
    const auto how = read_decimal(trim_blanks(s), out);
    double ignored = 0;
    if (how == decimal_reading::ok)
      return out;
    if (how == decimal_reading::malformed && read_double(s, ignored) == reading::malformed)
      return r.fail(unreadable(s, reading::malformed, numeric));
    return r.fail(unreadable(s, reading::out_of_range, numeric) + ": " + std::string(what_numeric_holds));
  })>(c, args);
}
/// Rounds to s digits behind the point.
values numeric_to_scale(call& c, std::span<const values> args) {
  return each<([](row& r, decimal v, std::int64_t precision, std::int64_t scale) -> decimal {
    const auto out = rounded(v, scale);
    if (out && digits_of(magnitude_of(*out)) <= precision)
      return *out;
    return r.fail(fmt::format("{} is out of range for numeric({},{})", text_of(v), precision, scale));
  })>(c, args);
}

values text_to_json(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view s) -> std::string_view {
    if (!is_json(s))
      return r.fail(fmt::format("'{}' is not a json", data::excerpt(s)));
    return s;
  })>(c, args);
}
values text_to_list(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view s) -> list_value {
    list_value out;
    if (!read_list(s, *r.c.memory, out))
      return r.fail(
          fmt::format("'{}' is not a list; expected one such as {{a,\"b c\",NULL}}", data::excerpt(s)));
    return out;
  })>(c, args);
}
values list_to_text(call& c, std::span<const values> args) {
  return each<([](row& r, list_value v) {
    std::string out;
    write_list(out, v);
    return r.keep(out);
  })>(c, args);
}

template<int Bits>
constexpr auto integer_casts(std::string_view name) {
  return std::to_array<function>({
      entry(name, {text}, bigint, text_to_integer<Bits>, true),
      entry(name, {bigint}, bigint, Bits == 64 ? relabel : integer_to_integer<Bits>, Bits != 64),
      entry(name, {numeric}, bigint, numeric_to_integer<Bits>, true),
      entry(name, {float64}, bigint, double_to_integer<Bits>, true),
      entry(name, {boolean}, bigint, boolean_to_integer),
  });
}

constexpr auto others = std::to_array<function>({
    entry("cast", {text}, boolean, from_text<read_boolean, boolean, bool>, true),
    entry("cast", {bigint}, boolean, integer_to_boolean),
    entry("cast", {text}, numeric, text_to_numeric, true),
    entry("cast", {text}, float64, from_text<read_double, float64, double>, true),
    entry("cast", {bigint}, numeric, integer_to_numeric),
    entry("cast", {bigint}, float64, integer_to_double),
    entry("cast", {numeric}, float64, numeric_to_double),
    entry("cast", {float64}, numeric, double_to_numeric, true),
    entry("scale", {numeric, bigint, bigint}, numeric, numeric_to_scale, true),
    entry("cast", {text}, timestamptz, from_text<read_instant, timestamptz, std::int64_t>, true),
    entry("cast", {text}, timestamp, from_text<read_wall, timestamp, std::int64_t>, true),
    entry("cast", {text}, date, from_text<read_date, date, std::int64_t>, true),
    entry("cast", {timestamp}, date, date_of_time),
    entry("cast", {timestamptz}, date, date_of_time),
    entry("cast", {date}, timestamp, time_of_date),
    entry("cast", {date}, timestamptz, time_of_date),
    entry("cast", {timestamp}, timestamptz, relabel),
    entry("cast", {timestamptz}, timestamp, relabel),
    entry("cast", {text}, interval, from_text<read_interval, interval, interval_value>, true),
    entry("cast", {boolean}, text, text_of_boolean),
    entry("output", {boolean}, text, letter_of_boolean),
    entry("cast", {bigint}, text, to_text<append_integer, std::int64_t>),
    entry("cast", {numeric}, text, to_text<append_decimal, decimal>),
    entry("cast", {float64}, text, to_text<write_double, double>),
    entry("cast", {timestamptz}, text, to_text<write_instant, std::int64_t>),
    entry("cast", {timestamp}, text, to_text<write_wall, std::int64_t>),
    entry("cast", {date}, text, to_text<write_day, std::int64_t>),
    entry("cast", {interval}, text, to_text<write_span, interval_value>),
    entry("cast", {json}, text, relabel),
    entry("cast", {text}, json, text_to_json, true),
    entry("cast", {text}, list, text_to_list, true),
    entry("cast", {list}, text, list_to_text),
});

}  // namespace

std::span<const function> cast_functions() {
  static const auto entries = [] {
    std::vector<function> out(others.begin(), others.end());
    for (const auto& table : {time_of_day_casts(), type_modifiers()})
      out.insert(out.end(), table.begin(), table.end());
    for (const auto& table :
         {integer_casts<64>("cast"), integer_casts<32>("int4"), integer_casts<16>("int2")})
      out.insert(out.end(), table.begin(), table.end());
    const auto of_jsonb = jsonb_casts();
    out.insert(out.end(), of_jsonb.begin(), of_jsonb.end());
    return out;
  }();
  return entries;
}

}  // namespace millrace::expression
