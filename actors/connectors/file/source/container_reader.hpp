// Records of one Avro object container: each is the bytes of one datum, whose end the schema in the file's head tells. A
// position is the number of the record in the file.
#pragma once

#include "actors/connectors/file/source/container_file.hpp"
#include "actors/connectors/file/source/record_reader.hpp"
#include "runtime/avro/schema.hpp"

#include <memory>
#include <optional>
#include <string>

namespace millrace::source {

class container_reader final : public record_reader {
public:
  /// Begins with record `from`, which it finds by the heads of the blocks before; their bytes stay packed. Positions are
  /// (major, number). ec::mismatch: the file has fewer records.
  [[nodiscard]] static expected<std::unique_ptr<container_reader>>
  open(const std::string& path, std::uint64_t length, std::int64_t major, std::uint64_t from);

  /// A record that does not end within its block, or the last one where it does not end with it, is cut: it is the rest of the
  /// block, whose records are not known, and its error says how many. Reading goes on with the next block.
  expected<bool> read(chunk& out, std::size_t max_bytes) override;
  std::uint64_t offset() const override { return at_ < block_.size() ? current_.at : file_.offset(); }

private:
  container_reader(container_file file, std::int64_t major) : file_(std::move(file)), major_(major) {}
  [[nodiscard]] position next() const { return {major_, static_cast<std::int64_t>(number_)}; }
  [[nodiscard]] expected<void> find(std::uint64_t from);
  [[nodiscard]] static std::size_t size_of(const chunk& c);
  /// Unpacks the block.
  [[nodiscard]] expected<void> enter(const container_file::block& b);
  /// The length of the next record of the block; none where it does not end as it has to.
  [[nodiscard]] std::optional<std::size_t> next_length() const;
  /// Takes records of the block while there is room.
  void take(chunk& out, std::size_t max_bytes);
  void add(chunk& out, std::size_t begin, std::size_t length) const;
  void refuse_rest(chunk& out);
  /// Goes on behind the block, whatever is left of it.
  void leave();

  container_file file_;
  std::int64_t major_;
  avro::schema_ptr schema_;
  std::shared_ptr<const record_schemas> schemas_;
  container_file::block current_;
  std::string block_;         // unpacked
  std::size_t at_ = 0;        // where its next record begins
  std::uint64_t left_ = 0;    // its records from there on
  std::uint64_t number_ = 0;  // of the next record in the file
  std::uint64_t broken_blocks_ = 0;
  std::optional<error> failed_;
};

}  // namespace millrace::source
