// Functions on numbers.
#include "runtime/base/decimal.hpp"
#include "runtime/expression/formats/numeric_powers.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace millrace::expression {
namespace {

using enum kind;

template<auto F>
values of_double(call& c, std::span<const values> args) {
  return each<([](row&, double v) -> double { return F(v); })>(c, args);
}

values abs_int(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t v) -> std::int64_t {
    if (v == std::numeric_limits<std::int64_t>::min())
      return r.fail(fmt::format("bigint out of range: abs({})", v));
    return v < 0 ? -v : v;
  })>(c, args);
}

double sign_of(double v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }

/// A result that is infinite, or zero, from a number that is not, is refused as PostgreSQL does.
double finite(row& r, std::string_view name, double from, double result) {
  if ((std::isfinite(from) && !std::isfinite(result)) || (from != 0 && result == 0))
    return r.fail(fmt::format("{}({}) is out of range for double", name, from));
  return result;
}

values sqrt_of(call& c, std::span<const values> args) {
  return each<([](row& r, double v) -> double {
    if (v < 0)
      return r.fail(fmt::format("cannot take the square root of the negative number {}", v));
    return std::sqrt(v);
  })>(c, args);
}

template<auto F>
values logarithm(call& c, std::span<const values> args) {
  return each<([](row& r, double v) -> double {
    if (v <= 0)
      return r.fail(fmt::format("cannot take the logarithm of {}", v));
    return F(v);
  })>(c, args);
}

values power_of_doubles(call& c, std::span<const values> args) {
  return each<([](row& r, double x, double y) -> double {
    if (x == 0 && y < 0)
      return r.fail("zero raised to a negative power is undefined");
    if (x < 0 && !std::isnan(y) && std::floor(y) != y)
      return r.fail(fmt::format("a negative number to a power that is not whole: power({}, {})", x, y));
    const auto out = std::pow(x, y);
    if (std::isfinite(x) && std::isfinite(y) && (std::isinf(out) || (out == 0 && x != 0)))
      return r.fail(fmt::format("double out of range: power({}, {})", x, y));
    return out;
  })>(c, args);
}

values exp_of(call& c, std::span<const values> args) {
  return each<([](row& r, double v) -> double {
    const auto out = std::exp(v);
    if (std::isfinite(v) && (std::isinf(out) || out == 0))
      return r.fail(fmt::format("double out of range: exp({})", v));
    return out;
  })>(c, args);
}

std::string beyond_numeric(std::string_view name, std::string_view arguments) {
  return fmt::format("{}({}) has more than {} digits", name, arguments, most_decimal_digits);
}

/// Messages call the function `Name`. `F` gives none where the result has more than 38 digits.
template<const auto& Name, auto F>
values of_numeric(call& c, std::span<const values> args) {
  return each<([](row& r, decimal v) -> decimal {
    if (const decimal_or_none out = F(v))
      return *out;
    return r.fail(beyond_numeric(Name, text_of(v)));
  })>(c, args);
}

template<const auto& Name, auto F>
values at_digits(call& c, std::span<const values> args) {
  return each<([](row& r, decimal v, std::int64_t digits) -> decimal {
    if (const decimal_or_none out = F(v, digits))
      return *out;
    return r.fail(beyond_numeric(Name, fmt::format("{}, {}", text_of(v), digits)));
  })>(c, args);
}

template<const auto& Name, auto F>
values double_at_digits(call& c, std::span<const values> args) {
  return each<([](row& r, double v, std::int64_t digits) -> decimal {
    if (const decimal_or_none out = F(v, digits))
      return *out;
    return r.fail(beyond_numeric(Name, fmt::format("{}, {}", v, digits)));
  })>(c, args);
}

constexpr char round_name[] = "round";
constexpr char trunc_name[] = "trunc";
constexpr char floor_name[] = "floor";
constexpr char ceil_name[] = "ceil";
constexpr char exp_name[] = "exp";

decimal_or_none whole_rounded(const decimal& v) { return rounded(v, 0); }
decimal_or_none whole_truncated(const decimal& v) { return truncated(v, 0); }

values sign_of_numeric(call& c, std::span<const values> args) {
  return each<([](row&, decimal v) { return decimal_of(v.is_negative() ? -1
                                                       : v.is_zero()   ? 0
                                                                       : 1); })>(c,
                                                                                                        args);
}

values sqrt_of_numeric(call& c, std::span<const values> args) {
  return each<([](row& r, decimal v) -> decimal {
    if (v.is_negative())
      return r.fail(fmt::format("cannot take the square root of the negative number {}", text_of(v)));
    if (const auto out = square_root_of(v))
      return *out;
    return r.fail(beyond_numeric("sqrt", text_of(v)));
  })>(c, args);
}

bool has_no_logarithm(const decimal& v) { return v.is_negative() || v.is_zero(); }

values ln_of_numeric(call& c, std::span<const values> args) {
  return each<([](row& r, decimal v) -> decimal {
    if (has_no_logarithm(v))
      return r.fail(fmt::format("cannot take the logarithm of {}", text_of(v)));
    if (const auto out = natural_logarithm_of(v))
      return *out;
    return r.fail(beyond_numeric("ln", text_of(v)));
  })>(c, args);
}

decimal log_to_base(row& r, const decimal& base, const decimal& v) {
  if (has_no_logarithm(base) || has_no_logarithm(v))
    return r.fail(fmt::format("cannot take the logarithm of {} to the base {}", text_of(v), text_of(base)));
  if (base == decimal_of(1))
    return r.fail("division by zero");
  if (const auto out = logarithm_of(base, v))
    return *out;
  return r.fail(beyond_numeric("log", fmt::format("{}, {}", text_of(base), text_of(v))));
}
values log_of_base(call& c, std::span<const values> args) {
  return each<([](row& r, decimal base, decimal v) { return log_to_base(r, base, v); })>(c, args);
}
values log_of_numeric(call& c, std::span<const values> args) {
  return each<([](row& r, decimal v) { return log_to_base(r, decimal_of(10), v); })>(c, args);
}

