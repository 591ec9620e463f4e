#include "runtime/model/carried.hpp"

#include "runtime/data/text_encoding.hpp"
#include "runtime/model/read_model.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>

namespace millrace::model {
namespace {

/// zlib's way to say that it reads and writes frames of gzip.
constexpr int gzip_frames = 15 + 16;
constexpr std::size_t block_size = std::size_t{64} << 10;

unexpected wrong(std::string_view what) {
  return user_error(ec::invalid_argument, fmt::format("is no model packed by gzip, in base64: {}", what));
}

z_stream over(std::string_view bytes) {
  z_stream z{};
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
  z.avail_in = static_cast<uInt>(bytes.size());
  return z;
}

}  // namespace

std::string carried(std::string_view bytes) {
  auto z = over(bytes);
  constexpr int memory_level = 8;
  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_frames, memory_level, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    throw std::bad_alloc();
  std::string packed(deflateBound(&z, static_cast<uLong>(bytes.size())), '\0');
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  deflate(&z, Z_FINISH);
  packed.resize(z.total_out);
  deflateEnd(&z);
  return std::string(carried_prefix) + data::base64(packed);
}

expected<std::string> bytes_carried(std::string_view text) {
  const auto packed = data::from_base64(text.substr(std::min(text.size(), carried_prefix.size())));
  if (!is_carried(text) || !packed || packed->size() > most_bytes)
    return wrong("it is cut off or damaged");
  auto z = over(*packed);
  if (inflateInit2(&z, gzip_frames) != Z_OK)
    throw std::bad_alloc();
  std::string out;
  std::array<char, block_size> block{};
  auto status = Z_OK;
  while (status == Z_OK && out.size() <= most_bytes) {
    z.next_out = reinterpret_cast<Bytef*>(block.data());
    z.avail_out = static_cast<uInt>(block.size());
    status = inflate(&z, Z_NO_FLUSH);
    out.append(block.data(), block.size() - z.avail_out);
  }
  const bool has_more = z.avail_in != 0;
  inflateEnd(&z);
  if (out.size() > most_bytes)
    return wrong(fmt::format("it inflates to more than {} MB", most_bytes / 1'000'000));
  if (status != Z_STREAM_END || has_more)
    return wrong("it is cut off or damaged");
  return out;
}

std::string shown_file(std::string_view file) {
  return is_carried(file) ? std::string("in the topology's text") : std::string(file);
}

}  // namespace millrace::model
