#include "runtime/base/shortest_double.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace millrace {
namespace {

/// Integers beyond it need not be what their digits and zeros say.
constexpr double exact_below = 0x1p53;

char* put_zeros(char* to, int count) {
  std::memset(to, '0', static_cast<std::size_t>(count));
  return to + count;
}

char* put(char* to, const char* from, int count) {
  std::memcpy(to, from, static_cast<std::size_t>(count));
  return to + count;
}

/// `point`: how many of the digits stand in front of it; negative for zeros after it.
char* put_plain(char* to, const char* digits, int count, int point) {
  if (point <= 0) {
    *to++ = '0';
    *to++ = '.';
    return put(put_zeros(to, -point), digits, count);
  }
  if (point >= count)
    return put_zeros(put(to, digits, count), point - count);
  to = put(to, digits, point);
  *to++ = '.';
  return put(to, digits + point, count - point);
}

char* put_scientific(char* to, const char* digits, int count, int power) {
  *to++ = digits[0];
  if (count > 1) {
    *to++ = '.';
    to = put(to, digits + 1, count - 1);
  }
  *to++ = 'e';
  *to++ = power < 0 ? '-' : '+';
  power = std::abs(power);
  if (power < 10)
    *to++ = '0';
  return std::to_chars(to, to + 3, power).ptr;
}

}  // namespace

shortest_digits shortest_digits_of(double v) {
  if (v == 0)
    return {};
  const auto found = fmt::detail::dragonbox::to_decimal(std::fabs(v));
  return {found.significand, found.exponent};
}

char* put_shortest(char* to, double v) {
  if (std::signbit(v))
    *to++ = '-';
  v = std::fabs(v);
  const auto [digits, exponent] = shortest_digits_of(v);
  std::array<char, 20> text;
  const auto count =
      static_cast<int>(std::to_chars(text.data(), text.data() + text.size(), digits).ptr - text.data());
  const int point = count + exponent;
  const int power = point - 1;
  const int plain = point <= 0 ? 2 - point + count : std::max(count + (point < count), point);
  const int scientific = count + (count > 1) + 2 + (std::abs(power) < 100 ? 2 : 3);
  if (plain > scientific)
    return put_scientific(to, text.data(), count, power);
  if (exponent > 0 && v >= exact_below)
    return std::to_chars(to, to + longest_double - 1, v, std::chars_format::fixed).ptr;
  return put_plain(to, text.data(), count, point);
}

}  // namespace millrace
