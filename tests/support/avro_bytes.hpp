// Bytes of Avro's binary encoding, as a test writes them by hand.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace::test {

/// int, long, a length, a branch, a symbol.
inline std::string avro_long(std::int64_t number) {
  std::string out;
  auto v = static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
  for (; v >= 0x80; v >>= 7)
    out.push_back(static_cast<char>(v | 0x80));
  out.push_back(static_cast<char>(v));
  return out;
}
/// bytes and string.
inline std::string avro_text(std::string_view text) {
  return avro_long(static_cast<std::int64_t>(text.size())) + std::string(text);
}
/// float and double.
template<class Number>
std::string avro_real(Number v) {
  std::string out(sizeof v, '\0');
  std::memcpy(out.data(), &v, sizeof v);
  return out;
}

}  // namespace millrace::test
