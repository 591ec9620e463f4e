#include "runtime/base/decimal.hpp"

#include "runtime/base/plain_number.hpp"
#include "runtime/base/scan.hpp"
#include "runtime/base/shortest_double.hpp"
#include "runtime/base/wide_decimal.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace millrace {
namespace {

using uint128 = unsigned __int128;
/// Holds every product and every numerator that comes up here: 38 digits times a power of ten up to 10^116.
using wide = boost::multiprecision::uint512_t;

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

uint128 magnitude(__int128 v) { return v < 0 ? 0 - static_cast<uint128>(v) : static_cast<uint128>(v); }
__int128 with_sign(uint128 magnitude, bool minus) {
  return static_cast<__int128>(minus ? 0 - magnitude : magnitude);
}

template<class Units = wide>
Units wide_power(int n) {
  Units out = powers[static_cast<std::size_t>(std::min(n, most_decimal_digits))];
  for (n -= most_decimal_digits; n > 0; n -= most_decimal_digits)
    out *= powers[static_cast<std::size_t>(std::min(n, most_decimal_digits))];
  return out;
}

/// A zero beyond the greatest scale is one at it: no digit is lost.
decimal_or_none made(uint128 units, bool minus, int scale) {
  if (units >= ten_to_38 || (scale > most_decimal_digits && units != 0))
    return std::nullopt;
  return decimal(with_sign(units, minus), std::min(scale, most_decimal_digits));
}

decimal_or_none made(const wide& units, bool minus, int scale) {
  return units < ten_to_38 ? made(static_cast<uint128>(units), minus, scale) : std::nullopt;
}

/// |v| in units of a scale that is no less than its own.
wide units_at(const decimal& v, int scale) {
  return wide(magnitude(v.units())) * wide_power(scale - v.scale());
}

/// The same with its sign; none where 128 bits are too few.
std::optional<__int128> short_units_at(const decimal& v, int scale) {
  __int128 out = 0;
  if (__builtin_mul_overflow(v.units(), static_cast<__int128>(power_of_ten(scale - v.scale())), &out))
    return std::nullopt;
  return out;
}

decimal_or_none sum(const decimal& a, const decimal& b, bool subtract) {
  const auto scale = std::max(a.scale(), b.scale());
  if (a.scale() == b.scale()) {  // two of 38 digits have room in 128 bits
    const auto units = subtract ? a.units() - b.units() : a.units() + b.units();
    return fits_decimal(units) ? std::optional(decimal(units, scale)) : std::nullopt;
  }
  const auto x = short_units_at(a, scale);
  const auto y = short_units_at(b, scale);
  __int128 units = 0;
  if (x && y && !(subtract ? __builtin_sub_overflow(*x, *y, &units) : __builtin_add_overflow(*x, *y, &units)))
    return fits_decimal(units) ? std::optional(decimal(units, scale)) : std::nullopt;
  const auto wide_x = units_at(a, scale);
  const auto wide_y = units_at(b, scale);
  const bool minus = a.is_negative();
  if (minus == (b.is_negative() != subtract))
    return made(wide(wide_x + wide_y), minus, scale);
  return wide_x >= wide_y ? made(wide(wide_x - wide_y), minus, scale)
                          : made(wide(wide_y - wide_x), !minus, scale);
}

/// 10000 to this power is the greatest one that is not above |v|, and v has so many of it. PostgreSQL keeps a numeric in digits
/// of base 10000, and its rules of scale go by the first of them.
struct leading_group {
  int power = 0;
  int digit = 0;
};

constexpr int group_digits = 4;

leading_group leading_group_of(uint128 units, int scale) {
  if (units == 0)
    return {};
  const auto digits = digits_of(units);
  const auto exponent = digits - 1 - scale;
  const auto power =
      exponent >= 0 ? exponent / group_digits : -((group_digits - 1 - exponent) / group_digits);
  const auto kept = exponent - power * group_digits + 1;  // digits of the first group
  const auto digit =
      kept <= digits ? units / power_of_ten(digits - kept) : units * power_of_ten(kept - digits);
  return {power, static_cast<int>(digit)};
}

leading_group leading_group_of(const decimal& v) { return leading_group_of(magnitude(v.units()), v.scale()); }

leading_group leading_group_of(wide_units units, int scale) {
  constexpr int dropped = 19;
  for (; units >= ten_to_38; units /= power_of_ten(dropped))
    scale -= dropped;
  return leading_group_of(static_cast<uint128>(units), scale);
}

/// After select_div_scale in PostgreSQL 15's numeric.c. `scale` is the greater one of the two.
int scale_of_quotient(const leading_group& a, const leading_group& b, int scale) {
  constexpr int least_significant = 16;
  const auto power = a.power - b.power - (a.digit <= b.digit ? 1 : 0);
  return std::max(least_significant - power * group_digits, scale);
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
    return made(wide(wide(units) * wide_power(places - scale)), minus, places);
  const auto kept = without_places(units, scale - places, how);
  return places >= 0 ? made(kept, minus, places) : made(wide(wide(kept) * wide_power(-places)), minus, 0);
}

decimal_or_none at_places(const decimal& v, std::int64_t digits, rounding how) {
  return at_places(magnitude(v.units()), v.is_negative(), v.scale(), digits, how);
}

/// The 15 digits of a double, and the power of ten that they are times of; no zero at their end.
struct scientific {
  std::uint64_t digits = 0;
  int exponent = 0;
};

/// None where the shortest digits of a double are more than fifteen.
std::optional<scientific> short_digits_of(double v) {
  constexpr std::uint64_t more = 1'000'000'000'000'000;
  const auto [digits, exponent] = shortest_digits_of(v);
  return digits < more ? std::optional(scientific{digits, digits == 0 ? 0 : exponent}) : std::nullopt;
}

scientific fifteen_digits_of(double v) {
  if (const auto few = short_digits_of(v))
    return *few;
  constexpr int behind_point = std::numeric_limits<double>::digits10 - 1;
  std::array<char, 32> text{};
  const auto* const end = std::to_chars(text.data(), text.data() + text.size(), std::fabs(v),
                                        std::chars_format::scientific, behind_point)
                              .ptr;
  scientific out;
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

/// |v| in units of 10^-places, rounded or cut, by one product; none where the long way has to say it: v is large, there are many
/// places, or its fifteenth digit decides. The product is wrong by less than 1e-7 of a unit, and so are fifteen digits.
std::optional<std::int64_t> units_of(double v, std::int64_t places, rounding how) {
  if (places < 0 || places > 9)
    return std::nullopt;
  const auto scaled = std::fabs(v) * powers_of_ten[static_cast<std::size_t>(places)];
  if (!(scaled < 1e9))
    return std::nullopt;
  const auto whole = static_cast<std::int64_t>(scaled);
  const auto rest = scaled - static_cast<double>(whole);
  constexpr double close = 1e-5;
  if (how == rounding::half_away)
    return std::fabs(rest - 0.5) < close ? std::nullopt : std::optional(whole + (rest > 0.5));
  return rest < close || rest > 1 - close ? std::nullopt : std::optional(whole);
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

  void take(char c) {
    beyond |= units >= ten_to_38 / 10;
    units = units * 10 + static_cast<unsigned>(c - '0');
  }
};

}  // namespace

uint128 power_of_ten(int n) { return powers[static_cast<std::size_t>(n)]; }

bool fits_decimal(__int128 units) { return magnitude(units) < ten_to_38; }

int digits_of(uint128 units) {
  const auto high = static_cast<std::uint64_t>(units >> 64);
  const auto bits = high != 0 ? 64 + std::bit_width(high) : std::bit_width(static_cast<std::uint64_t>(units));
  const auto least = static_cast<int>(bits) * 1233 >> 12;  // log10(2) = 0.30103
  return std::max(1, least + (least <= most_decimal_digits && units >= power_of_ten(least) ? 1 : 0));
}

std::strong_ordering operator<=>(const decimal& a, const decimal& b) {
  if (a.scale() == b.scale() || a.is_negative() != b.is_negative() || a.is_zero() || b.is_zero()) {
    const auto x = a.units();
    const auto y = b.units();
    return x < y   ? std::strong_ordering::less
           : x > y ? std::strong_ordering::greater
                   : std::strong_ordering::equal;
  }
  const auto scale = std::max(a.scale(), b.scale());
  const auto x = units_at(a, scale);
  const auto y = units_at(b, scale);
  if (x == y)
    return std::strong_ordering::equal;
  return (x < y) != a.is_negative() ? std::strong_ordering::less : std::strong_ordering::greater;
}

decimal_or_none sum_of(const decimal& a, const decimal& b) { return sum(a, b, false); }
decimal_or_none difference_of(const decimal& a, const decimal& b) { return sum(a, b, true); }

decimal_or_none product_of(const decimal& a, const decimal& b) {
  const bool minus = a.is_negative() != b.is_negative();
  uint128 units = 0;
  if (__builtin_mul_overflow(magnitude(a.units()), magnitude(b.units()), &units))
    return std::nullopt;
  return made(units, minus, a.scale() + b.scale());
}

decimal_or_none quotient_of(const decimal& a, const decimal& b) {
  const auto scale =
      scale_of_quotient(leading_group_of(a), leading_group_of(b), std::max(a.scale(), b.scale()));
  const bool minus = a.is_negative() != b.is_negative();
  if (a.is_zero())
    return made(uint128{0}, false, scale);
  if (scale > most_decimal_digits)
    return std::nullopt;
  const auto power = scale + b.scale() - a.scale();
  const auto x = magnitude(a.units());
  const auto y = magnitude(b.units());
  if (digits_of(x) + power <= most_decimal_digits) {
    const auto numerator = x * power_of_ten(power);
    const auto whole = numerator / y;
    const auto rest = numerator - whole * y;
    return made(whole + (rest >= y - rest ? 1 : 0), minus, scale);
  }
  const wide numerator = wide(x) * wide_power(power);
  const wide whole = numerator / y;
  const wide rest = numerator - whole * y;
  return made(wide(whole + (rest * 2 >= y ? 1 : 0)), minus, scale);
}

std::optional<wide_decimal> quotient_of(const wide_decimal& a, uint128 b) {
  const auto scale = scale_of_quotient(leading_group_of(a.units, a.scale), leading_group_of(b, 0), a.scale);
  if (scale > most_decimal_digits)
    return std::nullopt;
  const wide_units numerator = a.units * wide_power<wide_units>(scale - a.scale);
  const wide_units whole = numerator / b;
  const wide_units rest = numerator - whole * b;
  return wide_decimal{wide_units(whole + (rest * 2 >= b ? 1 : 0)), a.minus, scale};
}

wide_decimal root_of(const wide_decimal& v) {
  const wide_units square = v.units * wide_power<wide_units>(v.scale);
  if (square == 0)
    return v;
  // Newton's steps come down to the root, cut to a whole number, from any number that is not below it.
  wide_units root = wide_units(1) << (boost::multiprecision::msb(square) / 2 + 1);
  for (wide_units next = (root + square / root) / 2; next < root; next = (root + square / root) / 2)
    root = next;
  const wide_units rest = square - root * root;
  return {wide_units(root + (rest > root ? 1 : 0)), false, v.scale};
}

decimal_or_none decimal_of(const wide_decimal& v) {
  return v.units < ten_to_38 ? made(static_cast<uint128>(v.units), v.minus, v.scale) : std::nullopt;
}

decimal_or_none remainder_of(const decimal& a, const decimal& b) {
  const auto scale = std::max(a.scale(), b.scale());
  return made(wide(units_at(a, scale) % units_at(b, scale)), a.is_negative(), scale);
}

decimal_or_none whole_quotient(const decimal& a, const decimal& b) {
  const auto scale = std::max(a.scale(), b.scale());
  return made(wide(units_at(a, scale) / units_at(b, scale)), a.is_negative() != b.is_negative(), 0);
}

decimal_or_none rounded(const decimal& v, std::int64_t digits) {
  return at_places(v, digits, rounding::half_away);
}
decimal_or_none truncated(const decimal& v, std::int64_t digits) {
  return at_places(v, digits, rounding::toward_zero);
}

decimal_or_none floor_of(const decimal& v) {
  const auto whole = truncated(v, 0);
  return whole && v.is_negative() && *whole != v ? difference_of(*whole, decimal_of(1)) : whole;
}
decimal_or_none ceiling_of(const decimal& v) {
  const auto whole = truncated(v, 0);
  return whole && !v.is_negative() && *whole != v ? sum_of(*whole, decimal_of(1)) : whole;
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
  if (const auto whole = magnitude(v.units()); whole <= std::numeric_limits<std::uint64_t>::max()) {
    auto units = static_cast<std::uint64_t>(whole);
    for (; units > largest_exact && scale > 0 && units % 10 == 0; units /= 10)  // a quotient's zeros
      --scale;
    if (units <= largest_exact && scale <= exact_powers) {
      const auto out = static_cast<double>(units) / static_cast<double>(power_of_ten(scale));
      return v.is_negative() ? -out : out;
    }
  }
  std::string text;
  append_decimal(text, v);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::optional<std::int64_t> to_bigint(const decimal& v) {
  const auto whole =
      with_sign(without_places(magnitude(v.units()), v.scale(), rounding::half_away), v.is_negative());
  using limits = std::numeric_limits<std::int64_t>;
  if (whole < limits::min() || whole > limits::max())
    return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

void append_decimal(std::string& out, const decimal& v) {
  std::array<char, most_decimal_digits + 3> text{};  // a sign, a zero in front of the point, and the point
  auto* at = text.data() + text.size();
  const auto put = [&](std::uint64_t rest, int digits) {
    for (int n = 0; n < digits || rest != 0; ++n, rest /= 10) {
      if (const auto behind = text.data() + text.size() - at; v.scale() > 0 && behind == v.scale())
        *--at = '.';
      *--at = static_cast<char>('0' + rest % 10);
    }
  };
  constexpr int half = 19;
  auto units = magnitude(v.units());
  const auto written = [&] { return static_cast<int>(text.data() + text.size() - at); };
  if (const auto high = units / power_of_ten(half); high != 0) {
    put(static_cast<std::uint64_t>(units % power_of_ten(half)), half);
    units = high;
  }
  put(static_cast<std::uint64_t>(units), std::max(1, v.scale() + 1 - written()));
  if (v.is_negative())
    *--at = '-';
  out.append(at, static_cast<std::size_t>(text.data() + text.size() - at));
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
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at)
    digits.take(text[at]);
  auto count = at;
  std::int64_t scale = 0;
  if (at < text.size() && text[at] == '.') {
    const auto point = at++;
    for (; at < text.size() && is_digit(text[at]); ++at)
      digits.take(text[at]);
    scale = static_cast<std::int64_t>(at - point) - 1;
    count += at - point - 1;
  }
  if (count == 0)
    return decimal_reading::malformed;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E')
      return decimal_reading::malformed;
    auto power = text.substr(at + 1);
    if (power.starts_with('+') && power.size() > 1 && is_digit(power[1]))
      power.remove_prefix(1);
    std::int64_t exponent = 0;
    const auto [end, err] = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (err == std::errc::invalid_argument || end != power.data() + power.size())
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
  out = decimal(with_sign(digits.units, minus), static_cast<int>(scale));
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
