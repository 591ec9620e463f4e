// Keys as bytes: one encoding for equality, hash, order and disk. Comparing two encoded keys as unsigned
// bytes orders them by their columns from left to right, nulls last (a null is a group of its own and equals
// no value).
//   null       0x02
//   present    0x01, then   boolean 1 byte | bigint, timestamp 8 bytes big-endian, sign flipped
//                           double 8 bytes big-endian, order-preserving, -0 as 0, one NaN (greatest)
//                           text, json: bytes with 0x00 as 0x00 0xFF, ended by 0x00 0x00
//                           numeric: 0x80 for 0; of 0.d1d2... * 100^n, the digits of base 100, 0xC0 + n, then each digit + 1
//                           up to the last that is not 0, then 0x00; all bytes inverted where it is negative
// Equal numerics of different scales have one encoding, and so are one key: it gives 1.5 for 1.50, and all digits of s for a
// numeric(p,s).
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace::data {

/// A null begins with this, a value never.
inline constexpr char absent_key = 0x02;
/// Appends row's value of one column. Nested columns are no keys.
void append_key(std::string& out, const column& c, std::size_t row);
/// The hash that places a key in its slot: XXH3 of the encoded bytes. Part of the disk format.
[[nodiscard]] std::uint64_t hash_key(std::string_view encoded);
/// Reads one encoded value from the front of `encoded` into the builder (whose type it must be).
[[nodiscard]] expected<void> decode_key(std::string_view& encoded, column_builder& out);
/// Reads one encoded numeric, at the least scale it has; none for a null.
[[nodiscard]] expected<std::optional<decimal>> decode_numeric(std::string_view& encoded);
/// Takes one encoded value of that type from the front; false where decode_key would give an error.
[[nodiscard]] bool skip_key(std::string_view& encoded, const type& t);
/// Returns whether each part of `encoded` is one encoded value of that type: skip_key() takes it, and no byte
/// is left. The parts stand one after the other; part i ends at ends[i], the last one with `encoded`. `ends`
/// may be wrong in any way.
[[nodiscard]] bool are_keys(std::string_view encoded, std::span<const std::uint32_t> ends, const type& t);
/// Returns whether they ascend to the end of `encoded`, so that each part lies in it.
[[nodiscard]] bool are_ends(std::string_view encoded, std::span<const std::uint32_t> ends);

}  // namespace millrace::data
