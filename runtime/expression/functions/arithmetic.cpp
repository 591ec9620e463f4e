// Operators on numbers. Loops run over all elements, null ones too, and only note that something overflowed;
// a second pass then finds the rows, so that the usual case vectorises.
#include "runtime/base/decimal.hpp"
#include "runtime/expression/functions/kernel.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace millrace::expression {
namespace {

using enum kind;

/// One loop for each combination of arrays and constants, so that the compiler sees the strides.
template<class T, class Op>
bool over(const values& a, const values& b, T* out, std::size_t rows) {
  const T* x = a.as<T>();
  const T* y = b.as<T>();
  bool suspicious = false;
  if (a.constant && !b.constant) {
    const T v = *x;
    for (std::size_t i = 0; i < rows; ++i)
      suspicious |= Op::run(v, y[i], out[i]);
  } else if (b.constant && !a.constant) {
    const T v = *y;
    for (std::size_t i = 0; i < rows; ++i)
      suspicious |= Op::run(x[i], v, out[i]);
  } else {
    for (std::size_t i = 0; i < rows; ++i)
      suspicious |= Op::run(x[i], y[i], out[i]);
  }
  return suspicious;
}

template<class T, class Op>
values binary(call& c, std::span<const values> args) {
  auto* out = allocate<T>(*c.memory, c.rows);
  if (over<T, Op>(args[0], args[1], out, c.rows)) {
    for (std::size_t i = 0; i < c.rows; ++i) {
      const T x = args[0].get<T>(i);
      const T y = args[1].get<T>(i);
      if (T ignored; c.wanted(i) && Op::run(x, y, ignored))
        if (auto why = Op::why(x, y); !why.empty())
          c.fail(i, std::move(why));
    }
  }
  return c.done(out);
}

std::string beyond_bigint(std::int64_t x, std::string_view op, std::int64_t y) {
  return fmt::format("bigint out of range: {} {} {}", x, op, y);
}

// Each run() is true where the result may be wrong.
struct add_ints {
  static bool run(std::int64_t x, std::int64_t y, std::int64_t& out) {
    out = static_cast<std::int64_t>(static_cast<std::uint64_t>(x) + static_cast<std::uint64_t>(y));
    return ((x ^ out) & (y ^ out)) < 0;
  }
  static std::string why(std::int64_t x, std::int64_t y) { return beyond_bigint(x, "+", y); }
};
struct subtract_ints {
  static bool run(std::int64_t x, std::int64_t y, std::int64_t& out) {
    out = static_cast<std::int64_t>(static_cast<std::uint64_t>(x) - static_cast<std::uint64_t>(y));
    return ((x ^ y) & (x ^ out)) < 0;
  }
  static std::string why(std::int64_t x, std::int64_t y) { return beyond_bigint(x, "-", y); }
};
struct multiply_ints {
  static bool run(std::int64_t x, std::int64_t y, std::int64_t& out) {
    return __builtin_mul_overflow(x, y, &out);
  }
  static std::string why(std::int64_t x, std::int64_t y) { return beyond_bigint(x, "*", y); }
};
constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
struct divide_ints {
  static bool run(std::int64_t x, std::int64_t y, std::int64_t& out) {
    const bool bad = y == 0 || (y == -1 && x == lowest);
    out = bad ? 0 : x / y;
    return bad;
  }
  static std::string why(std::int64_t x, std::int64_t y) {
    return y == 0 ? "division by zero" : beyond_bigint(x, "/", y);
  }
};
struct remainder_ints {
  static bool run(std::int64_t x, std::int64_t y, std::int64_t& out) {
    out = y == 0 || y == -1 ? 0 : x % y;
    return y == 0;
  }
  static std::string why(std::int64_t, std::int64_t) { return "division by zero"; }
};

std::string beyond_double(double x, std::string_view op, double y, double result, bool underflow_counts) {
  if (std::isinf(result) && !std::isinf(x) && !std::isinf(y))
    return fmt::format("double out of range: {} {} {}", x, op, y);
  if (underflow_counts && result == 0)
    return fmt::format("double out of range (too small): {} {} {}", x, op, y);
  return {};
}
// An infinite result is suspicious, and a zero where PostgreSQL reports underflow.
struct add_doubles {
  static bool run(double x, double y, double& out) {
    out = x + y;
    return std::isinf(out);
  }
  static std::string why(double x, double y) { return beyond_double(x, "+", y, x + y, false); }
};
struct subtract_doubles {
  static bool run(double x, double y, double& out) {
    out = x - y;
    return std::isinf(out);
  }
  static std::string why(double x, double y) { return beyond_double(x, "-", y, x - y, false); }
};
struct multiply_doubles {
  static bool run(double x, double y, double& out) {
    out = x * y;
    return std::isinf(out) | (out == 0);
  }
  static std::string why(double x, double y) { return beyond_double(x, "*", y, x * y, x != 0 && y != 0); }
};
struct divide_doubles {
  static bool run(double x, double y, double& out) {
    out = x / y;
    return (y == 0) | std::isinf(out) | (out == 0);
  }
  static std::string why(double x, double y) {
    if (y == 0 && !std::isnan(x))
      return "division by zero";
    return beyond_double(x, "/", y, x / y, x != 0 && !std::isinf(y));
  }
};
/// `Of` gives none where the result has more than 38 digits.
template<auto Of, char Symbol, bool Divides = false>
values of_numerics(call& c, std::span<const values> args) {
  return each<([](row& r, decimal x, decimal y) -> decimal {
    if (Divides && y.is_zero())
      return r.fail("division by zero");
    if (const auto out = Of(x, y))
      return *out;
    return r.fail(
        fmt::format("{} {} {} has more than {} digits", text_of(x), Symbol, text_of(y), most_decimal_digits));
  })>(c, args);
}

values negate_ints(call& c, std::span<const values> args) {
  return each<([](row& r, std::int64_t x) -> std::int64_t {
    if (x == lowest)
      return r.fail(fmt::format("bigint out of range: -({})", x));
    return -x;
  })>(c, args);
}
values negate_numeric(call& c, std::span<const values> args) {
  return each<([](row&, decimal x) { return -x; })>(c, args);
}
values negate_doubles(call& c, std::span<const values> args) {
  return each<([](row&, double x) { return -x; })>(c, args);
}
values same(call& c, std::span<const values> args) {
  auto out = args[0];
  out.type = c.gives;
  return out;
}

template<auto Op>
values bits(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t x, std::int64_t y) -> std::int64_t { return Op(x, y); })>(c, args);
}
// PostgreSQL shifts by the lower six bits
std::int64_t shift_left(std::int64_t x, std::int64_t n) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(x) << (static_cast<std::uint64_t>(n) & 63U));
}
std::int64_t shift_right(std::int64_t x, std::int64_t n) {
  return x >> (static_cast<std::uint64_t>(n) & 63U);
}
values invert(call& c, std::span<const values> args) {
  return each<([](row&, std::int64_t x) { return ~x; })>(c, args);
}

