#include "runtime/avro/bytes_of_value.hpp"

#include "runtime/avro/datum.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace millrace::avro {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? std::optional(static_cast<unsigned>(lower - 'a') + 10) : std::nullopt;
}

}  // namespace

void append_units(std::string& out, __int128 units, const type& t) {
  // Two's complement, big-endian; bytes have as few as say the sign.
  static_assert(std::endian::native == std::endian::little);
  const auto high = static_cast<std::int64_t>(units >> 64);
  const auto low = static_cast<std::int64_t>(units);
  std::array<char, sizeof units> bytes{};
  const auto put_word = [&](std::size_t at, std::int64_t word) {
    const auto swapped = __builtin_bswap64(static_cast<std::uint64_t>(word));
    std::memcpy(bytes.data() + at, &swapped, sizeof swapped);
  };
  put_word(0, high);
  put_word(sizeof high, low);
  if (t.is == kind::fixed) {
    const auto size = std::size_t{t.size};
    if (size > bytes.size())
      out.append(size - bytes.size(), units < 0 ? '\xFF' : '\0');
    const auto kept = std::min(size, bytes.size());
    out.append(bytes.data() + bytes.size() - kept, kept);
    return;
  }
  const bool is_short = high == low >> 63;
  constexpr std::size_t bits_of_byte = 8;
  const auto signless = static_cast<std::size_t>(__builtin_clrsbll(is_short ? low : high));
  const auto size = (is_short ? sizeof low : sizeof units) - signless / bits_of_byte;
  append_bytes(out, {bytes.data() + bytes.size() - size, size});
}

bool append_as_decimal(std::string& out, const decimal& v, const type& t) {
  if (t.scale > most_decimal_digits)
    return false;
  const auto scaled = at_scale(v, t.scale);
  if (!scaled)
    return false;
  const auto units = scaled->units();
  if (t.precision < most_decimal_digits) {
    const auto end = static_cast<__int128>(power_of_ten(t.precision));
    if (units >= end || units <= -end)
      return false;
  }
  append_units(out, units, t);
  return true;
}

bool append_uuid(std::string& out, std::string_view text) {
  constexpr std::size_t size = 36;
  if (text.size() != size)
    return false;
  std::array<char, 16> bytes{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-')
        return false;
      continue;
    }
    const auto digit = hex_digit(text[i]);
    if (!digit)
      return false;
    auto& byte = bytes[digits++ / 2];
    byte = static_cast<char>(static_cast<unsigned char>(byte) << 4 | *digit);
  }
  out.append(bytes.data(), bytes.size());
  return true;
}

}  // namespace millrace::avro
