// Functions on numbers that stand apart: to_char by a template, buckets, common divisors.
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

values bigint_to_char(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t v, text_view text) {
    return formatted(r, text, [&](const number_format& f, std::string& out) { f.write(out, v); });
  })>(c, args);
}
template<bool Exact>
values double_to_char(call& c, std::span<const values> args) {
  return each<([](row& r, double v, text_view text) -> text_view {
    return formatted(r, text, [&](const number_format& f, std::string& out) { f.write(out, v, Exact); });
  })>(c, args);
}

constexpr std::int64_t most_buckets = std::numeric_limits<std::int32_t>::max();

/// 0 below the range, count + 1 above it; the bounds may be given in either order.
values width_bucket(call& c, std::span<const values> args) {
  return each<([](row& r, double v, double low, double high, std::int64_t count) -> std::int64_t {
    if (count <= 0 || count > most_buckets)
      return r.fail(fmt::format("width_bucket needs a count of at least 1 and at most {}, not {}",
                                most_buckets, count));
    if (std::isnan(v) || std::isnan(low) || std::isnan(high) || std::isinf(low) || std::isinf(high))
      return r.fail("width_bucket needs a number between finite bounds");
    if (low == high)
      return r.fail("width_bucket needs bounds that differ");
    const bool falling = low > high;
    if (falling ? v > low : v < low)
      return 0;
    if (falling ? v <= high : v >= high) {
      if (count == most_buckets)
        return r.fail("integer out of range: width_bucket");
      return count + 1;
    }
    // halved, so that bounds far apart do not overflow
    const bool wide = std::isinf(high - low);
    const auto scale = wide ? 2.0 : 1.0;
    const auto share = (v / scale - low / scale) / (high / scale - low / scale);
    const auto bucket = static_cast<std::int64_t>(static_cast<double>(count) * share);
    return std::min(bucket, count - 1) + 1;
  })>(c, args);
}

std::uint64_t magnitude(std::int64_t v) {
  return v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v);
}

std::int64_t signed_of(row& r, std::string_view name, unsigned __int128 v) {
  if (v > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return r.fail(fmt::format("bigint out of range: {}", name));
  return static_cast<std::int64_t>(v);
}
values greatest_divisor(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t a, std::int64_t b) {
    return signed_of(r, "gcd", std::gcd(magnitude(a), magnitude(b)));
  })>(c, args);
}
values least_multiple(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t a, std::int64_t b) -> std::int64_t {
    if (a == 0 || b == 0)
      return 0;
    const auto x = magnitude(a);
    const auto y = magnitude(b);
    return signed_of(r, "lcm", static_cast<unsigned __int128>(x / std::gcd(x, y)) * y);
  })>(c, args);
}

values log_of_base(call& c, std::span<const values> args) {
  return each<([](row& r, double base, double v) -> double {
    if (std::isnan(base) || std::isnan(v))
      return std::numeric_limits<double>::quiet_NaN();
    if (base <= 0 || v <= 0)
      return r.fail(fmt::format("cannot take the logarithm of {} to the base {}", v, base));
    if (base == 1)
      return r.fail("division by zero");
    if (std::isinf(v) && std::isfinite(base))
      return v;                                 // also to a base below 1
    return std::log(v) / std::log(base) + 0.0;  // numeric knows no -0
  })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("to_char", {bigint, text}, text, bigint_to_char, true, prepare_template),
    entry("to_char", {numeric, text}, text, double_to_char<true>, true, prepare_template),
    entry("to_char", {float64, text}, text, double_to_char<false>, true, prepare_template),
    entry("width_bucket", {numeric, numeric, numeric, bigint}, bigint, width_bucket, true),
    entry("width_bucket", {float64, float64, float64, bigint}, bigint, width_bucket, true),
    entry("gcd", {bigint, bigint}, bigint, greatest_divisor, true),
    entry("lcm", {bigint, bigint}, bigint, least_multiple, true),
    entry("log", {numeric, numeric}, numeric, log_of_base, true),
});

}  // namespace

std::span<const function> further_number_functions() { return entries; }

}  // namespace millrace::expression
