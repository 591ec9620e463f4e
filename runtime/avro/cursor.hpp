// A place in the bytes of a datum, and how primitive values are read there. Each call says whether the bytes have the
// value; the cursor's place is of no use after one that fails, and ended() says then if the bytes were too few.
#pragma once

#include "runtime/avro/schema.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

namespace millrace::avro {

class cursor {
public:
  explicit cursor(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] std::uint64_t left() const { return static_cast<std::uint64_t>(end_ - at_); }
  [[nodiscard]] const char* place() const { return at_; }
  /// Goes on at a place of the same bytes.
  void go_to(const char* place) { at_ = place; }
  /// The bytes were too few for a value.
  [[nodiscard]] bool ended() const { return ended_; }

  /// int and long: zigzag, seven bits a byte, the low ones first.
  [[nodiscard, gnu::always_inline]] bool integer(std::int64_t& out) {
    if (at_ == end_)
      return ended_early();
    const auto first = static_cast<unsigned char>(*at_);
    if (first < 0x80) {
      ++at_;
      out = unzigzag(first);
      return true;
    }
    return long_integer(out);
  }
  /// An int, which has 32 bits.
  [[nodiscard, gnu::always_inline]] bool short_integer(std::int64_t& out) {
    return integer(out) && out >= std::numeric_limits<std::int32_t>::min() &&
           out <= std::numeric_limits<std::int32_t>::max();
  }
  [[nodiscard]] bool boolean(bool& out) {
    if (at_ == end_)
      return ended_early();
    if (static_cast<unsigned char>(*at_) > 1)
      return false;
    out = *at_++ != 0;
    return true;
  }
  [[nodiscard]] bool float32(double& out) {
    std::uint32_t bits = 0;
    if (!word(bits))
      return false;
    out = std::bit_cast<float>(bits);
    return true;
  }
  [[nodiscard]] bool float64(double& out) {
    std::uint64_t bits = 0;
    if (!word(bits))
      return false;
    out = std::bit_cast<double>(bits);
    return true;
  }
  /// bytes and string: a length, then as many bytes.
  [[nodiscard, gnu::always_inline]] bool bytes(std::string_view& out) {
    std::int64_t n = 0;
    return integer(n) && n >= 0 && fixed(static_cast<std::uint64_t>(n), out);
  }
  [[nodiscard, gnu::always_inline]] bool fixed(std::uint64_t size, std::string_view& out) {
    if (size > left())
      return ended_early();
    out = {at_, static_cast<std::size_t>(size)};
    at_ += size;
    return true;
  }
  [[nodiscard]] bool pass(std::uint64_t size) {
    if (size > left())
      return ended_early();
    at_ += size;
    return true;
  }
  /// A branch of a union, or an enum's symbol. One that is none of so many is in `out`, too.
  [[nodiscard, gnu::always_inline]] bool index(std::size_t count, std::size_t& out) {
    std::int64_t n = 0;
    if (!integer(n))
      return false;
    out = static_cast<std::size_t>(n);
    return out < count;
  }
  /// The head of a block of an array or a map. None are the last; `size` are the block's bytes, where it says them.
  [[nodiscard]] bool block(std::uint64_t& count, std::optional<std::uint64_t>& size) {
    std::int64_t n = 0;
    if (!integer(n) || n == std::numeric_limits<std::int64_t>::min())
      return false;
    size.reset();
    if (n < 0) {
      std::int64_t bytes = 0;
      if (!integer(bytes) || bytes < 0)
        return false;
      if (static_cast<std::uint64_t>(bytes) > left())
        return ended_early();
      size = static_cast<std::uint64_t>(bytes);
      n = -n;
    }
    count = static_cast<std::uint64_t>(n);
    return true;
  }
  /// Counts items that have no bytes; false where there are too many of them.
  [[nodiscard]] bool empty_items(std::uint64_t count) {
    empty_items_ += count;
    return count <= most_empty_items && empty_items_ <= most_empty_items;
  }

private:
  [[gnu::cold]] bool ended_early() {
    ended_ = true;
    return false;
  }
  static std::int64_t unzigzag(std::uint64_t v) { return static_cast<std::int64_t>(v >> 1 ^ (0 - (v & 1))); }
  template<class Word>
  [[nodiscard]] bool word(Word& out) {
    static_assert(std::endian::native == std::endian::little);
    if (left() < sizeof out)
      return ended_early();
    std::memcpy(&out, at_, sizeof out);
    at_ += sizeof out;
    return true;
  }
  /// The first byte is there, and says that another one follows.
  [[nodiscard]] bool long_integer(std::int64_t& out) {
    std::uint64_t v = static_cast<unsigned char>(*at_++) & 0x7FU;
    for (unsigned shift = 7; at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      v |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) {
        out = unzigzag(v);
        return shift < 63 || byte <= 1;  // the tenth byte has one bit
      }
      if (shift == 63)
        return false;
    }
    return ended_early();
  }

  const char* at_;
  const char* end_;
  std::uint64_t empty_items_ = 0;
  bool ended_ = false;
};

}  // namespace millrace::avro
