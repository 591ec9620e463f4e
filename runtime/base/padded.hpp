// Integers, dates and times of day in decimal, at the end of a text or where they are to stand.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>

namespace millrace {

/// A sign and 19 digits.
inline constexpr std::size_t longest_integer = 20;

/// Writes two digits of a number below 100. Returns the end.
inline char* put_pair(char* to, unsigned v) {
  const auto tens = v / 10;
  *to++ = static_cast<char>('0' + tens);
  *to++ = static_cast<char>('0' + (v - tens * 10));
  return to;
}

/// Writes v with zeros in front, to `width` digits (at most 20); the minus of a negative one comes before them and does not
/// count. Returns the end: at most 21 characters on.
inline char* put_padded(char* to, std::int64_t v, int width) {
  if (width == 2 && v >= 0 && v < 100)
    return put_pair(to, static_cast<unsigned>(v));
  if (width == 4 && v >= 0 && v < 10'000)
    return put_pair(put_pair(to, static_cast<unsigned>(v) / 100), static_cast<unsigned>(v) % 100);
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

/// Writes YYYY-MM-DD; a year beyond four digits as it is. Returns the end.
inline char* put_date(char* to, std::int64_t year, int month, int day) {
  to = put_padded(to, year, 4);
  *to++ = '-';
  to = put_pair(to, static_cast<unsigned>(month));
  *to++ = '-';
  return put_pair(to, static_cast<unsigned>(day));
}

/// Writes HH:MM:SS. Returns the end.
inline char* put_time(char* to, int hour, int minute, int second) {
  to = put_pair(to, static_cast<unsigned>(hour));
  *to++ = ':';
  to = put_pair(to, static_cast<unsigned>(minute));
  *to++ = ':';
  return put_pair(to, static_cast<unsigned>(second));
}

/// Writes date, `between` and time. Returns the end.
inline char* put_second(char* to, std::int64_t year, int month, int day, char between, int hour, int minute,
                        int second) {
  to = put_date(to, year, month, day);
  *to++ = between;
  return put_time(to, hour, minute, second);
}

/// Writes the microseconds of a second after a point, without the zeros at their end; nothing for 0. Returns
/// the end.
inline char* put_fraction(char* to, int micros) {
  if (micros == 0)
    return to;
  *to++ = '.';
  auto rest = static_cast<unsigned>(micros);
  to = put_pair(to, rest / 10'000);
  to = put_pair(to, rest / 100 % 100);
  to = put_pair(to, rest % 100);
  while (to[-1] == '0')
    --to;
  return to;
}

inline void append_padded(std::string& out, std::int64_t v, int width) {
  std::array<char, longest_integer + 1> text;
  out.append(text.data(), put_padded(text.data(), v, width));
}

inline void append_integer(std::string& out, std::int64_t v) { append_padded(out, v, 0); }

}  // namespace millrace
