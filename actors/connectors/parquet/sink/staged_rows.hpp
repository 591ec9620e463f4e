// The staging file: committed rows that are in no visible file yet, so that a crash loses none of them
// although a Parquet file cannot be read before its end. Used under the side file's lock.
//   of each batch: length u32, checksum u64 (XXH3), the batch as wire/batch_format encodes it, zeros up to 16
//   bytes behind the last batch of a commit: zeros up to 4 KiB, so that no later write touches what is
//   committed
// It is written, and hardly ever read: past the page cache where the file system allows it, which takes half
// the CPU of writing, and over itself once its rows are published.
#pragma once

#include "actors/stream/sink/files/side_file.hpp"
#include "runtime/data/batch.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace millrace::sink {

class staged_rows {
public:
  explicit staged_rows(std::filesystem::path path) : path_(std::move(path)) {}

  /// Goes on behind the committed length; makes the file where nothing is committed. ec::not_found or
  /// mismatch where committed rows are missing.
  [[nodiscard]] expected<void> open(std::uint64_t committed);
  /// Adds rows to what waits in memory.
  void add(const data::batch& rows);
  /// Bytes that wait in memory.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  /// Bytes of rows added since open() or restart().
  [[nodiscard]] std::uint64_t added() const { return added_; }
  /// Writes what waits, but for a part of a block. ec::not_found or mismatch when the file was removed or cut
  /// by others.
  [[nodiscard]] expected<void> flush();
  /// Writes all that waits; what is there now can be committed. `durable`: waits for the disk.
  [[nodiscard]] expected<std::uint64_t> complete(bool durable);
  /// No row is staged any more: the next rows are written over the old ones.
  void restart();
  /// No row is staged, and none will be soon: gives the disk's room back.
  void empty();
  /// Every batch up to the committed length, in order. ec::corrupt for bytes that fail their checksum.
  [[nodiscard]] expected<void> read(std::uint64_t committed,
                                    const std::function<expected<void>(const data::batch&)>& each) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  struct release {
    void operator()(char* memory) const { std::free(memory); }
  };
  void append(std::string_view bytes, std::size_t zeros);
  [[nodiscard]] expected<void> write(std::size_t size);
  [[nodiscard]] expected<void> look_at_path() const;

  std::filesystem::path path_;
  descriptor fd_;
  bool direct_ = false;
  std::unique_ptr<char, release> memory_;  // aligned as direct writes want it
  std::size_t capacity_ = 0;
  std::size_t waiting_ = 0;
  std::uint64_t at_ = 0;  // where in the file what waits belongs; a multiple of a block
  std::uint64_t added_ = 0;
  std::string encoded_;
};

}  // namespace millrace::sink
