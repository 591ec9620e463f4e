// Exact decimal numbers as PostgreSQL's numeric has them, of up to 38 digits: Arrow's decimal128 with a scale of
// its own for each value. The scale of a result is the one that PostgreSQL gives it. Plain values, any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// A decimal has no more digits, and no greater scale.
inline constexpr int most_decimal_digits = 38;

/// PostgreSQL keeps a numeric in digits of base 10000, which are this many decimal ones. Its rules of scale go by the first.
inline constexpr int group_digits = 4;
/// PostgreSQL gives a quotient, a root, a power and a logarithm at least this many digits.
inline constexpr int least_significant_digits = 16;

/// The whole number that two words hold.
[[nodiscard]] constexpr __int128 units_of_words(std::uint64_t low, std::uint64_t high) {
  return static_cast<__int128>(static_cast<unsigned __int128>(high) << 64 | low);
}

/// The number units() / 10^scale(): 1.50 is 150 at scale 2. Equal numbers compare equal at any scale.
class decimal {
public:
  constexpr decimal() = default;
  /// `units` has 38 digits at most, and `scale` lies in [0, 38].
  constexpr decimal(__int128 units, int scale)
      : low_(static_cast<std::uint64_t>(units)), high_(static_cast<std::uint64_t>(units >> 64)),
        scale_(scale) {}

  [[nodiscard]] constexpr __int128 units() const { return units_of_words(low_, high_); }
  /// The words of the units.
  [[nodiscard]] constexpr std::uint64_t low() const { return low_; }
  [[nodiscard]] constexpr std::uint64_t high() const { return high_; }
  [[nodiscard]] constexpr int scale() const { return scale_; }
  [[nodiscard]] constexpr bool is_zero() const { return (low_ | high_) == 0; }
  [[nodiscard]] constexpr bool is_negative() const { return high_ >> 63 != 0; }

  friend constexpr decimal operator-(const decimal& v) { return {-v.units(), v.scale()}; }
  friend std::strong_ordering operator<=>(const decimal& a, const decimal& b);
  friend bool operator==(const decimal& a, const decimal& b) { return (a <=> b) == 0; }

private:
  std::uint64_t low_ = 0;  // two words, so that an array has 24 bytes a value and not 32
  std::uint64_t high_ = 0;
  std::int32_t scale_ = 0;
};

[[nodiscard]] constexpr decimal abs(const decimal& v) { return v.is_negative() ? -v : v; }
/// The units without their sign.
[[nodiscard]] constexpr unsigned __int128 magnitude_of(const decimal& v) {
  const auto units = static_cast<unsigned __int128>(v.units());
  return v.is_negative() ? 0 - units : units;
}
/// 10^n for n in [0, 38].
[[nodiscard]] unsigned __int128 power_of_ten(int n);
/// Returns whether so many units are no more than 38 digits.
[[nodiscard]] bool fits_decimal(__int128 units);
/// How many digits |units| has; 1 for 0.
[[nodiscard]] int digits_of(unsigned __int128 units);
/// The power of 10000 of the first digit to that base, of units / 10^scale; 0 for 0.
[[nodiscard]] int group_power_of(unsigned __int128 units, int scale);
/// Returns whether only zeros stand behind the point.
[[nodiscard]] bool is_whole(const decimal& v);

/// A result that needs more than 38 digits, or a scale beyond 38, is none: no digit is ever lost in silence.
using decimal_or_none = std::optional<decimal>;

[[nodiscard]] decimal_or_none sum_of(const decimal& a, const decimal& b);
[[nodiscard]] decimal_or_none difference_of(const decimal& a, const decimal& b);
[[nodiscard]] decimal_or_none product_of(const decimal& a, const decimal& b);
/// Rounded half away from 0 to 16 digits at least. `b` is not 0.
[[nodiscard]] decimal_or_none quotient_of(const decimal& a, const decimal& b);
/// The rest has the sign of `a`; whole_quotient() is cut toward 0. `b` is not 0.
[[nodiscard]] decimal_or_none remainder_of(const decimal& a, const decimal& b);
[[nodiscard]] decimal_or_none whole_quotient(const decimal& a, const decimal& b);

/// The greatest common divisor and the least common multiple, never negative, at the greater scale of the two.
[[nodiscard]] decimal_or_none greatest_divisor_of(const decimal& a, const decimal& b);
[[nodiscard]] decimal_or_none least_multiple_of(const decimal& a, const decimal& b);

/// Half away from 0, to `digits` behind the point, before it where negative. More digits than there are become zeros.
[[nodiscard]] decimal_or_none rounded(const decimal& v, std::int64_t digits);
/// The same, cut toward 0.
[[nodiscard]] decimal_or_none truncated(const decimal& v, std::int64_t digits);
[[nodiscard]] decimal_or_none floor_of(const decimal& v);
[[nodiscard]] decimal_or_none ceiling_of(const decimal& v);
/// The same number at another scale; none also where digits would be lost.
[[nodiscard]] decimal_or_none at_scale(const decimal& v, int scale);
/// The same number at the least scale it has: 1.50 becomes 1.5.
[[nodiscard]] decimal without_end_zeros(const decimal& v);

[[nodiscard]] constexpr decimal decimal_of(std::int64_t v) { return {v, 0}; }
[[nodiscard]] constexpr decimal decimal_of(unsigned __int128 magnitude, bool minus, int scale) {
  return {static_cast<__int128>(minus ? 0 - magnitude : magnitude), scale};
}
/// The 15 digits that PostgreSQL takes of a double. None also for an infinity and NaN.
[[nodiscard]] decimal_or_none decimal_of_double(double v);
/// The same, rounded (or cut) to so many digits behind the point.
[[nodiscard]] decimal_or_none rounded_double(double v, std::int64_t digits);
[[nodiscard]] decimal_or_none truncated_double(double v, std::int64_t digits);
/// The nearest double.
[[nodiscard]] double to_double(const decimal& v);
/// The nearest whole number, half away from 0; none beyond bigint.
[[nodiscard]] std::optional<std::int64_t> to_bigint(const decimal& v);

/// All digits of the scale, as in 1.50 and -0.05.
void append_decimal(std::string& out, const decimal& v);
[[nodiscard]] std::string text_of(const decimal& v);

enum class decimal_reading : std::uint8_t { ok, malformed, out_of_range };
/// Reads 12, -1.50, .5, 1.5e-3: all of the text, without blanks. Zeros in front, and at the end beyond 38, are no digits.
[[nodiscard]] decimal_reading read_decimal(std::string_view text, decimal& out);

}  // namespace millrace
