#include "runtime/base/decimal.hpp"

#include "runtime/base/few_units.hpp"
#include "runtime/base/scan.hpp"
#include "runtime/base/shortest_double.hpp"
#include "runtime/base/wide_decimal.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace millrace {
namespace {

using uint128 = unsigned __int128;

constexpr auto powers = [] {
  std::array<uint128, most_decimal_digits + 1> out{};
  uint128 power = 1;
  for (auto& p : out) {
    p = power;
    power *= 10;
  }
  return out;
}();

constexpr auto ten_to_38 = powers.back();
/// PostgreSQL takes no exponent beyond it in a numeric's text.
constexpr std::int64_t farthest_exponent = std::numeric_limits<std::int32_t>::max() / 2;

wide_units wide_power(int n) {
  wide_units out = powers[static_cast<std::size_t>(std::min(n, most_decimal_digits))];
  for (n -= most_decimal_digits; n > 0; n -= most_decimal_digits)
    out *= powers[static_cast<std::size_t>(std::min(n, most_decimal_digits))];
  return out;
}

/// A zero beyond the greatest scale is one at it: no digit is lost.
decimal_or_none made(uint128 units, bool minus, int scale) {
  if (units >= ten_to_38 || (scale > most_decimal_digits && units != 0))
    return std::nullopt;
  return decimal_of(units, minus, std::min(scale, most_decimal_digits));
}

decimal_or_none made(const wide_units& units, bool minus, int scale) {
  return units < ten_to_38 ? made(static_cast<uint128>(units), minus, scale) : std::nullopt;
}

decimal_or_none made(__int128 units, int scale) {
  return fits_decimal(units) ? decimal_or_none(decimal(units, scale)) : std::nullopt;
}

/// (x * y) / 10^scale; a product that is too long for 128 bits has more than 38 digits.
decimal_or_none made_of_product(uint128 x, uint128 y, bool minus, int scale) {
  uint128 units = 0;
  return __builtin_mul_overflow(x, y, &units) ? std::nullopt : made(units, minus, scale);
}

/// |v| in units of a scale that is no less than its own.
wide_units units_at(const decimal& v, int scale) { return magnitude_of(v) * wide_power(scale - v.scale()); }

/// The same with its sign; none where 128 bits are too few.
std::optional<__int128> short_units_at(const decimal& v, int scale) {
  __int128 out = 0;
  if (__builtin_mul_overflow(v.units(), static_cast<__int128>(power_of_ten(scale - v.scale())), &out))
    return std::nullopt;
  return out;
}

decimal_or_none sum(const decimal& a, const decimal& b, bool subtract) {
  const auto scale = std::max(a.scale(), b.scale());
  if (a.scale() == b.scale())  // two of 38 digits have room in 128 bits
    return made(subtract ? a.units() - b.units() : a.units() + b.units(), scale);
  const auto x = short_units_at(a, scale);
  const auto y = short_units_at(b, scale);
  __int128 units = 0;
  if (x && y && !(subtract ? __builtin_sub_overflow(*x, *y, &units) : __builtin_add_overflow(*x, *y, &units)))
    return made(units, scale);
  const auto wide_x = units_at(a, scale);
  const auto wide_y = units_at(b, scale);
  const bool minus = a.is_negative();
  if (minus == (b.is_negative() != subtract))
    return made(wide_x + wide_y, minus, scale);
  return wide_x >= wide_y ? made(wide_x - wide_y, minus, scale) : made(wide_y - wide_x, !minus, scale);
}

/// The first digit of base 10000: |v| has so many of 10000^power.
struct leading_group {
  int power = 0;
  int digit = 0;
};

leading_group leading_group_of(uint128 units, int scale) {
  if (units == 0)
    return {};
  const auto digits = digits_of(units);
  const auto power = group_power_of(units, scale);
  const auto kept = digits - scale - power * group_digits;  // digits of the first group
  const auto digit =
      kept <= digits ? units / power_of_ten(digits - kept) : units * power_of_ten(kept - digits);
  return {power, static_cast<int>(digit)};
}

leading_group leading_group_of(wide_units units, int scale) {
  constexpr int dropped = 19;
  for (; units >= ten_to_38; units /= power_of_ten(dropped))
    scale -= dropped;
  return leading_group_of(static_cast<uint128>(units), scale);
}

/// Follows select_div_scale in PostgreSQL 15's numeric.c. `scale` is the greater one of the two.
int scale_of_quotient(const leading_group& a, const leading_group& b, int scale) {
  const auto power = a.power - b.power - (a.digit <= b.digit ? 1 : 0);
  return std::max(least_significant_digits - power * group_digits, scale);
}

/// a / b, rounded half away from 0.
template<class Units>
Units rounded_quotient(const Units& a, uint128 b) {
  const Units whole = a / b;
  const Units rest = a - whole * b;
  return whole + (rest * 2 >= b ? 1 : 0);
}

enum class rounding : std::uint8_t { half_away, toward_zero };

/// units / 10^places.
uint128 without_places(uint128 units, int places, rounding how) {
  if (places == 0)
    return units;
  if (places > most_decimal_digits)
    return 0;
  const auto power = power_of_ten(places);
  const auto whole = units / power;
  return whole + (how == rounding::half_away && units - whole * power >= power / 2 ? 1 : 0);
}

/// units / 10^scale with so many digits behind the point.
decimal_or_none at_places(uint128 units, bool minus, int scale, std::int64_t digits, rounding how) {
  if (digits > most_decimal_digits && units != 0)
    return std::nullopt;
  const auto places =
      static_cast<int>(std::clamp<std::int64_t>(digits, -2 * most_decimal_digits, most_decimal_digits));
  if (places >= scale)
    return made_of_product(units, power_of_ten(places - scale), minus, places);
  const auto kept = without_places(units, scale - places, how);  // 0 where 10^-places is too long
  return places >= 0 ? made(kept, minus, places)
                     : made_of_product(kept, power_of_ten(std::min(-places, most_decimal_digits)), minus, 0);
}

decimal_or_none at_places(const decimal& v, std::int64_t digits, rounding how) {
  return at_places(magnitude_of(v), v.is_negative(), v.scale(), digits, how);
}

/// The shortest digits where they are no more, rounded ones else; no zero at their end.
shortest_digits fifteen_digits_of(double v) {
  constexpr std::uint64_t more = 1'000'000'000'000'000;
  auto out = shortest_digits_of(v);
  if (out.digits < more)
    return out;
  constexpr int behind_point = std::numeric_limits<double>::digits10 - 1;
  std::array<char, 32> text{};
  const auto* const end = std::to_chars(text.data(), text.data() + text.size(), std::fabs(v),
                                        std::chars_format::scientific, behind_point)
                              .ptr;
  out = {};
  const auto* at = text.data();
  for (; *at != 'e'; ++at)
    if (*at != '.')
      out.digits = out.digits * 10 + static_cast<unsigned>(*at - '0');
  std::from_chars(at + (at[1] == '+' ? 2 : 1), end, out.exponent);
  out.exponent -= behind_point;
  for (; out.digits % 10 == 0; out.digits /= 10)
    ++out.exponent;
  return out;
}

/// |v| in units of 10^-places, rounded or cut; none where the long way has to say it.
std::optional<std::int64_t> units_of(double v, std::int64_t places, rounding how) {
  if (how == rounding::half_away)
    return nearest_unit(v, places);
  const auto u = few_units_of(v, places);
  return !u || u->rest < decided_by_last_digit || u->rest > 1 - decided_by_last_digit
             ? std::nullopt
             : std::optional(u->whole);
}

/// `digits`: none for all there are.
decimal_or_none of_double(double v, std::optional<std::int64_t> digits, rounding how) {
  if (!std::isfinite(v))
    return std::nullopt;
  if (const auto units = digits ? units_of(v, *digits, how) : std::nullopt)
    return decimal(v < 0 ? -*units : *units, static_cast<int>(*digits));
  const auto s = fifteen_digits_of(v);
  if (s.exponent < 0)
    return at_places(s.digits, v < 0, -s.exponent, digits.value_or(-s.exponent), how);
  if (digits_of(s.digits) + s.exponent > most_decimal_digits)
    return std::nullopt;
  return at_places(s.digits * power_of_ten(s.exponent), v < 0, 0, digits.value_or(0), how);
}

/// Collects the digits of a number that is read.
struct digit_reader {
  uint128 units = 0;
  bool beyond = false;  // more than 38 digits

