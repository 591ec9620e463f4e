// Functions on numbers that stand apart: to_char by a template, buckets, common divisors.
#include "runtime/base/decimal.hpp"
#include "runtime/expression/formats/number_format.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace millrace::expression {
namespace {

using enum kind;
using text_view = std::string_view;

prepared_or prepare_template(constant_texts texts) {
  if (!texts[1])
    return nullptr;
  auto f = number_format::parse(*texts[1]);
  if (!f)
    return tl::unexpected(refused_argument{1, std::move(f.error())});
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

constexpr auto entries = std::to_array<function>({
    entry("to_char", {bigint, text}, text, number_to_char<std::int64_t>, true, prepare_template),
    entry("to_char", {numeric, text}, text, number_to_char<decimal>, true, prepare_template),
    entry("to_char", {float64, text}, text, number_to_char<double>, true, prepare_template),
    entry("width_bucket", {numeric, numeric, numeric, bigint}, bigint, width_bucket_of_numeric, true),
    entry("width_bucket", {float64, float64, float64, bigint}, bigint, width_bucket, true),
    entry("gcd", {bigint, bigint}, bigint, greatest_divisor, true),
    entry("lcm", {bigint, bigint}, bigint, least_multiple, true),
});

}  // namespace

std::span<const function> further_number_functions() { return entries; }

}  // namespace millrace::expression
