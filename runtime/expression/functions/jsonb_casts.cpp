// Casts to jsonb and from it: its text is checked and written anew once, a scalar becomes what it is.
#include "runtime/base/scan.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/json_text.hpp"
#include "runtime/expression/formats/jsonb_text.hpp"
#include "runtime/expression/formats/number_text.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace millrace::expression {
namespace {

values text_as_it_is(call& c, std::span<const values> args) {
  auto out = args[0];
  out.type = c.gives;
  return out;
}

std::string_view jsonb_of(row& r, std::string_view json) {
  auto& out = r.text();
  if (const auto how = append_jsonb(out, json, longest_result); how != jsonb_reading::ok)
    return r.fail(why_no_jsonb(how, json));
  return r.keep(out);
}

values text_to_jsonb(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view s) -> std::string_view {
    if (!is_json(s))
      return r.fail(fmt::format("'{}' is not a jsonb", data::excerpt(s)));
    return jsonb_of(r, s);
  })>(c, args);
}
values json_to_jsonb(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view json) { return jsonb_of(r, json); })>(c, args);
}

bool is_number(std::string_view jsonb) { return is_digit(jsonb[0]) || jsonb[0] == '-'; }

std::string no_scalar(std::string_view jsonb, std::string_view to) {
  return fmt::format("the jsonb '{}' cannot be cast to {}; take its text first, as in (x ->> 'name')::{}",
                     data::excerpt(jsonb), to, to);
}

/// The number rounded half away from 0, where 64 bits hold it.
std::optional<std::int64_t> whole_of(std::string_view number) {
  const bool negative = number[0] == '-';
  number.remove_prefix(negative ? 1 : 0);
  const auto point = std::min(number.find('.'), number.size());
  if (point > 19)
    return std::nullopt;
  std::uint64_t magnitude = 0;
  for (const char digit : number.substr(0, point))
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(digit - '0');
  magnitude += point + 1 < number.size() && number[point + 1] >= '5' ? 1 : 0;
  const auto limit = std::uint64_t{1} << 63;
  if (magnitude > limit || (magnitude == limit && !negative))
    return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

template<int Bits>
values jsonb_to_integer(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb) -> std::int64_t {
    constexpr std::string_view to = Bits == 64 ? "bigint" : Bits == 32 ? "integer" : "smallint";
    if (!is_number(jsonb))
      return r.fail(no_scalar(jsonb, to));
    constexpr auto limit = std::numeric_limits<std::int64_t>::max() >> (64 - Bits);
    if (const auto whole = whole_of(jsonb); whole && *whole <= limit && *whole >= -limit - 1)
      return *whole;
    return r.fail(fmt::format("{} is out of range for {}", data::excerpt(jsonb), to));
  })>(c, args);
}

values jsonb_to_numeric(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb) -> decimal {
    if (!is_number(jsonb))
      return r.fail(no_scalar(jsonb, "numeric"));
    decimal out;
    if (read_decimal(jsonb, out) != decimal_reading::ok)
      return r.fail(fmt::format(
          "{} is out of range for numeric: a numeric has at most {} digits, before and behind the point",
          data::excerpt(jsonb), most_decimal_digits));
    return out;
  })>(c, args);
}

values jsonb_to_double(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb) -> double {
    if (!is_number(jsonb))
      return r.fail(no_scalar(jsonb, "double"));
    double out = 0;
    if (read_double(jsonb, out) != reading::ok)
      return r.fail(fmt::format("{} is out of range for double", data::excerpt(jsonb)));
    return out;
  })>(c, args);
}

values jsonb_to_boolean(call& c, std::span<const values> args) {
  return each<([](row& r, std::string_view jsonb) -> bool {
    if (jsonb[0] != 't' && jsonb[0] != 'f')
      return r.fail(no_scalar(jsonb, "boolean"));
    return jsonb[0] == 't';
  })>(c, args);
}

constexpr auto all_jsonb_casts = std::to_array<function>({
    entry("cast", {kind::text}, kind::jsonb, text_to_jsonb, true),
    entry("cast", {kind::json}, kind::jsonb, json_to_jsonb, true),
    entry("cast", {kind::jsonb}, kind::text, text_as_it_is),
    entry("cast", {kind::jsonb}, kind::json, text_as_it_is),
    entry("cast", {kind::jsonb}, kind::bigint, jsonb_to_integer<64>, true),
    entry("int4", {kind::jsonb}, kind::bigint, jsonb_to_integer<32>, true),
    entry("int2", {kind::jsonb}, kind::bigint, jsonb_to_integer<16>, true),
    entry("cast", {kind::jsonb}, kind::numeric, jsonb_to_numeric, true),
    entry("cast", {kind::jsonb}, kind::float64, jsonb_to_double, true),
    entry("cast", {kind::jsonb}, kind::boolean, jsonb_to_boolean, true),
});

}  // namespace

std::span<const function> jsonb_casts() { return all_jsonb_casts; }

}  // namespace millrace::expression
