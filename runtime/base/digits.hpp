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

/// Characters with which digits become 0 to 9.
inline constexpr std::uint64_t eight_zeros = 0x3030'3030'3030'3030;

/// Sets the top bit of each byte above 9.
[[nodiscard]] constexpr std::uint64_t beyond_digits(std::uint64_t values) {
  return (((values & 0x7F7F'7F7F'7F7F'7F7F) + 0x7676'7676'7676'7676) | values) & 0x8080'8080'8080'8080;
}

/// Tells which of eight characters are no digits; bit 0 is the first one's.
[[nodiscard]] inline unsigned non_digits(std::uint64_t eight) {
  return static_cast<unsigned>(((beyond_digits(eight ^ eight_zeros) >> 7) * 0x0102'0408'1020'4080) >> 56);
}

/// Gives one to eight characters as values of digits, zeros in front of them. Eight bytes must be readable.
[[nodiscard]] inline std::uint64_t last_digits(const char* p, std::size_t size) {
  return (load8(p) ^ eight_zeros) << (64 - 8 * size);
}

/// The number that eight values of digits make, the first one in the lowest byte.
[[nodiscard]] constexpr std::uint64_t number_of(std::uint64_t digits) {
  digits = (digits & 0x0F0F'0F0F'0F0F'0F0F) * (1 + (10 << 8)) >> 8;
  digits = (digits & 0x00FF'00FF'00FF'00FF) * (1 + (100 << 16)) >> 16;
  return (digits & 0x0000'FFFF'0000'FFFF) * (1 + (10'000ULL << 32)) >> 32;
}

/// The number that the digits at characters n and n + 1 make.
[[nodiscard]] inline unsigned digit_pair(std::uint64_t eight, int n) {
  const auto pair = static_cast<unsigned>(eight >> (8 * n));
  return (pair & 0xF) * 10 + (pair >> 8 & 0xF);
}

}  // namespace millrace
