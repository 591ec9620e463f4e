// JSON numbers: the grammar, and exact conversions of their decimal text. Pure; called for every number of a
// record.
#pragma once

#include "runtime/base/decimal.hpp"
#include "runtime/base/digits.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/data/type.hpp"

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::parser {

/// Returns whether the whole text is a number by RFC 8259.
[[nodiscard]] bool is_number(std::string_view text);

/// Returns whether the text is a number without exponent of at most 16 characters, as nearly all are. There
/// is no loop over digits, because a processor cannot predict their count. 16 bytes from the text's first on
/// must be readable.
[[nodiscard, gnu::always_inline]] inline bool is_plain_number(std::string_view text) {
  if (text.size() > 16 || text.empty())
    return false;
  const char* const p = text.data();
  const auto all = (1U << text.size()) - 1;
  auto others = non_digits(load8(p));
  if (text.size() > 8)
    others |= non_digits(load8(p + 8)) << 8;
  others &= all;
  // a zero in front stands alone
  if (others == 0)
    return *p != '0' || text.size() == 1;
  const unsigned minus = *p == '-';
  const auto marks = others & ~minus;                    // all but digits and sign
  const auto first = 1U << minus;                        // the first digit's place
  const auto last = (all + 1) >> 1;                      // the last character's
  const bool digits_only = marks == 0 && first <= last;  // a sign alone does not count
  const bool one_point =
      (marks & (marks - 1)) == 0 && marks > first && marks < last && p[std::countr_zero(marks)] == '.';
  const bool zero_in_front = p[minus] == '0' && first < last && marks != first << 1;
  return (digits_only || one_point) && !zero_in_front;
}

/// Whether it is one to eight digits, as whole numbers mostly are. The same bytes must be readable.
[[nodiscard, gnu::always_inline]] inline bool is_short_integer(std::string_view text) {
  const auto n = text.size();
  if (n - 1 > 7)
    return false;
  const auto v = (load8(text.data()) ^ 0x3030'3030'3030'3030) << (64 - 8 * n);  // digits become 0 to 9
  return (((v + 0x7676'7676'7676'7676) | v) & 0x8080'8080'8080'8080) == 0 && (text[0] != '0' || n == 1);
}

enum class conversion : std::uint8_t {
  ok,
  not_integral,  // digits that count would be lost behind the point, of numeric(p,s) behind its scale
  out_of_range
};

// The text of all of these is a number already.

/// Any integral number: 83, 1541016707796.0, 1e3.
[[nodiscard]] conversion to_bigint(std::string_view number, std::int64_t& out);
/// The nearest double. Out of range are numbers beyond the greatest double, and others than zero that would
/// become zero, as in PostgreSQL.
[[nodiscard]] conversion to_double(std::string_view number, double& out);
/// A value of that numeric: of any scale with the digits as they are (1.50, 0.0015 for 1.5e-3), of numeric(p,s) with
/// zeros added or dropped at the end.
[[nodiscard]] conversion to_decimal(std::string_view number, const data::type& type, decimal& out);
/// The same at once for digits, perhaps with a point, that need no zero dropped; false leaves any text to the above.
[[nodiscard]] bool to_plain_decimal(std::string_view text, const data::type& type, decimal& out);
/// Says for an error which numbers the numeric takes, where this one could not be converted, and a type that takes it:
/// `numeric(10,2), a number with at most 2 digits behind the point; declare it numeric`.
[[nodiscard]] std::string expected_decimal(std::string_view number, conversion failed,
                                           const data::type& type);
/// number * 10^shift, rounded half away from zero.
[[nodiscard]] conversion to_rounded(std::string_view number, int shift, std::int64_t& out);

}  // namespace millrace::parser
