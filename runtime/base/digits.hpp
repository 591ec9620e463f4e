// Digits eight at a time, for the parsers of numbers and timestamps: their branches must not depend on how
// many digits there are.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace millrace {

static_assert(std::endian::native == std::endian::little, "the first character is the lowest byte");

[[nodiscard]] inline std::uint64_t load8(const char* p) {
  std::uint64_t v = 0;
  std::memcpy(&v, p, sizeof v);
  return v;
}

/// Tells which of eight characters are no digits; bit 0 is the first one's.
[[nodiscard]] inline unsigned non_digits(std::uint64_t eight) {
  const auto v = eight ^ 0x3030'3030'3030'3030;  // digits become 0 to 9
  const auto beyond = (((v & 0x7F7F'7F7F'7F7F'7F7F) + 0x7676'7676'7676'7676) | v) & 0x8080'8080'8080'8080;
  return static_cast<unsigned>(((beyond >> 7) * 0x0102'0408'1020'4080) >> 56);
}

/// The number that the digits at characters n and n + 1 make.
[[nodiscard]] inline unsigned digit_pair(std::uint64_t eight, int n) {
  const auto pair = static_cast<unsigned>(eight >> (8 * n));
  return (pair & 0xF) * 10 + (pair >> 8 & 0xF);
}

}  // namespace millrace
