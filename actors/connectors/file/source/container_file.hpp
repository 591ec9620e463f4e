// An Avro object container as a file: its head, and its blocks one after another, each of which is read or passed over. An
// error says the file and the byte. The reader of its records owns one; what is new since a run's end is found by another.
#pragma once

#include "actors/connectors/file/source/container_bytes.hpp"
#include "runtime/avro/container.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace millrace::source {

class container_file {
public:
  /// Reads the head. The file ends at `length` (of the file), however it grows. ec::unsupported or ec::corrupt with
  /// fault::user: it is no container, one that is not read, or cut off within its head.
  [[nodiscard]] static expected<container_file> open(const std::string& path, std::uint64_t length);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const avro::container_head& head() const { return head_; }

  struct block {
    std::uint64_t at = 0;  // the first byte of its head
    avro::block_head head{};
  };
  /// The head of the next block; none at the end of the file. unpack() or pass() comes behind it. ec::corrupt: the file is cut
  /// off or damaged there.
  [[nodiscard]] expected<std::optional<block>> next();
  /// Puts what the block holds in the place of `out`.
  [[nodiscard]] expected<void> unpack(const block& b, std::string& out);
  /// Goes on behind the block, which has its end there.
  [[nodiscard]] expected<void> pass(const block& b);
  /// Where the next block begins.
  [[nodiscard]] std::uint64_t offset() const { return bytes_.at(); }
  [[nodiscard]] std::string place(std::uint64_t at) const { return bytes_.place(at); }

private:
  container_file(container_bytes bytes, std::string path)
      : bytes_(std::move(bytes)), path_(std::move(path)) {}
  [[nodiscard]] expected<void> read_head();
  [[nodiscard]] unexpected at(std::uint64_t place, error e) const;
  [[nodiscard]] unexpected cut_off(std::string_view what, std::uint64_t begin) const;
  [[nodiscard]] expected<void> check_sync(const block& b, std::string_view sync) const;

  container_bytes bytes_;
  std::string path_;
  avro::container_head head_;
};

/// Refuses a file that is no container, which a run would end at, before anything of it is kept. A file that is cut off in its
/// head, or cannot be read, is told when its turn comes.
[[nodiscard]] expected<void> check_is_container(const std::string& path, std::uint64_t length);
/// The number of records of all of its blocks, by their heads.
[[nodiscard]] expected<std::uint64_t> count_records(const std::string& path, std::uint64_t length);

}  // namespace millrace::source
