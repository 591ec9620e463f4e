// Comparison operators on every scalar kind.
#include "runtime/expression/functions/comparison.hpp"

#include "runtime/expression/functions/kernel.hpp"

namespace millrace::expression {
namespace {

using enum kind;

using ordering::equal;
using ordering::less;

template<class Op>
struct negated {
  template<class T>
  static bool run(const T& a, const T& b) {
    return !Op::run(a, b);
  }
};
template<class Op>
struct swapped {
  template<class T>
  static bool run(const T& a, const T& b) {
    return Op::run(b, a);
  }
};
using not_equal = negated<equal>;
using greater = swapped<less>;
using less_or_equal = negated<greater>;
using greater_or_equal = negated<less>;

/// Text and intervals of null rows may be garbage and are not looked at; numbers are compared in a tight
/// loop.
template<class T>
constexpr bool may_read_garbage = std::is_arithmetic_v<T>;

template<class T, class Op>
values compare(call& c, std::span<const values> args) {
  auto* out = allocate<bool>(*c.memory, c.rows);
  const T* x = args[0].as<T>();
  const T* y = args[1].as<T>();
  if constexpr (may_read_garbage<T>) {
    if (args[1].constant && !args[0].constant) {
      const T v = *y;
      for (std::size_t i = 0; i < c.rows; ++i)
        out[i] = Op::run(x[i], v);
    } else if (args[0].constant && !args[1].constant) {
      const T v = *x;
      for (std::size_t i = 0; i < c.rows; ++i)
        out[i] = Op::run(v, y[i]);
    } else {
      for (std::size_t i = 0; i < c.rows; ++i)
        out[i] = Op::run(x[i], y[i]);
    }
  } else {
    for (std::size_t i = 0; i < c.rows; ++i)
      out[i] = c.wanted(i) && Op::run(x[args[0].at(i)], y[args[1].at(i)]);
  }
  return c.done(out);
}

template<class Op>
constexpr auto of_every_kind(std::string_view name) {
  return std::to_array<function>({
      entry(name, {bigint, bigint}, boolean, compare<std::int64_t, Op>),
      entry(name, {numeric, numeric}, boolean, compare<decimal, Op>),
      entry(name, {float64, float64}, boolean, compare<double, Op>),
      entry(name, {text, text}, boolean, compare<std::string_view, Op>),
      entry(name, {boolean, boolean}, boolean, compare<std::uint8_t, Op>),
      entry(name, {timestamptz, timestamptz}, boolean, compare<std::int64_t, Op>),
      entry(name, {timestamp, timestamp}, boolean, compare<std::int64_t, Op>),
      entry(name, {date, date}, boolean, compare<std::int64_t, Op>),
      entry(name, {interval, interval}, boolean, compare<interval_value, Op>),
      entry(name, {time, time}, boolean, compare<std::int64_t, Op>),
  });
}

constexpr auto kinds_compared = of_every_kind<equal>("=").size();

constexpr auto entries = [] {
  std::array<function, 6 * kinds_compared> out{};
  std::size_t n = 0;
  for (const auto& table : {of_every_kind<equal>("="), of_every_kind<not_equal>("<>"),
                            of_every_kind<less>("<"), of_every_kind<less_or_equal>("<="),
                            of_every_kind<greater>(">"), of_every_kind<greater_or_equal>(">=")})
    for (const auto& f : table)
      out[n++] = f;
  return out;
}();

}  // namespace

std::span<const function> comparison_functions() { return entries; }

}  // namespace millrace::expression
