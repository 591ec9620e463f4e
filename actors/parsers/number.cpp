#include "actors/parsers/number.hpp"

#include "runtime/base/plain_number.hpp"
#include "runtime/base/scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace millrace::parser {
namespace {

/// A number taken apart; the exponent is cut at a billion, which no 4 GB of digits can make up for.
struct number_parts {
  bool negative = false;
  std::string_view integer;
  std::string_view fraction;
  std::int64_t exponent = 0;
};

number_parts take_apart(std::string_view number) {
  number_parts d;
  d.negative = number.front() == '-';
  if (d.negative)
    number.remove_prefix(1);
  d.integer = take_digits(number);
  if (take(number, '.'))
    d.fraction = take_digits(number);
  if (!number.empty()) {  // e
    number.remove_prefix(1);
    const bool minus = number.front() == '-';
    if (minus || number.front() == '+')
      number.remove_prefix(1);
    constexpr std::int64_t bound = 10'000'000'000;
    for (const char c : take_digits(number))
      d.exponent = std::min(bound, d.exponent * 10 + (c - '0'));
    if (minus)
      d.exponent = -d.exponent;
  }
  return d;
}

template<class Magnitude>
struct scaled {
  Magnitude magnitude = 0;
  bool overflow = false;
  bool half_or_more = false;
  bool fraction = false;
};

/// |number| * 10^shift, its integer part and what is left.
template<class Magnitude = std::uint64_t>
scaled<Magnitude> scale(const number_parts& d, int shift) {
  scaled<Magnitude> out;
  const auto append = [&](unsigned digit) {
    if (__builtin_mul_overflow(out.magnitude, Magnitude{10}, &out.magnitude) ||
        __builtin_add_overflow(out.magnitude, Magnitude{digit}, &out.magnitude))
      out.overflow = true;
  };
  // The decimal point follows this many of the digits.
  const auto point = static_cast<std::int64_t>(d.integer.size()) + d.exponent + shift;
  std::int64_t i = 0;
  for (const auto part : {d.integer, d.fraction})
    for (const char c : part) {
      const auto digit = static_cast<unsigned>(c - '0');
      if (i < point) {
        append(digit);
      } else {
        out.half_or_more = out.half_or_more || (i == point && digit >= 5);
        out.fraction = out.fraction || digit != 0;
      }
      ++i;
    }
  for (; i < point && out.magnitude != 0 && !out.overflow; ++i)
    append(0);
  return out;
}

conversion with_sign(std::uint64_t magnitude, bool negative, std::int64_t& out) {
  constexpr std::uint64_t greatest = std::numeric_limits<std::int64_t>::max();
  if (magnitude > greatest + negative)
    return conversion::out_of_range;
  out = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  return conversion::ok;
}

}  // namespace

bool is_number(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  p += p != end && *p == '-';
  if (p == end || !is_digit(*p))
    return false;
  if (*p++ != '0')
    while (p != end && is_digit(*p))
      ++p;
  if (p != end && *p == '.') {
    if (++p == end || !is_digit(*p))
      return false;
    while (p != end && is_digit(*p))
      ++p;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    p += p != end && (*p == '+' || *p == '-');
    if (p == end || !is_digit(*p))
      return false;
    while (p != end && is_digit(*p))
      ++p;
  }
  return p == end;
}

conversion to_bigint(std::string_view number, std::int64_t& out) {
  if (read_plain_integer(number, out))
    return conversion::ok;
  const bool negative = number.front() == '-';
  const auto s = scale(take_apart(number), 0);
  if (s.overflow)
    return conversion::out_of_range;
  if (s.fraction)
    return conversion::not_integral;
  return with_sign(s.magnitude, negative, out);
}

conversion to_double(std::string_view number, double& out) {
  if (read_plain_double(number, out))
    return conversion::ok;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), out);
  if (failed != std::errc{} || std::isinf(out))
    return conversion::out_of_range;
  if (out == 0)
    for (const char c : number) {
      if (c == 'e' || c == 'E')
        break;
      if (c >= '1' && c <= '9')
        return conversion::out_of_range;
    }
  return conversion::ok;
}

bool to_plain_decimal(std::string_view text, const data::type& type, decimal& out) {
  constexpr std::size_t most_zeros = 18;  // as many as 19 digits may get within 128 bits
  std::uint64_t digits = 0;
  std::size_t places = 0;
  if (!read_plain_digits(text, digits, places))
    return false;
  unsigned __int128 units = digits;
  if (type.precision() != 0) {
    const auto zeros =
        static_cast<std::size_t>(type.scale()) - places;  // more than there are where it has too many places
    if (zeros > most_zeros)
      return false;
    units *= power_of_ten(static_cast<int>(zeros));
    if (units >= power_of_ten(type.precision()))
      return false;
    places = static_cast<std::size_t>(type.scale());
  }
  out = decimal_of(units, text.starts_with('-'), static_cast<int>(places));
  return true;
}

conversion to_decimal(std::string_view number, const data::type& type, decimal& out) {
  if (to_plain_decimal(number, type, out))
    return conversion::ok;
  if (type.precision() == 0)
    return read_decimal(number, out) == decimal_reading::ok ? conversion::ok : conversion::out_of_range;
  const auto d = take_apart(number);
  const auto s = scale<unsigned __int128>(d, type.scale());
  if (s.fraction)
    return conversion::not_integral;
  if (s.overflow || s.magnitude >= power_of_ten(type.precision()))
    return conversion::out_of_range;
  out = decimal_of(s.magnitude, d.negative, type.scale());
  return conversion::ok;
}

std::string expected_decimal(std::string_view number, conversion failed, const data::type& type) {
  const bool is_plain = type.precision() == 0;
  const auto in_front = type.precision() - type.scale();
  const auto at_most = [](int digits, std::string_view place) {
    return fmt::format("a number with at most {} digit{} {} the point", digits, digits == 1 ? "" : "s",
                       place);
  };
  std::string form;
  if (is_plain)
    form = fmt::format("a number of at most {} digits", most_decimal_digits);
  else if (failed == conversion::not_integral)
    form = type.scale() == 0 ? "a number without a fraction" : at_most(type.scale(), "behind");
  else
    form = in_front == 0 ? "a number between -1 and 1" : at_most(in_front, "in front of");
  decimal any;
  const bool is_numeric = !is_plain && read_decimal(number, any) == decimal_reading::ok;
  return fmt::format("{}, {}; declare it {}", type.name(), form, is_numeric ? "numeric" : "double, or text");
}

conversion to_rounded(std::string_view number, int shift, std::int64_t& out) {
  const auto d = take_apart(number);
  auto s = scale(d, shift);
  if (s.overflow || __builtin_add_overflow(s.magnitude, std::uint64_t{s.half_or_more}, &s.magnitude))
    return conversion::out_of_range;
  return with_sign(s.magnitude, d.negative, out);
}

}  // namespace millrace::parser
