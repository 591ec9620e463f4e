// Scalars of a datum: how each is read from its bytes, for columns and for JSON alike. Pure.
#pragma once

#include "runtime/avro/cursor.hpp"
#include "runtime/avro/resolution.hpp"
#include "runtime/base/decimal.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace millrace::avro {

struct date_value {
  std::int64_t days;
};
struct timestamp_value {
  std::int64_t micros;
};
struct null_value {};
/// A text may be one of the record's bytes, which need not be UTF-8, or one in the scratch of read_scalar().
using scalar_value = std::variant<null_value, bool, std::int64_t, double, std::string_view, decimal,
                                  date_value, timestamp_value>;

/// Reads a value that is neither a record, nor of several ones; false leaves `why` as the error.
[[nodiscard]] bool read_scalar(const reading& how, cursor& at, scalar_value& out, std::string& scratch,
                               std::string& why);

/// Says why the cursor could not read a value of that kind.
[[nodiscard]] std::string unreadable(kind k, const cursor& at);
/// The same of a union's branch.
[[nodiscard]] std::string no_branch(std::size_t branch, std::size_t count, const cursor& at);
/// The same of a block whose items do not have the bytes that it says, or have none.
[[nodiscard]] std::string wrong_block_size(kind k, std::uint64_t said, std::uint64_t found);
[[nodiscard]] std::string too_many_empty_items();

/// Reads an array or a map, each item or entry by `item`, which may fail. False leaves `why` as the error, unless the
/// item has failed.
template<class Item>
[[nodiscard]] bool read_blocks(kind k, cursor& at, std::string& why, Item item) {
  for (;;) {
    std::uint64_t count = 0;
    std::optional<std::uint64_t> size;
    if (!at.block(count, size)) {
      why = unreadable(k, at);
      return false;
    }
    if (count == 0)
      return true;
    const auto left = at.left();
    for (; count > 0; --count) {
      const auto* const place = at.place();
      if (!item())
        return false;
      if (at.place() == place && !at.empty_items(1)) {
        why = too_many_empty_items();
        return false;
      }
    }
    if (size && left - at.left() != *size) {
      why = wrong_block_size(k, *size, left - at.left());
      return false;
    }
  }
}

/// Whether the bytes are all of ASCII, without NUL: eight at a time.
[[nodiscard]] inline bool is_plain_text(std::string_view s) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  constexpr std::uint64_t highs = ones << 7;
  const char* p = s.data();
  const auto n = s.size();
  const auto odd = [](std::uint64_t v) { return ((v - ones) | v) & highs; };
  const auto word = [](const char* at) {
    std::uint64_t v = 0;
    std::memcpy(&v, at, sizeof v);
    return v;
  };
  if (n >= 8) {
    std::uint64_t found = odd(word(p + n - 8));
    for (std::size_t i = 0; i + 8 < n; i += 8)
      found |= odd(word(p + i));
    return found == 0;
  }
  if (n >= 4) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, p, 4);
    std::memcpy(&last, p + n - 4, 4);
    return odd(std::uint64_t{last} << 32 | first) == 0;
  }
  for (const char c : s)
    if (static_cast<signed char>(c) <= 0)
      return false;
  return true;
}

}  // namespace millrace::avro
