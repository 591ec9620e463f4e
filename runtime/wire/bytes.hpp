// Bytes of millrace's own formats: little-endian fixed numbers, LEB128 varints (signed ones zig-zag),
// length-prefixed strings. A reader never reads past its end: after the first failure it yields zeros and
// ok() is false.
#pragma once

#include "runtime/base/ids.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace::wire {

static_assert(std::endian::native == std::endian::little, "fixed numbers are copied as they lie in memory");

class writer {
public:
  writer() = default;
  /// Writes into the memory of a string that is no longer needed; its content goes.
  explicit writer(std::string used) : bytes_(std::move(used)) { bytes_.clear(); }
  template<class T>
  requires std::is_arithmetic_v<T>
  void fixed(T v) {
    char raw[sizeof(T)];
    std::memcpy(raw, &v, sizeof(T));
    bytes_.append(raw, sizeof(T));
  }
  void varint(std::uint64_t v) {
    if (v < 0x80)
      return bytes_.push_back(static_cast<char>(v));
    char raw[10];  // 64 bits, 7 in each
    std::size_t n = 0;
    for (; v >= 0x80; v >>= 7)
      raw[n++] = static_cast<char>(v | 0x80);
    raw[n++] = static_cast<char>(v);
    bytes_.append(raw, n);
  }
  void svarint(std::int64_t v) {
    varint(static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63));
  }
  void string(std::string_view s) {
    varint(s.size());
    bytes_.append(s);
  }
  void raw(std::string_view s) { bytes_.append(s); }
  /// Room for so many more bytes: they come without a copy of those that are there.
  void expect(std::size_t bytes) {
    if (bytes > bytes_.capacity() - bytes_.size())
      bytes_.reserve(std::max(bytes_.size() + bytes, 2 * bytes_.capacity()));
  }
  void put(position p) {
    fixed(p.major);
    fixed(p.minor);
  }
  void put(const mark& m) {
    put(m.at);
    fixed(m.watermark);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

private:
  std::string bytes_;
};

class reader {
public:
  explicit reader(std::string_view bytes) : rest_(bytes) {}
  template<class T>
  requires std::is_arithmetic_v<T> T fixed() {
    T v{};
    if (const auto raw = take(sizeof(T)); !raw.empty())
      std::memcpy(&v, raw.data(), sizeof(T));
    return v;
  }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto raw = take(1);
      if (raw.empty())
        return 0;
      const auto b = static_cast<unsigned char>(raw.front());
      v |= static_cast<std::uint64_t>(b & 0x7F) << shift;
      if (b < 0x80)
        return v;
    }
    fail();
    return 0;
  }
  std::int64_t svarint() {
    const auto v = varint();
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
  }
  /// Valid as long as the bytes that the reader was given.
  std::string_view string() { return take(varint()); }
  std::string_view raw(std::size_t n) { return take(n); }
  position read_position() {
    const auto major = fixed<std::int64_t>();
    return {major, fixed<std::int64_t>()};
  }
  mark read_mark() {
    const auto at = read_position();
    return {at, fixed<std::int64_t>()};
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

private:
  std::string_view take(std::uint64_t n) {
    if (n > rest_.size()) {
      fail();
      return {};
    }
    const auto part = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return part;
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace millrace::wire