constexpr auto entries = std::to_array<function>({
    entry("+", {bigint, bigint}, bigint, binary<std::int64_t, add_ints>, true),
    entry("+", {numeric, numeric}, numeric, of_numerics<sum_of, '+'>, true),
    entry("+", {float64, float64}, float64, binary<double, add_doubles>, true),
    entry("-", {bigint, bigint}, bigint, binary<std::int64_t, subtract_ints>, true),
    entry("-", {numeric, numeric}, numeric, of_numerics<difference_of, '-'>, true),
    entry("-", {float64, float64}, float64, binary<double, subtract_doubles>, true),
    entry("*", {bigint, bigint}, bigint, binary<std::int64_t, multiply_ints>, true),
    entry("*", {numeric, numeric}, numeric, of_numerics<product_of, '*'>, true),
    entry("*", {float64, float64}, float64, binary<double, multiply_doubles>, true),
    entry("/", {bigint, bigint}, bigint, binary<std::int64_t, divide_ints>, true),
    entry("/", {numeric, numeric}, numeric, of_numerics<quotient_of, '/', true>, true),
    entry("/", {float64, float64}, float64, binary<double, divide_doubles>, true),
    entry("%", {bigint, bigint}, bigint, binary<std::int64_t, remainder_ints>, true),
    entry("%", {numeric, numeric}, numeric, of_numerics<remainder_of, '%', true>, true),
    entry("mod", {bigint, bigint}, bigint, binary<std::int64_t, remainder_ints>, true),
    entry("mod", {numeric, numeric}, numeric, of_numerics<remainder_of, '%', true>, true),
    entry("div", {numeric, numeric}, numeric, of_numerics<whole_quotient, '/', true>, true),
    entry("-", {bigint}, bigint, negate_ints, true),
    entry("-", {numeric}, numeric, negate_numeric),
    entry("-", {float64}, float64, negate_doubles),
    entry("+", {bigint}, bigint, same),
    entry("+", {numeric}, numeric, same),
    entry("+", {float64}, float64, same),
    entry("&", {bigint, bigint}, bigint, bits<([](std::int64_t x, std::int64_t y) { return x & y; })>),
    entry("|", {bigint, bigint}, bigint, bits<([](std::int64_t x, std::int64_t y) { return x | y; })>),
    entry("#", {bigint, bigint}, bigint, bits<([](std::int64_t x, std::int64_t y) { return x ^ y; })>),
    entry("<<", {bigint, bigint}, bigint, bits<shift_left>),
    entry(">>", {bigint, bigint}, bigint, bits<shift_right>),
    entry("~", {bigint}, bigint, invert),
});

}  // namespace

std::span<const function> arithmetic_functions() { return entries; }

}  // namespace millrace::expression
