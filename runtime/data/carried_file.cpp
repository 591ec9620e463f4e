#include "runtime/data/carried_file.hpp"

#include "runtime/base/descriptor.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

namespace millrace::data {
namespace {

/// zlib's way to say that it reads and writes frames of gzip.
constexpr int gzip_frames = 15 + 16;
constexpr std::size_t block_size = std::size_t{64} << 10;

unexpected wrong(const file_kind& kind, std::string_view what) {
  return user_error(ec::invalid_argument,
                    fmt::format("is not a {} packed by gzip, in base64: {}", kind.what, what));
}

z_stream over(std::string_view bytes) {
  z_stream z{};
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
  z.avail_in = static_cast<uInt>(bytes.size());
  return z;
}

expected<std::string> bytes_of(const std::string& file, const file_kind& kind) {
  const descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about {};
  if (!opened.valid() || ::fstat(opened.get(), &about) != 0)
    return user_error(ec::not_found,
                      fmt::format("the {}'s file cannot be read: {}", kind.what, std::strerror(errno)));
  if (!S_ISREG(about.st_mode))
    return user_error(ec::invalid_argument,
                      fmt::format("the {} is not a regular file; expected {}", kind.what, kind.written_by));
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (size > kind.most_bytes)
    return user_error(ec::invalid_argument,
                      fmt::format("the {}'s file has {} MB; expected at most {} MB; remedy: {}", kind.what,
                                  size / 1'000'000, kind.most_bytes / 1'000'000, kind.remedy));
  std::string out(size, '\0');
  std::size_t got = 0;
  while (got < out.size()) {
    const auto n = ::read(opened.get(), out.data() + got, out.size() - got);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return outside_error(ec::io,
                           fmt::format("the {}'s file cannot be read: {}", kind.what, std::strerror(errno)));
    if (n == 0)
      break;
    got += static_cast<std::size_t>(n);
  }
  out.resize(got);
  return out;
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
  return std::string(carried_prefix) + base64(packed);
}

expected<std::string> bytes_carried(std::string_view text, const file_kind& kind) {
  const auto packed = from_base64(text.substr(std::min(text.size(), carried_prefix.size())));
  if (!is_carried(text) || !packed || packed->size() > kind.most_bytes)
    return wrong(kind, "it is cut off or damaged");
  auto z = over(*packed);
  if (inflateInit2(&z, gzip_frames) != Z_OK)
    throw std::bad_alloc();
  std::string out;
  std::array<char, block_size> block{};
  auto status = Z_OK;
  while (status == Z_OK && out.size() <= kind.most_bytes) {
    z.next_out = reinterpret_cast<Bytef*>(block.data());
    z.avail_out = static_cast<uInt>(block.size());
    status = inflate(&z, Z_NO_FLUSH);
    out.append(block.data(), block.size() - z.avail_out);
  }
  const bool has_more = z.avail_in != 0;
  inflateEnd(&z);
  if (out.size() > kind.most_bytes)
    return wrong(kind, fmt::format("it inflates to more than {} MB", kind.most_bytes / 1'000'000));
  if (status != Z_STREAM_END || has_more)
    return wrong(kind, "it is cut off or damaged");
  return out;
}

expected<std::string> file_or_carried(const std::string& file, const file_kind& kind) {
  return is_carried(file) ? bytes_carried(file, kind) : bytes_of(file, kind);
}

error about_file(const std::string& file, error e) {
  e.message =
      is_carried(file) ? fmt::format("the text {}", e.message) : fmt::format("{}: {}", file, e.message);
  return e;
}

std::string shown_file(std::string_view file) {
  return is_carried(file) ? std::string("in the topology's text") : std::string(file);
}

}  // namespace millrace::data
