// Writes Avro object containers as other programs do, for tests of what reads them: any codec, any cut into blocks.
#pragma once

#include "runtime/avro/container.hpp"
#include "tests/support/avro_bytes.hpp"
#include "tests/support/deflated.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <snappy.h>
#include <string>
#include <string_view>
#include <vector>
#include <zstd.h>

namespace millrace::test {

inline const std::string test_sync = "sync marker, 16.";

inline std::string avro_head(std::string_view schema, std::string_view codec = "null") {
  return std::string(avro::container_magic) + avro_long(2) + avro_text("avro.schema") + avro_text(schema) +
         avro_text("avro.codec") + avro_text(codec) + avro_long(0) + test_sync;
}

inline std::string packed_block(std::string_view codec, std::string_view bytes) {
  if (codec == "deflate")
    return deflated(bytes, raw_window);
  if (codec == "snappy") {
    std::string out;
    snappy::Compress(bytes.data(), bytes.size(), &out);
    const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    for (int shift = 24; shift >= 0; shift -= 8)
      out += static_cast<char>(crc >> static_cast<unsigned>(shift));
    return out;
  }
  if (codec == "zstandard") {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
    return out;
  }
  return std::string(bytes);
}

/// A block that says it has `records` records, in `bytes`.
inline std::string avro_block(std::size_t records, std::string_view bytes, std::string_view codec = "null") {
  return avro_long(static_cast<std::int64_t>(records)) + avro_text(packed_block(codec, bytes)) + test_sync;
}

/// A container of these records, so many in a block.
inline std::string avro_container(std::string_view schema, const std::vector<std::string>& records,
                                  std::size_t a_block, std::string_view codec = "null") {
  auto out = avro_head(schema, codec);
  for (std::size_t at = 0; at < records.size(); at += a_block) {
    std::string bytes;
    const auto end = std::min(records.size(), at + a_block);
    for (auto i = at; i < end; ++i)
      bytes += records[i];
    out += avro_block(end - at, bytes, codec);
  }
  return out;
}

}  // namespace millrace::test
