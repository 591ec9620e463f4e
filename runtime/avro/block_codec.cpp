#include "runtime/avro/block_codec.hpp"

#include "runtime/avro/container.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <snappy.h>
#include <utility>
#include <zstd.h>

namespace millrace::avro {
namespace {

constexpr std::size_t first_room = std::size_t{64} << 10U;
constexpr std::size_t most_behind_deflate = 4;

unexpected wrong_block(std::string_view codec, std::string_view why) {
  return user_error(ec::corrupt, fmt::format("the block's bytes are not what {} makes: {}", codec, why));
}

/// Makes room behind `filled` bytes; false: as much as may be is there already.
bool make_room(std::string& out, std::size_t filled, std::size_t packed) {
  if (filled < out.size())
    return true;
  // One byte beyond the limit tells what is longer.
  const auto room = std::min(longest_block + 1, std::max({first_room, packed * 2, out.size() * 2}));
  if (room == out.size())
    return false;
  if (room > out.capacity()) {
    std::string more;  // a string that grows by itself takes twice as much
    more.reserve(room);
    more.assign(out, 0, filled);
    out = std::move(more);
  }
  out.resize(room);
  return true;
}

expected<void> cut_to(std::string& out, std::size_t filled) {
  if (filled > longest_block)
    return too_large_block();
  out.resize(filled);
  return {};
}

}  // namespace

unexpected too_large_block() {
  return user_error(
      ec::unsupported,
      fmt::format("the block has more than {} MiB when it is unpacked; write the file anew with "
                  "smaller blocks",
                  longest_block >> 20U));
}

expected<void> inflate_block(std::string_view packed, std::string& out) {
  z_stream z{};
  if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
    return our_error("zlib does not start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> ended(&z, &inflateEnd);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  std::size_t filled = 0;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    if (!make_room(out, filled, packed.size()))
      return too_large_block();
    z.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
    z.avail_out = static_cast<uInt>(out.size() - filled);
    status = inflate(&z, Z_NO_FLUSH);
    filled = out.size() - z.avail_out;
    if (status == Z_BUF_ERROR || (status == Z_OK && z.avail_in == 0 && z.avail_out > 0))
      return wrong_block("deflate", "they have no end");
    if (status != Z_OK && status != Z_STREAM_END)
      return wrong_block("deflate", z.msg == nullptr ? "zlib does not take them" : z.msg);
  }
  if (z.avail_in > most_behind_deflate)
    return wrong_block("deflate", fmt::format("{} more bytes follow behind their end", z.avail_in));
  return cut_to(out, filled);
}

expected<void> unsnap_block(std::string_view packed, std::string& out) {
  constexpr std::size_t crc_bytes = 4;
  if (packed.size() < crc_bytes)
    return wrong_block("snappy", "no checksum follows");
  const auto body = packed.substr(0, packed.size() - crc_bytes);
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(body.data(), body.size(), &size))
    return wrong_block("snappy", "they do not begin with a length");
  if (size > longest_block)
    return too_large_block();
  out.resize(size);
  if (!snappy::RawUncompress(body.data(), body.size(), out.data()))
    return wrong_block("snappy", "the library does not take them");
  std::uint32_t said = 0;
  for (const char c : packed.substr(body.size()))
    said = said << 8U | static_cast<unsigned char>(c);
  if (crc32_z(0, reinterpret_cast<const Bytef*>(out.data()), out.size()) != said)
    return wrong_block("snappy", "their checksum is another");
  return {};
}

expected<void> unpack_zstandard_block(std::string_view packed, std::string& out) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), &ZSTD_freeDCtx);
  if (!context)
    return our_error("zstandard does not start");
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t filled = 0;
  for (std::size_t more = 0; in.pos < in.size || more != 0;) {
    if (!make_room(out, filled, packed.size()))
      return too_large_block();
    ZSTD_outBuffer to{out.data(), out.size(), filled};
    const auto before = in.pos;
    more = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(more) != 0)
      return wrong_block("zstandard", ZSTD_getErrorName(more));
    if (in.pos == in.size && in.pos == before && to.pos == filled && more != 0)
      return wrong_block("zstandard", "they have no end");
    filled = to.pos;
  }
  return cut_to(out, filled);
}

}  // namespace millrace::avro