  /// Takes the digits that come next, and returns how many they are.
  std::int64_t take(std::string_view& text) {
    std::size_t n = 0;
    for (; n < text.size() && is_digit(text[n]); ++n) {
      beyond |= units >= ten_to_38 / 10;
      units = units * 10 + static_cast<unsigned>(text[n] - '0');
    }
    text.remove_prefix(n);
    return static_cast<std::int64_t>(n);
  }
};

}  // namespace

uint128 power_of_ten(int n) { return powers[static_cast<std::size_t>(n)]; }

bool fits_decimal(__int128 units) {
  return units < static_cast<__int128>(ten_to_38) && units > -static_cast<__int128>(ten_to_38);
}

int digits_of(uint128 units) {
  const auto high = static_cast<std::uint64_t>(units >> 64);
  const auto bits = high != 0 ? 64 + std::bit_width(high) : std::bit_width(static_cast<std::uint64_t>(units));
  const auto least = static_cast<int>(bits) * 1233 >> 12;  // log10(2) = 0.30103
  return std::max(1, least + (least <= most_decimal_digits && units >= power_of_ten(least) ? 1 : 0));
}

int group_power_of(uint128 units, int scale) {
  const auto exponent = units == 0 ? 0 : digits_of(units) - 1 - scale;
  return exponent >= 0 ? exponent / group_digits : -((group_digits - 1 - exponent) / group_digits);
}

