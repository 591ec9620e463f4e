// Bytes as lower-case hexadecimal digits, two a byte.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace millrace {

/// The two digits of each byte, one pair after another.
inline constexpr auto pairs_of_hex_digits = [] {
  std::array<char, 512> out{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    out[2 * byte] = "0123456789abcdef"[byte >> 4];
    out[2 * byte + 1] = "0123456789abcdef"[byte & 0xF];
  }
  return out;
}();

/// Writes the digits of one byte. Returns the end.
inline char* put_hex(char* to, std::uint8_t byte) {
  std::memcpy(to, &pairs_of_hex_digits[std::size_t{2} * byte], 2);
  return to + 2;
}

[[nodiscard]] inline std::string hex_of(std::span<const std::uint8_t> bytes) {
  std::string out(2 * bytes.size(), '\0');
  auto* to = out.data();
  for (const auto byte : bytes)
    to = put_hex(to, byte);
  return out;
}
[[nodiscard]] inline std::string hex_of(std::string_view bytes) {
  return hex_of({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace millrace
