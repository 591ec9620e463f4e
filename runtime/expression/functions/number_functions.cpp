// Functions on numbers that stand apart: to_char and to_number by a template, buckets, common divisors, factorials, scales.
#include "runtime/base/decimal.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/number_format.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

template<number_format::purpose WhatFor>
prepared_or prepare_template(constant_texts texts) {
  if (!texts[1])
    return nullptr;
  auto f = number_format::parse(*texts[1], WhatFor);
  if (!f)
    return tl::unexpected(refused_argument{1, std::move(f.error())});
  if (WhatFor == number_format::purpose::write)
    f->lay_out();
  return std::make_shared<const number_format>(*std::move(f));
}

template<class Write>
text_view formatted(row& r, text_view text, Write write) {
  auto& out = r.text();
  if (const auto* f = r.prepared<number_format>()) {
    write(*f, out);
    return r.keep(out);
  }
  const auto f = number_format::parse(text);
  if (!f)
    return r.fail(f.error());
  write(*f, out);
  return r.keep(out);
}

template<class T>
values number_to_char(call& c, std::span<const values> args) {
  return each<([](row& r, T v, text_view text) -> text_view {
    return formatted(r, text, [&](const number_format& f, std::string& out) { f.write(out, v); });
  })>(c, args);
}

decimal read_by(row& r, const number_format& format, text_view s, text_view template_text) {
  const auto out = format.read(s);
  return out ? *out
             : static_cast<decimal>(r.fail(fmt::format("to_number('{}', '{}'): the text {}", data::excerpt(s),
                                                       data::excerpt(template_text), out.error())));
}

values to_number(call& c, std::span<const values> args) {
  return each<([](row& r, text_view s, text_view template_text) -> decimal {
    if (template_text.empty())
      return r.null();
    if (const auto* f = r.prepared<number_format>())
      return read_by(r, *f, s, template_text);
    const auto f = number_format::parse(template_text, number_format::purpose::read);
    return f ? read_by(r, *f, s, template_text) : static_cast<decimal>(r.fail(f.error()));
  })>(c, args);
}

constexpr auto write_template = prepare_template<number_format::purpose::write>;

constexpr std::int64_t most_buckets = std::numeric_limits<std::int32_t>::max();

/// 0 below the range, count + 1 above it; the bounds may be given in either order.
/// The bucket of a value beyond the bounds, or why there is none (the row fails); none where it lies within.
template<class T>
std::optional<std::int64_t> outer_bucket(row& r, const T& v, const T& low, const T& high,
                                         std::int64_t count) {
  const auto refused = [&](std::string why) {
    r.fail(std::move(why));
    return 0;
  };
  if (count <= 0 || count > most_buckets)
    return refused(
        fmt::format("width_bucket needs a count of at least 1 and at most {}, not {}", most_buckets, count));
  if (low == high)
    return refused("width_bucket needs bounds that differ");
  const bool falling = low > high;
  if (falling ? v > low : v < low)
    return 0;
  if (falling ? v > high : v < high)
    return std::nullopt;
  return count == most_buckets ? refused("integer out of range: width_bucket") : count + 1;
}

values width_bucket(call& c, std::span<const values> args) {
  return each<([](row& r, double v, double low, double high, std::int64_t count) -> std::int64_t {
    if (std::isnan(v) || std::isnan(low) || std::isnan(high) || std::isinf(low) || std::isinf(high))
      return r.fail("width_bucket needs a number between finite bounds");
    if (const auto outer = outer_bucket(r, v, low, high, count))
      return *outer;
    // halved, so that bounds far apart do not overflow
    const bool wide = std::isinf(high - low);
    const auto scale = wide ? 2.0 : 1.0;
    const auto share = (v / scale - low / scale) / (high / scale - low / scale);
    const auto bucket = static_cast<std::int64_t>(static_cast<double>(count) * share);
    return std::min(bucket, count - 1) + 1;
  })>(c, args);
}

values width_bucket_of_numeric(call& c, std::span<const values> args) {
  return each<([](row& r, decimal v, decimal low, decimal high, std::int64_t count) -> std::int64_t {
    if (const auto outer = outer_bucket(r, v, low, high, count))
      return *outer;
    const auto from_low = difference_of(v, low);
    const auto width = difference_of(high, low);
    const auto shares = from_low ? product_of(*from_low, decimal_of(count)) : std::nullopt;
    const auto bucket = shares && width ? whole_quotient(*shares, *width) : std::nullopt;
    if (!bucket)
      return r.fail(
          fmt::format("width_bucket of {} needs more than {} digits", text_of(v), most_decimal_digits));
    return to_bigint(*bucket).value_or(0) + 1;
  })>(c, args);
}