bool is_whole(const decimal& v) { return magnitude_of(v) % power_of_ten(v.scale()) == 0; }

std::strong_ordering operator<=>(const decimal& a, const decimal& b) {
  if (a.scale() == b.scale() || a.is_negative() != b.is_negative() || a.is_zero() || b.is_zero())
    return a.units() <=> b.units();
  const auto scale = std::max(a.scale(), b.scale());
  const auto x = units_at(a, scale);
  const auto y = units_at(b, scale);
  return (a.is_negative() ? y.compare(x) : x.compare(y)) <=> 0;
}

decimal_or_none sum_of(const decimal& a, const decimal& b) { return sum(a, b, false); }
decimal_or_none difference_of(const decimal& a, const decimal& b) { return sum(a, b, true); }

decimal_or_none product_of(const decimal& a, const decimal& b) {
  return made_of_product(magnitude_of(a), magnitude_of(b), a.is_negative() != b.is_negative(),
                         a.scale() + b.scale());
}

decimal_or_none quotient_of(const decimal& a, const decimal& b) {
  const auto x = magnitude_of(a);
  const auto y = magnitude_of(b);
  const auto scale = scale_of_quotient(leading_group_of(x, a.scale()), leading_group_of(y, b.scale()),
                                       std::max(a.scale(), b.scale()));
  const bool minus = a.is_negative() != b.is_negative();
  if (a.is_zero())
    return made(uint128{0}, false, scale);
  if (scale > most_decimal_digits)
    return std::nullopt;
  const auto power = scale + b.scale() - a.scale();
  if (digits_of(x) + power <= most_decimal_digits)
    return made(rounded_quotient(x * power_of_ten(power), y), minus, scale);
  return made(rounded_quotient(x * wide_power(power), y), minus, scale);
}

std::optional<wide_decimal> quotient_of(const wide_decimal& a, uint128 b) {
  const auto scale = scale_of_quotient(leading_group_of(a.units, a.scale), leading_group_of(b, 0), a.scale);
  if (scale > most_decimal_digits)
    return std::nullopt;
  return wide_decimal{rounded_quotient(a.units * wide_power(scale - a.scale), b), a.minus, scale};
}