values power_of_numerics(call& c, std::span<const values> args) {
  return each<([](row& r, decimal x, decimal y) -> decimal {
    if (x.is_zero() && y.is_negative())
      return r.fail("zero raised to a negative power is undefined");
    if (x.is_negative() && !is_whole(y))
      return r.fail(fmt::format("a negative number to a power that is not whole: power({}, {})", text_of(x),
                                text_of(y)));
    if (const auto out = power_of(x, y))
      return *out;
    return r.fail(beyond_numeric("power", fmt::format("{}, {}", text_of(x), text_of(y))));
  })>(c, args);
}

template<auto F>
values trigonometry(call& c, std::span<const values> args) {
  return each<([](row& r, double v) -> double {
    const auto out = F(v);
    if (!std::isnan(v) && std::isnan(out))
      return r.fail(fmt::format("{} is out of the function's range", v));
    return out;
  })>(c, args);
}

constexpr double degree = 0.0174532925199432957692;  // one degree in radians

constexpr auto entries = std::to_array<function>({
    entry("abs", {bigint}, bigint, abs_int, true),
    entry("abs", {numeric}, numeric, each<([](row&, decimal v) { return abs(v); })>),
    entry("abs", {float64}, float64, of_double<([](double v) { return std::fabs(v); })>),
    entry("round", {numeric}, numeric, of_numeric<round_name, whole_rounded>),
    entry("round", {float64}, float64, of_double<([](double v) { return std::rint(v); })>),
    entry("round", {numeric, bigint}, numeric, at_digits<round_name, rounded>, true),
    entry("round", {float64, bigint}, numeric, double_at_digits<round_name, rounded_double>, true),
    entry("trunc", {numeric}, numeric, of_numeric<trunc_name, whole_truncated>),
    entry("trunc", {float64}, float64, of_double<([](double v) { return std::trunc(v); })>),
    entry("trunc", {numeric, bigint}, numeric, at_digits<trunc_name, truncated>, true),
    entry("trunc", {float64, bigint}, numeric, double_at_digits<trunc_name, truncated_double>, true),
    entry("floor", {numeric}, numeric, of_numeric<floor_name, floor_of>, true),
    entry("floor", {float64}, float64, of_double<([](double v) { return std::floor(v); })>),
    entry("ceil", {numeric}, numeric, of_numeric<ceil_name, ceiling_of>, true),
    entry("ceil", {float64}, float64, of_double<([](double v) { return std::ceil(v); })>),
    entry("ceiling", {numeric}, numeric, of_numeric<ceil_name, ceiling_of>, true),
    entry("ceiling", {float64}, float64, of_double<([](double v) { return std::ceil(v); })>),
    entry("sign", {numeric}, numeric, sign_of_numeric),
    entry("sign", {float64}, float64, of_double<sign_of>),
    entry("sqrt", {numeric}, numeric, sqrt_of_numeric, true),
    entry("sqrt", {float64}, float64, sqrt_of, true),
    entry("cbrt", {float64}, float64, of_double<([](double v) { return std::cbrt(v); })>),
    entry("power", {numeric, numeric}, numeric, power_of_numerics, true),
    entry("power", {float64, float64}, float64, power_of_doubles, true),
    entry("pow", {numeric, numeric}, numeric, power_of_numerics, true),
    entry("pow", {float64, float64}, float64, power_of_doubles, true),
    entry("^", {numeric, numeric}, numeric, power_of_numerics, true),
    entry("^", {float64, float64}, float64, power_of_doubles, true),
    entry("exp", {numeric}, numeric, of_numeric<exp_name, exponential_of>, true),
    entry("exp", {float64}, float64, exp_of, true),
    entry("ln", {numeric}, numeric, ln_of_numeric, true),
    entry("ln", {float64}, float64, logarithm<([](double v) { return std::log(v); })>, true),
    entry("log", {numeric}, numeric, log_of_numeric, true),
    entry("log", {float64}, float64, logarithm<([](double v) { return std::log10(v); })>, true),
    entry("log", {numeric, numeric}, numeric, log_of_base, true),
    entry("log10", {numeric}, numeric, log_of_numeric, true),
    entry("log10", {float64}, float64, logarithm<([](double v) { return std::log10(v); })>, true),
    entry("sin", {float64}, float64, trigonometry<([](double v) { return std::sin(v); })>, true),
    entry("cos", {float64}, float64, trigonometry<([](double v) { return std::cos(v); })>, true),
    entry("tan", {float64}, float64, trigonometry<([](double v) { return std::tan(v); })>, true),
    entry("asin", {float64}, float64, trigonometry<([](double v) { return std::asin(v); })>, true),
    entry("acos", {float64}, float64, trigonometry<([](double v) { return std::acos(v); })>, true),
    entry("atan", {float64}, float64, of_double<([](double v) { return std::atan(v); })>),
    entry("atan2", {float64, float64}, float64,
          each<([](row&, double y, double x) -> double { return std::atan2(y, x); })>),
    entry("radians", {float64}, float64,
          each<([](row& r, double v) { return finite(r, "radians", v, v * degree); })>, true),
    entry("degrees", {float64}, float64,
          each<([](row& r, double v) { return finite(r, "degrees", v, v / degree); })>, true),
});

}  // namespace

std::span<const function> number_functions() { return entries; }

}  // namespace millrace::expression
