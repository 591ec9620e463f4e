// The content of a file front to back, plain or inflated, of which parts can be passed over without reading them where it
// is plain. Blocks of containers are found by it.
#pragma once

#include "actors/connectors/file/source/byte_stream.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::source {

class container_bytes {
public:
  /// The file ends at `length` (of the file), however it grows.
  [[nodiscard]] static expected<container_bytes> open(const std::string& path, std::uint64_t length);

  /// The next bytes, up to `size`, less only at the end; valid until the next call. ec::mismatch: a plain file has become
  /// shorter than `length`.
  [[nodiscard]] expected<std::string_view> look(std::size_t size);
  /// Goes on behind the next bytes; the end may be before.
  [[nodiscard]] expected<void> pass(std::uint64_t size);
  [[nodiscard]] std::uint64_t at() const { return at_; }
  /// Names a place for messages: "byte 7".
  [[nodiscard]] std::string place(std::uint64_t at) const;

private:
  container_bytes(open_file file, std::uint64_t length) : file_(std::move(file)), length_(length) {}
  [[nodiscard]] expected<std::size_t> read(std::uint64_t at, char* to, std::size_t size);

  open_file file_;
  std::uint64_t length_;
  std::unique_ptr<byte_stream> inflated_;  // none: the file is plain
  std::uint64_t at_ = 0;
  std::string ahead_;  // bytes from at_ - begin_ on
  std::size_t begin_ = 0;
};

}  // namespace millrace::source