wide_decimal root_of(const wide_decimal& v) {
  const wide_units square = v.units * wide_power(v.scale);
  if (square == 0)
    return v;
  // Newton's steps come down to the root, cut to a whole number, from any number that is not below it.
  wide_units root = wide_units(1) << (boost::multiprecision::msb(square) / 2 + 1);
  for (wide_units next = (root + square / root) / 2; next < root; next = (root + square / root) / 2)
    root = next;
  const wide_units rest = square - root * root;
  return {wide_units(root + (rest > root ? 1 : 0)), false, v.scale};
}

decimal_or_none decimal_of(const wide_decimal& v) { return made(v.units, v.minus, v.scale); }

decimal_or_none remainder_of(const decimal& a, const decimal& b) {
  const auto scale = std::max(a.scale(), b.scale());
  const auto x = short_units_at(a, scale);
  const auto y = short_units_at(b, scale);
  return x && y ? made(*x % *y, scale)
                : made(units_at(a, scale) % units_at(b, scale), a.is_negative(), scale);
}

decimal_or_none whole_quotient(const decimal& a, const decimal& b) {
  const auto scale = std::max(a.scale(), b.scale());
  const auto x = short_units_at(a, scale);
  const auto y = short_units_at(b, scale);
  return x && y ? made(*x / *y, 0)
                : made(units_at(a, scale) / units_at(b, scale), a.is_negative() != b.is_negative(), 0);
}

decimal_or_none greatest_divisor_of(const decimal& a, const decimal& b) {
  auto divisor = abs(a);
  auto rest = abs(b);
  if (divisor < rest)
    std::swap(divisor, rest);
  while (!rest.is_zero()) {
    const auto next = remainder_of(divisor, rest);
    if (!next)
      return std::nullopt;
    divisor = std::exchange(rest, *next);
  }
  return at_scale(divisor, std::max(a.scale(), b.scale()));
}

decimal_or_none least_multiple_of(const decimal& a, const decimal& b) {
  const auto scale = std::max(a.scale(), b.scale());
  if (a.is_zero() || b.is_zero())
    return decimal(0, scale);
  const auto divisor = greatest_divisor_of(a, b);
  const auto times = divisor ? whole_quotient(a, *divisor) : std::nullopt;
  const auto multiple = times ? product_of(*times, b) : std::nullopt;
  return multiple ? at_scale(abs(*multiple), scale) : std::nullopt;
}

decimal_or_none rounded(const decimal& v, std::int64_t digits) {
  return at_places(v, digits, rounding::half_away);
}
decimal_or_none truncated(const decimal& v, std::int64_t digits) {
  return at_places(v, digits, rounding::toward_zero);
}

decimal_or_none floor_of(const decimal& v) {
  const auto whole = truncated(v, 0);
  return whole && v.is_negative() && !is_whole(v) ? difference_of(*whole, decimal_of(1)) : whole;
}
decimal_or_none ceiling_of(const decimal& v) {
  const auto whole = truncated(v, 0);
  return whole && !v.is_negative() && !is_whole(v) ? sum_of(*whole, decimal_of(1)) : whole;
}

decimal_or_none at_scale(const decimal& v, int scale) {
  if (scale == v.scale())
    return v;
  const auto out = truncated(v, scale);
  return out && *out == v ? out : std::nullopt;
}

decimal without_end_zeros(const decimal& v) {
  auto units = v.units();
  auto scale = v.scale();
  for (; scale > 0 && units % 10 == 0; units /= 10)
    --scale;
  return {units, scale};
}

decimal_or_none decimal_of_double(double v) { return of_double(v, std::nullopt, rounding::half_away); }
decimal_or_none rounded_double(double v, std::int64_t digits) {
  return of_double(v, digits, rounding::half_away);
}
decimal_or_none truncated_double(double v, std::int64_t digits) {
  return of_double(v, digits, rounding::toward_zero);
}

