// Writes Avro object containers as other programs do, for tests of what reads them: any codec, any cut into blocks.
#pragma once

#include "runtime/avro/container.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <snappy.h>
#include <string>
#include <string_view>
#include <vector>
#include <zstd.h>

namespace millrace::test {

/// A number as Avro writes it.
inline std::string avro_number(std::int64_t value) {
  auto rest = static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63);
  std::string out;
  for (; rest > 0x7F; rest >>= 7U)
    out += static_cast<char>(rest | 0x80U);
  return out += static_cast<char>(rest);
}
inline std::string avro_text(std::string_view text) {
  return avro_number(static_cast<std::int64_t>(text.size())) + std::string(text);
}

inline const std::string test_sync = "sync marker, 16.";

inline std::string avro_head(std::string_view schema, std::string_view codec = "null") {
  return std::string(avro::container_magic) + avro_number(2) + avro_text("avro.schema") + avro_text(schema) +
         avro_text("avro.codec") + avro_text(codec) + avro_number(0) + test_sync;
}

inline std::string raw_deflate(std::string_view bytes) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, bytes.size()) + 32, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(out.size() - z.avail_out);
  deflateEnd(&z);
  return out;
}

inline std::string packed_block(std::string_view codec, std::string_view bytes) {
  if (codec == "deflate")
    return raw_deflate(bytes);
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
  return avro_number(static_cast<std::int64_t>(records)) + avro_text(packed_block(codec, bytes)) + test_sync;
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
