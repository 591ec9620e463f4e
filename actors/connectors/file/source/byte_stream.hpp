// A file's bytes front to back, plain or inflated, decoded to UTF-8 where they are in another encoding. One log owns it on
// its thread; offsets count the bytes that it gives.
#pragma once

#include "runtime/base/descriptor.hpp"
#include "runtime/base/error.hpp"
#include "runtime/data/text_decoder.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace millrace::source {

class byte_stream {
public:
  virtual ~byte_stream() = default;
  /// Reads up to `size` bytes, less only at the end; 0 there. ec::corrupt once all that can be inflated was
  /// given. An error stays.
  [[nodiscard]] virtual expected<std::size_t> read(char* to, std::size_t size) = 0;
};

/// Some lines that a stream begins with.
struct passed_lines {
  std::size_t lines = 0;    // that have an end
  std::uint64_t whole = 0;  // their bytes
  std::uint64_t all = 0;    // those, and of a line without an end where the stream ends before
};
/// Reads over so many lines, or to the end.
[[nodiscard]] expected<passed_lines> pass_lines(byte_stream& stream, std::size_t lines);

class open_file {
public:
  /// ec::not_found or ec::refused with fault::user, ec::io otherwise; the text names the file.
  [[nodiscard]] static expected<open_file> open(const std::string& path);
  /// Another descriptor of the same file, even if it was renamed.
  [[nodiscard]] expected<open_file> duplicate() const;
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Bytes from `offset`, as many as there are up to `size`.
  [[nodiscard]] expected<std::size_t> read_at(std::uint64_t offset, char* to, std::size_t size) const;

private:
  open_file(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  descriptor fd_;
  std::string path_;
};

/// Returns whether the content begins as gzip does (the name does not matter).
[[nodiscard]] expected<bool> is_gzip(const open_file& file);

/// The count of zero bytes that the content begins with, and whether another byte follows them. `known`: this
/// many are zero.
struct zero_bytes {
  std::uint64_t count = 0;
  bool is_followed = false;
};
[[nodiscard]] expected<zero_bytes> leading_zeros(const open_file& file, std::uint64_t known);

/// Opens the content from `offset` on. Content that is packed otherwise than by gzip is ec::unsupported with fault::user
/// where it is read from its beginning. A file ends at `length` (of the file) where one is given,
/// however it grows; a plain one that ends before is ec::mismatch. A gzip file is inflated from its beginning, all
/// members as one, and a file in another encoding than UTF-8 is decoded from there; fault::user where its
/// first bytes show that it is in none such.
[[nodiscard]] expected<std::unique_ptr<byte_stream>> open_stream(open_file file, std::uint64_t offset,
                                                                 std::optional<std::uint64_t> length,
                                                                 data::encoding from = data::encoding::utf_8);

}  // namespace millrace::source
