// Looks at eight bytes of a text at a time (SIMD within a register; Warren, Hacker's Delight, 6-1), for questions whose
// answer is nearly always no: whether a byte has to be quoted, escaped or checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace {

inline constexpr std::uint64_t each_byte = 0x0101'0101'0101'0101;
inline constexpr std::uint64_t high_bits = 0x80 * each_byte;

/// Not 0: a byte of the word is 0.
[[nodiscard]] constexpr std::uint64_t zero_in(std::uint64_t word) {
  return (word - each_byte) & ~word & high_bits;
}
/// Not 0: a byte of the word is this one.
[[nodiscard]] constexpr std::uint64_t byte_in(std::uint64_t word, char c) {
  return zero_in(word ^ (static_cast<unsigned char>(c) * each_byte));
}
/// Not 0: a byte of the word is below this one, which is 128 at most.
[[nodiscard]] constexpr std::uint64_t below_in(std::uint64_t word, unsigned char bound) {
  return (word - bound * each_byte) & ~word & high_bits;
}

/// Whether found(word), which asks for single bytes, is not 0 for a word of the text. Bytes may be in two words.
template<class Found>
[[nodiscard]] bool any_word(std::string_view text, Found found) {
  const char* const from = text.data();
  const auto size = text.size();
  const auto at = [&](std::size_t i, auto word) {
    std::memcpy(&word, from + i, sizeof word);
    return static_cast<std::uint64_t>(word);
  };
  if (size >= 8) {
    std::uint64_t any = found(at(size - 8, std::uint64_t{}));
    for (std::size_t i = 0; i + 8 < size; i += 8)
      any |= found(at(i, std::uint64_t{}));
    return any != 0;
  }
  if (size >= 4)
    return found(at(0, std::uint32_t{}) | at(size - 4, std::uint32_t{}) << 32U) != 0;
  if (size >= 2)
    return found((at(0, std::uint16_t{}) | at(size - 2, std::uint16_t{}) << 16U) * 0x1'0000'0001) != 0;
  return size == 1 && found(static_cast<unsigned char>(text.front()) * each_byte) != 0;
}

}  // namespace millrace