double to_double(const decimal& v) {
  constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53;
  constexpr int exact_powers = 22;  // 10^22 is the greatest power of ten that is a double
  auto scale = v.scale();
  if (const auto whole = magnitude_of(v); whole <= std::numeric_limits<std::uint64_t>::max()) {
    auto units = static_cast<std::uint64_t>(whole);
    for (; units > largest_exact && scale > 0 && units % 10 == 0; units /= 10)  // a quotient's zeros
      --scale;
    if (units <= largest_exact && scale <= exact_powers) {
      const auto out = static_cast<double>(units) / static_cast<double>(power_of_ten(scale));
      return v.is_negative() ? -out : out;
    }
  }
  const auto text = text_of(v);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::optional<std::int64_t> to_bigint(const decimal& v) {
  const auto rounded = without_places(magnitude_of(v), v.scale(), rounding::half_away);
  const auto whole = decimal_of(rounded, v.is_negative(), 0).units();
  using limits = std::numeric_limits<std::int64_t>;
  if (whole < limits::min() || whole > limits::max())
    return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

void append_decimal(std::string& out, const decimal& v) {
  std::array<char, most_decimal_digits + 3> text{};  // a sign, a zero in front of the point, and the point
  auto* at = text.data() + text.size();
  const auto written = [&] { return static_cast<int>(text.data() + text.size() - at); };
  const auto put = [&](std::uint64_t rest, int digits) {
    for (int n = 0; n < digits || rest != 0; ++n, rest /= 10) {
      if (v.scale() > 0 && written() == v.scale())
        *--at = '.';
      *--at = static_cast<char>('0' + rest % 10);
    }
  };
  constexpr int half = 19;
  auto units = magnitude_of(v);
  if (const auto high = units / power_of_ten(half); high != 0) {
    put(static_cast<std::uint64_t>(units % power_of_ten(half)), half);
    units = high;
  }
  put(static_cast<std::uint64_t>(units), std::max(1, v.scale() + 1 - written()));
  if (v.is_negative())
    *--at = '-';
  out.append(at, static_cast<std::size_t>(written()));
}

std::string text_of(const decimal& v) {
  std::string out;
  append_decimal(out, v);
  return out;
}

namespace {

decimal_reading read_all_digits(std::string_view text, decimal& out) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+'))
    text.remove_prefix(1);
  digit_reader digits;
  const auto whole = digits.take(text);
  auto scale = take(text, '.') ? digits.take(text) : 0;
  if (whole + scale == 0)
    return decimal_reading::malformed;
  if (!text.empty()) {
    if (!take(text, 'e') && !take(text, 'E'))
      return decimal_reading::malformed;
    if (text.size() > 1 && text[0] == '+' && is_digit(text[1]))
      text.remove_prefix(1);
    std::int64_t exponent = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (err == std::errc::invalid_argument || end != text.data() + text.size())
      return decimal_reading::malformed;
    const bool is_far = err != std::errc{} || exponent < -farthest_exponent || exponent > farthest_exponent;
    if (is_far && (digits.beyond || digits.units != 0))
      return decimal_reading::out_of_range;
    scale -= is_far ? 0 : exponent;
  }
  if (digits.units == 0 && !digits.beyond)
    scale = std::clamp<std::int64_t>(scale, 0, most_decimal_digits);
  if (digits.beyond || scale > most_decimal_digits)
    return decimal_reading::out_of_range;
  if (scale < 0) {
    if (digits_of(digits.units) - scale > most_decimal_digits)
      return decimal_reading::out_of_range;
    digits.units *= power_of_ten(static_cast<int>(-scale));
    scale = 0;
  }
  out = decimal_of(digits.units, minus, static_cast<int>(scale));
  return decimal_reading::ok;
}

}  // namespace

decimal_reading read_decimal(std::string_view text, decimal& out) {
  const auto how = read_all_digits(text, out);
  const auto point = text.find('.');
  if (how != decimal_reading::out_of_range || point == std::string_view::npos ||
      text.find_first_of("eE") != std::string_view::npos)
    return how;
  // Zeros at the end that there is no room for are no part of the number.
  const auto kept = text.substr(0, std::max(text.find_last_not_of('0'), point) + 1);
  if (read_all_digits(kept, out) != decimal_reading::ok)
    return how;
  const auto places = std::min<std::size_t>(text.size() - point - 1, most_decimal_digits);
  const auto room =
      out.is_zero() ? most_decimal_digits : out.scale() + most_decimal_digits - digits_of(magnitude_of(out));
  out = at_scale(out, std::min(static_cast<int>(places), room)).value_or(out);
  return decimal_reading::ok;
}

}  // namespace millrace
