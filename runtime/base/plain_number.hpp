// Numbers of a handful of digits without exponent, as nearly all are: read in one loop. Other spellings are
// left to the full readers, which read these as the same values.
#pragma once

#include "runtime/base/digits.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

/// Reads up to 18 digits, perhaps after a minus.
[[nodiscard]] inline bool read_plain_integer(std::string_view text, std::int64_t& out) {
  const bool minus = text.starts_with('-');
  if (text.size() == minus || text.size() > 18U + minus)
    return false;
  std::int64_t value = 0;
  for (std::size_t i = minus; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned>(text[i]) - '0';
    if (digit > 9)
      return false;
    value = value * 10 + digit;
  }
  out = minus ? -value : value;
  return true;
}

inline constexpr std::array<double, 19> powers_of_ten{
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};

/// Reads digits, perhaps after a minus, perhaps with a point between them: 18 with a point, 19 without one at most.
/// `places` of them stand behind the point.
[[nodiscard, gnu::always_inline]] inline bool read_plain_digits(std::string_view text, std::uint64_t& out,
                                                                std::size_t& places) {
  const bool minus = text.starts_with('-');
  if (text.size() > 19U + minus)
    return false;
  std::uint64_t digits = 0;
  std::size_t behind_point = 0;  // the index at which it goes on, 0 for none
  for (std::size_t i = minus; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned>(text[i]) - '0';
    if (digit <= 9)
      digits = digits * 10 + digit;
    else if (text[i] == '.' && behind_point == 0 && i > minus)
      behind_point = i + 1;
    else
      return false;
  }
  if (text.size() == minus || text.size() == behind_point)
    return false;
  places = behind_point == 0 ? 0 : text.size() - behind_point;
  out = digits;
  return true;
}

/// Reads such digits of a value that one division of exact doubles gives: the nearest one (W. D. Clinger, "How to read
/// floating point numbers accurately", 1990).
[[nodiscard]] inline bool read_plain_double(std::string_view text, double& out) {
  constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53;
  std::uint64_t digits = 0;
  std::size_t places = 0;
  if (!read_plain_digits(text, digits, places) || digits > largest_exact)
    return false;
  const auto value = static_cast<double>(digits) / powers_of_ten[places];
  out = text.starts_with('-') ? -value : value;
  return true;
}

/// The same for texts of which nearly all are short, read without a loop over digits: their count is what a processor cannot
/// predict. Nine bytes from the text's first on must be readable.
[[nodiscard]] inline bool read_short_integer(std::string_view text, std::int64_t& out) {
  const bool minus = text.starts_with('-');
  const auto size = text.size() - minus;
  if (size - 1 > 7)
    return read_plain_integer(text, out);
  const auto digits = last_digits(text.data() + minus, size);
  if (beyond_digits(digits) != 0)
    return false;
  const auto value = static_cast<std::int64_t>(number_of(digits));
  out = minus ? -value : value;
  return true;
}

[[nodiscard]] inline bool read_short_double(std::string_view text, double& out) {
  const bool minus = text.starts_with('-');
  const auto size = text.size() - minus;
  if (size - 1 > 7)
    return read_plain_double(text, out);
  auto digits = last_digits(text.data() + minus, size);
  std::size_t places = 0;
  if (const auto others = beyond_digits(digits); others != 0) {
    const auto point = static_cast<unsigned>(std::countr_zero(others)) - 7;  // its lowest bit
    places = 7 - point / 8;
    constexpr unsigned point_among_digits = '.' ^ '0';
    if ((others & (others - 1)) != 0 || places == 0 || places + 1 == size ||
        (digits >> point & 0xFF) != point_among_digits)
      return false;
    const auto in_front = (std::uint64_t{1} << point) - 1;
    digits = (digits & ~(in_front << 8 | 0xFF)) | (digits & in_front)
                                                      << 8;  // those in front move up to its place
  }
  const auto value = static_cast<double>(number_of(digits)) / powers_of_ten[places];
  out = minus ? -value : value;
  return true;
}

}  // namespace millrace