std::uint64_t magnitude_of_int(std::int64_t v) {
  return v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v);
}

std::int64_t signed_of(row& r, std::string_view name, unsigned __int128 v) {
  if (v > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return r.fail(fmt::format("bigint out of range: {}", name));
  return static_cast<std::int64_t>(v);
}
values greatest_divisor(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t a, std::int64_t b) {
    return signed_of(r, "gcd", std::gcd(magnitude_of_int(a), magnitude_of_int(b)));
  })>(c, args);
}
values least_multiple(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t a, std::int64_t b) -> std::int64_t {
    if (a == 0 || b == 0)
      return 0;
    const auto x = magnitude_of_int(a);
    const auto y = magnitude_of_int(b);
    return signed_of(r, "lcm", static_cast<unsigned __int128>(x / std::gcd(x, y)) * y);
  })>(c, args);
}

std::string beyond_decimal(std::string_view call) {
  return fmt::format("{} has more than {} digits", call, most_decimal_digits);
}

/// `F` of two numerics gives none where the result has more than 38 digits.
template<const auto& Name, auto F>
values of_two_numerics(call& c, std::span<const values> args) {
  return each<([](row& r, decimal a, decimal b) -> decimal {
    if (const decimal_or_none out = F(a, b))
      return *out;
    return r.fail(beyond_decimal(fmt::format("{}({}, {})", Name, text_of(a), text_of(b))));
  })>(c, args);
}
constexpr char gcd_name[] = "gcd";
constexpr char lcm_name[] = "lcm";

constexpr std::int64_t greatest_factorial = 33;  // that of 34 has 39 digits

values factorial(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t n) -> decimal {
    if (n < 0)
      return r.fail(fmt::format("factorial({}): a negative number has none", n));
    if (n > greatest_factorial)
      return r.fail(beyond_decimal(fmt::format("factorial({})", n)));
    __int128 out = 1;
    for (std::int64_t i = 2; i <= n; ++i)
      out *= i;
    return {out, 0};
  })>(c, args);
}

values scale_of(call& c, std::span<const values> args) {
  return each<([](row&, decimal v) { return static_cast<std::int64_t>(v.scale()); })>(c, args);
}
values least_scale(call& c, std::span<const values> args) {
  return each<([](row&, decimal v) { return static_cast<std::int64_t>(without_end_zeros(v).scale()); })>(
      c, args);
}
values trim_scale(call& c, std::span<const values> args) {
  return each<([](row&, decimal v) { return without_end_zeros(v); })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    constant_entry("pi", float64, each<([](row&) { return std::numbers::pi; })>),
    entry("to_char", {bigint, text}, text, number_to_char<std::int64_t>, true, write_template),
    entry("to_char", {numeric, text}, text, number_to_char<decimal>, true, write_template),
    entry("to_char", {float64, text}, text, number_to_char<double>, true, write_template),
    entry("to_number", {text, text}, numeric, to_number, true,
          prepare_template<number_format::purpose::read>),
    entry("width_bucket", {numeric, numeric, numeric, bigint}, bigint, width_bucket_of_numeric, true),
    entry("width_bucket", {float64, float64, float64, bigint}, bigint, width_bucket, true),
    entry("gcd", {bigint, bigint}, bigint, greatest_divisor, true),
    entry("gcd", {numeric, numeric}, numeric, of_two_numerics<gcd_name, greatest_divisor_of>, true),
    entry("lcm", {bigint, bigint}, bigint, least_multiple, true),
    entry("lcm", {numeric, numeric}, numeric, of_two_numerics<lcm_name, least_multiple_of>, true),
    entry("factorial", {bigint}, numeric, factorial, true),
    entry("scale", {numeric}, bigint, scale_of),
    entry("min_scale", {numeric}, bigint, least_scale),
    entry("trim_scale", {numeric}, numeric, trim_scale),
});

}  // namespace

std::span<const function> further_number_functions() { return entries; }

}  // namespace millrace::expression
