// The staging file: committed rows that are in no visible file yet, so that a crash loses none of them
// although a Parquet file cannot be read before its end. Of each batch: length u32, checksum u64 (XXH3), the
// batch as wire/batch_format encodes it. Used under the side file's lock.
#pragma once

#include "actors/sink/data_file.hpp"
#include "runtime/data/batch.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace millrace::sink {

class staged_rows {
public:
  explicit staged_rows(std::filesystem::path path) : path_(std::move(path)) {}

  /// Cuts the file back to the committed length; makes it where nothing is committed. ec::not_found or
  /// mismatch where committed rows are missing.
  [[nodiscard]] expected<void> open(std::uint64_t committed);
  /// Adds rows to what waits in memory.
  void add(const data::batch& rows);
  /// Bytes that wait in memory.
  [[nodiscard]] std::size_t waiting() const { return buffer_.size(); }
  /// Appends what waits. ec::not_found or mismatch when the file was removed or changed by others.
  [[nodiscard]] expected<void> flush();
  [[nodiscard]] expected<void> sync() const { return file_->sync(); }
  /// Bytes in the file and waiting.
  [[nodiscard]] std::uint64_t length() const { return length_ + buffer_.size(); }
  /// Empties it, and what waits.
  [[nodiscard]] expected<void> clear();
  /// Every batch in the file, in order. ec::corrupt for bytes that fail their checksum.
  [[nodiscard]] expected<void> read(const std::function<expected<void>(const data::batch&)>& each) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
  std::optional<data_file> file_;
  std::string buffer_;
  std::uint64_t length_ = 0;
};

}  // namespace millrace::sink
