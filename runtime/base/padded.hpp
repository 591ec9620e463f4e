// Integers in decimal, at the end of a text or where they are to stand.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>

namespace millrace {

/// A sign and 19 digits.
inline constexpr std::size_t longest_integer = 20;

/// Writes v with zeros in front, to `width` digits (at most 20); the minus of a negative one comes before them and does not
/// count. Returns the end: at most 21 characters on.
inline char* put_padded(char* to, std::int64_t v, int width) {
  if (v >= 0 && v < 100 && width == 2) {
    *to++ = static_cast<char>('0' + v / 10);
    *to++ = static_cast<char>('0' + v % 10);
    return to;
  }
  if (v < 0)
    *to++ = '-';
  std::array<char, longest_integer> digits;
  const auto magnitude = v < 0 ? 0 - static_cast<std::uint64_t>(v) : static_cast<std::uint64_t>(v);
  const auto size =
      std::to_chars(digits.data(), digits.data() + digits.size(), magnitude).ptr - digits.data();
  for (auto missing = width - size; missing > 0; --missing)
    *to++ = '0';
  std::memcpy(to, digits.data(), static_cast<std::size_t>(size));
  return to + size;
}

inline void append_padded(std::string& out, std::int64_t v, int width) {
  std::array<char, longest_integer + 1> text;
  out.append(text.data(), put_padded(text.data(), v, width));
}

inline void append_integer(std::string& out, std::int64_t v) { append_padded(out, v, 0); }

}  // namespace millrace
