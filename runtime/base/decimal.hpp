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

/// The number units() / 10^scale(): 1.50 is 150 at scale 2. Equal numbers compare equal at any scale.
class decimal {
public:
  constexpr decimal() = default;
  /// `units` has 38 digits at most, and `scale` lies in [0, 38].
  constexpr decimal(__int128 units, int scale)
      : low_(static_cast<std::uint64_t>(units)), high_(static_cast<std::int64_t>(units >> 64)),
        scale_(scale) {}

  [[nodiscard]] constexpr __int128 units() const {
    return static_cast<__int128>(static_cast<unsigned __int128>(static_cast<std::uint64_t>(high_)) << 64 |
                                 low_);
  }
  [[nodiscard]] constexpr int scale() const { return scale_; }
  [[nodiscard]] constexpr bool is_zero() const { return (low_ | static_cast<std::uint64_t>(high_)) == 0; }
  [[nodiscard]] constexpr bool is_negative() const { return high_ < 0; }

  friend std::strong_ordering operator<=>(const decimal& a, const decimal& b);
  friend bool operator==(const decimal& a, const decimal& b) { return (a <=> b) == 0; }

private:
  std::uint64_t low_ = 0;  // two words, so that an array has 24 bytes a value and not 32
  std::int64_t high_ = 0;
  std::int32_t scale_ = 0;
};

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
