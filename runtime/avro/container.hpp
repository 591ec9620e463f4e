// Avro's object container files: a head (magic, the writer's schema, the codec, a sync marker), then blocks of records,
// each packed by the codec and followed by the marker. Pure: it takes bytes and gives what they say; who reads the file says where.
//   head   "Obj" 1, a map of metadata (avro.schema, avro.codec), 16 bytes of sync marker
//   block  number of records, bytes (both as zigzag varints), the bytes, the sync marker
#pragma once

#include "runtime/base/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::avro {

inline constexpr std::string_view container_magic{"Obj\x01", 4};
/// A schema that a program reads for each file is smaller by far.
inline constexpr std::size_t longest_head = std::size_t{5} << 20U;
/// A block is in memory whole, packed and unpacked. Writers make them of some ten or hundred KiB.
inline constexpr std::size_t longest_block = std::size_t{64} << 20U;
/// Records may have no bytes at all (a schema of nulls), so that their number is bounded apart.
inline constexpr std::uint64_t most_block_records = std::uint64_t{64} << 20U;

enum class codec : std::uint8_t { null, deflate, snappy, zstandard };
using sync_marker = std::array<char, 16>;

struct container_head {
  std::string schema;  // JSON
  codec packed_by = codec::null;
  sync_marker sync{};
  std::size_t size = 0;  // in the file
};
/// Reads the head that `bytes` begin with; none: more bytes are needed. ec::corrupt: they are no head; ec::unsupported: its
/// codec is none of ours, or it is too long.
[[nodiscard]] expected<std::optional<container_head>> read_container_head(std::string_view bytes);

/// Bytes enough for every head of a block.
inline constexpr std::size_t longest_block_head = 20;
struct block_head {
  std::uint64_t records = 0;
  std::uint64_t packed = 0;  // bytes, without the sync marker behind them
  std::size_t size = 0;      // of the head itself
};
/// Reads the head of a block likewise.
[[nodiscard]] expected<std::optional<block_head>> read_block_head(std::string_view bytes);

/// Puts what a block's bytes are unpacked to in the place of `out`; its storage is used again. ec::corrupt: they are no such
/// bytes, or their checksum is another; ec::unsupported: they are more than `longest_block`.
[[nodiscard]] expected<void> unpack_block(codec by, std::string_view packed, std::string& out);

}  // namespace millrace::avro
