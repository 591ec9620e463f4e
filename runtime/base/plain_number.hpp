// Numbers of a handful of digits without exponent, as nearly all are: read in one loop. Other spellings are
// left to the full readers, which read these as the same values.
#pragma once

#include <array>
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

/// Reads digits, perhaps after a minus, perhaps with a point between them, of a value that one division of
/// exact doubles gives: the nearest one (W. D. Clinger, "How to read floating point numbers accurately",
/// 1990).
[[nodiscard]] inline bool read_plain_double(std::string_view text, double& out) {
  static constexpr std::array<double, 19> powers_of_ten{
      1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
  constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53;
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
  if (text.size() == minus || text.size() == behind_point || digits > largest_exact)
    return false;
  const auto places = behind_point == 0 ? 0 : text.size() - behind_point;
  const auto value = static_cast<double>(digits) / powers_of_ten[places];
  out = minus ? -value : value;
  return true;
}

}  // namespace millrace
