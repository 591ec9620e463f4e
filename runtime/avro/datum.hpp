// Appends primitive values to a datum, for rows and for defaults alike. Pure.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace::avro {

/// int and long, a length, a branch, a symbol: zigzag, then seven bits a byte, the lowest first.
inline void append_long(std::string& out, std::int64_t v) {
  auto rest = static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63);
  for (; rest >= 0x80; rest >>= 7)
    out += static_cast<char>(rest | 0x80);
  out += static_cast<char>(rest);
}

/// bytes and string.
inline void append_bytes(std::string& out, std::string_view bytes) {
  append_long(out, static_cast<std::int64_t>(bytes.size()));
  out += bytes;
}

/// float and double.
template<class Real>
void append_real(std::string& out, Real v) {
  static_assert(std::endian::native == std::endian::little);
  std::array<char, sizeof v> bytes{};
  std::memcpy(bytes.data(), &v, sizeof v);
  out.append(bytes.data(), bytes.size());
}

}  // namespace millrace::avro
