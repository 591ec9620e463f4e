// Casts to types with a size or fields: varchar(n), timestamp(p), timestamptz(p), time(p), interval(p) and interval hour to minute.
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/functions/kernel.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

values cut_text(call& c, std::span<const values> args) {
  return each<([](row&, text_view s, std::int64_t size) {
    if (s.size() <= static_cast<std::size_t>(size))
      return s;
    std::size_t end = 0;
    for (; size > 0 && end < s.size(); --size)
      end += character_length(s, end);
    return s.substr(0, end);
  })>(c, args);
}

values precise_timestamp(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t t, std::int64_t precision) -> std::int64_t {
    if (!round_timestamp(t, precision))
      return r.fail("timestamp out of range");
    return t;
  })>(c, args);
}
values precise_time(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t time, std::int64_t precision) {
    (void)round_micros(time, precision);  // no time of day is out of range
    return time;
  })>(c, args);
}

interval_value fitted(row& r, interval_value v, std::int64_t fields, std::int64_t precision) {
  return fit_fields(v, fields, precision) ? v : r.fail("interval out of range");
}
values fit_interval(call& c, std::span<const values> args) { return each<fitted>(c, args); }
values fit_text(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, std::int64_t fields, std::int64_t precision) -> interval_value {
    interval_value out;
    switch (read_interval_of(s, out, fields)) {
    case reading::ok:
      return fitted(r, out, fields, precision);
    case reading::malformed:
      return r.fail(fmt::format("'{}' is not an interval of these fields", data::excerpt(s)));
    default:
      return r.fail(fmt::format("'{}' is out of range for interval", data::excerpt(s)));
    }
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("varchar", {text, bigint}, text, cut_text),
    entry("precision", {timestamptz, bigint}, timestamptz, precise_timestamp, true),
    entry("precision", {timestamp, bigint}, timestamp, precise_timestamp, true),
    entry("precision", {time, bigint}, time, precise_time),
    entry("fields", {interval, bigint, bigint}, interval, fit_interval, true),
    entry("fields", {text, bigint, bigint}, interval, fit_text, true),
});

}  // namespace

std::span<const function> type_modifiers() { return entries; }

}  // namespace millrace::expression
