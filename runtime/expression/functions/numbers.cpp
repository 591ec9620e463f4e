// Functions on numbers.
#include "runtime/expression/formats/number_text.hpp"
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

values power_of(call& c, std::span<const values> args) {
  return each<([](row& r, double x, double y) -> double {
    if (x == 0 && y < 0)
      return r.fail("zero raised to a negative power is undefined");
    if (x < 0 && !std::isnan(y) && std::floor(y) != y)
      return r.fail(fmt::format("a negative number to a power that is not whole: power({}, {})", x, y));
    const auto out = std::pow(x, y);
    if (std::isfinite(x) && std::isfinite(y) && (std::isinf(out) || (out == 0 && x != 0)))
      return r.fail(fmt::format("double out of range: power({}, {})", x, y));
    return r.c.gives == numeric ? out + 0.0 : out;
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

// numeric knows no -0, and so its entries add 0.
constexpr auto entries = std::to_array<function>({
    entry("abs", {bigint}, bigint, abs_int, true),
    entry("abs", {numeric}, numeric, of_double<([](double v) { return std::fabs(v); })>),
    entry("abs", {float64}, float64, of_double<([](double v) { return std::fabs(v); })>),
    entry("round", {numeric}, numeric, of_double<([](double v) { return std::round(v) + 0.0; })>),
    entry("round", {float64}, float64, of_double<([](double v) { return std::rint(v); })>),
    entry("round", {numeric, bigint}, numeric,
          each<([](row&, double v, std::int64_t digits) { return round_decimal(v, digits); })>),
    entry("round", {float64, bigint}, numeric,
          each<([](row&, double v, std::int64_t digits) { return round_decimal(v, digits); })>),
    entry("trunc", {numeric}, numeric, of_double<([](double v) { return std::trunc(v) + 0.0; })>),
    entry("trunc", {float64}, float64, of_double<([](double v) { return std::trunc(v); })>),
    entry("trunc", {numeric, bigint}, numeric,
          each<([](row&, double v, std::int64_t digits) { return truncate_decimal(v, digits); })>),
    entry("trunc", {float64, bigint}, numeric,
          each<([](row&, double v, std::int64_t digits) { return truncate_decimal(v, digits); })>),
    entry("floor", {numeric}, numeric, of_double<([](double v) { return std::floor(v); })>),
    entry("floor", {float64}, float64, of_double<([](double v) { return std::floor(v); })>),
    entry("ceil", {numeric}, numeric, of_double<([](double v) { return std::ceil(v) + 0.0; })>),
    entry("ceil", {float64}, float64, of_double<([](double v) { return std::ceil(v); })>),
    entry("ceiling", {numeric}, numeric, of_double<([](double v) { return std::ceil(v) + 0.0; })>),
    entry("ceiling", {float64}, float64, of_double<([](double v) { return std::ceil(v); })>),
    entry("sign", {numeric}, numeric, of_double<([](double v) { return std::isnan(v) ? v : sign_of(v); })>),
    entry("sign", {float64}, float64, of_double<sign_of>),
    entry("sqrt", {numeric}, numeric, sqrt_of, true),
    entry("sqrt", {float64}, float64, sqrt_of, true),
    entry("cbrt", {float64}, float64, of_double<([](double v) { return std::cbrt(v); })>),
    entry("power", {numeric, numeric}, numeric, power_of, true),
    entry("power", {float64, float64}, float64, power_of, true),
    entry("pow", {numeric, numeric}, numeric, power_of, true),
    entry("pow", {float64, float64}, float64, power_of, true),
    entry("^", {numeric, numeric}, numeric, power_of, true),
    entry("^", {float64, float64}, float64, power_of, true),
    entry("exp", {numeric}, numeric, exp_of, true),
    entry("exp", {float64}, float64, exp_of, true),
    entry("ln", {numeric}, numeric, logarithm<([](double v) { return std::log(v); })>, true),
    entry("ln", {float64}, float64, logarithm<([](double v) { return std::log(v); })>, true),
    entry("log", {numeric}, numeric, logarithm<([](double v) { return std::log10(v); })>, true),
    entry("log", {float64}, float64, logarithm<([](double v) { return std::log10(v); })>, true),
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
