// Reads Protobuf's wire format front to back: tags, varints, fixed words and texts with a length. It copies nothing and
// never reads beyond its end. Pure.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace millrace::parser::protobuf {

/// The least significant three bits of a tag.
enum class wire : std::uint8_t { varint, fixed64, length, group, group_end, fixed32 };

/// Messages nest no deeper; it is the limit of Protobuf's own parsers.
inline constexpr std::uint32_t most_depth = 100;

struct tag {
  std::uint32_t number = 0;
  wire type = wire::varint;
};

class wire_reader {
public:
  explicit wire_reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] const char* at() const { return at_; }

  // Each of these returns false, and leaves the place undefined, where the bytes end or are malformed.

  [[nodiscard]] bool read_varint(std::uint64_t& out) {
    if (at_ != end_ && static_cast<signed char>(*at_) >= 0) [[likely]] {
      out = static_cast<unsigned char>(*at_++);
      return true;
    }
    return read_long_varint(out);
  }
  [[nodiscard]] bool read_fixed32(std::uint32_t& out) { return read_word(out); }
  [[nodiscard]] bool read_fixed64(std::uint64_t& out) { return read_word(out); }
  [[nodiscard]] bool read_bytes(std::string_view& out) {
    std::uint64_t length = 0;
    if (!read_varint(length) || length > static_cast<std::uint64_t>(end_ - at_))
      return false;
    out = {at_, static_cast<std::size_t>(length)};
    at_ += length;
    return true;
  }
  /// A number below 1 or a type that does not exist is malformed.
  [[nodiscard]] bool read_tag(tag& out) {
    std::uint64_t v = 0;
    if (!read_varint(v) || v > 0xFFFF'FFFF || v < 8 || (v & 7) > static_cast<std::uint64_t>(wire::fixed32))
      return false;
    out = {static_cast<std::uint32_t>(v >> 3), static_cast<wire>(v & 7)};
    return true;
  }
  /// Skips the value behind this tag; the end of a group is none.
  [[nodiscard]] bool skip(const tag& of) {
    switch (of.type) {
    case wire::varint: {
      std::uint64_t ignored = 0;
      return read_varint(ignored);
    }
    case wire::fixed64:
      return skip_bytes(8);
    case wire::fixed32:
      return skip_bytes(4);
    case wire::length: {
      std::string_view ignored;
      return read_bytes(ignored);
    }
    case wire::group: {
      std::string_view ignored;
      return read_group(of.number, ignored);
    }
    case wire::group_end:
      break;
    }
    return false;
  }
  /// What stands between the tag of a group, which was read, and its end, which is read too.
  [[nodiscard]] bool read_group(std::uint32_t number, std::string_view& out) {
    std::uint32_t open[most_depth];
    std::uint32_t depth = 0;
    open[depth++] = number;
    const auto* const first = at_;
    for (;;) {
      const auto* const here = at_;
      tag t;
      if (!read_tag(t))
        return false;
      if (t.type == wire::group) {
        if (depth == most_depth)
          return false;
        open[depth++] = t.number;
      } else if (t.type == wire::group_end) {
        if (open[--depth] != t.number)
          return false;
        if (depth == 0) {
          out = {first, static_cast<std::size_t>(here - first)};
          return true;
        }
      } else if (!skip(t)) {
        return false;
      }
    }
  }

private:
  [[nodiscard]] bool read_long_varint(std::uint64_t& out) {
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 70 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      v |= static_cast<std::uint64_t>(byte & 0x7F)
           << shift;  // bits beyond 64 are lost, as Protobuf's parsers have it
      if (byte < 0x80) {
        out = v;
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool skip_bytes(std::size_t n) {
    if (static_cast<std::size_t>(end_ - at_) < n)
      return false;
    at_ += n;
    return true;
  }
  template<class Word>
  [[nodiscard]] bool read_word(Word& out) {
    static_assert(std::endian::native == std::endian::little);
    const auto* const from = at_;
    if (!skip_bytes(sizeof out))
      return false;
    std::memcpy(&out, from, sizeof out);
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace millrace::parser::protobuf
