// The shortest decimal digits that read back as the same double: fmt's Dragonbox takes a third of what std::to_chars does.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

/// digits * 10^exponent. The digits have no zero at their end, but for those of 0.
struct shortest_digits {
  std::uint64_t digits = 0;
  int exponent = 0;
};

/// Returns the digits of |v|, which is finite.
[[nodiscard]] shortest_digits shortest_digits_of(double v);

/// The longest text of put_shortest: a sign, 17 digits, a point, e, a sign and three digits.
inline constexpr std::size_t longest_double = 24;

/// Writes a finite v as std::to_chars does: plain or with an exponent, whichever is shorter, and plain where both are of one
/// length. Returns the end.
[[nodiscard]] char* put_shortest(char* to, double v);

}  // namespace millrace
