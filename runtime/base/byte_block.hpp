// Sixty-four bytes looked at in one go: which of them are one of some bytes, as the bits of a word. Whoever takes text
// apart goes from bit to bit instead of from byte to byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace millrace {

class byte_block {
public:
  static constexpr std::size_t size = 64;

  /// So many bytes from `begin` on must be readable as long as this lives.
  explicit byte_block(const char* begin) : begin_(begin) {}

  /// Marks the bytes that are this one; bit 0 is the first one's.
  [[nodiscard]] std::uint64_t equal(char c) const {
    return marks([every = all(c)](bytes b) { return b == every; });
  }
  /// Marks those that are one of two, or beyond ASCII.
  [[nodiscard]] std::uint64_t equal_or_beyond_ascii(char one, char other) const {
    return marks([one = all(one), other = all(other)](bytes b) { return (b == one) | (b == other) | b; });
  }

private:
  using bytes [[gnu::vector_size(16)]] = signed char;

  static bytes all(char c) { return bytes{} + static_cast<signed char>(c); }

  template<class Marked>
  [[nodiscard]] std::uint64_t marks(Marked marked) const {
    const auto of_part = [&](std::size_t i) {
      bytes b;
      std::memcpy(&b, begin_ + 16 * i, sizeof b);
      return std::uint64_t{top_bits(marked(b))} << (16 * i);
    };
    return of_part(0) | of_part(1) | of_part(2) | of_part(3);
  }

  static std::uint32_t top_bits(bytes b) {
#ifdef __SSE2__
    return static_cast<std::uint32_t>(_mm_movemask_epi8(reinterpret_cast<__m128i>(b)));
#else
    std::uint32_t out = 0;
    for (int i = 0; i < 16; ++i)
      out |= static_cast<std::uint32_t>(b[i] < 0) << i;
    return out;
#endif
  }

  const char* begin_;
};

}  // namespace millrace
