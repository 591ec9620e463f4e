// Records of one file that stand behind their lengths, each a varint, as chunks. Positions are offsets of the lengths, as
// those of lines are.
#pragma once

#include "actors/connectors/file/source/byte_stream.hpp"
#include "actors/connectors/file/source/record_reader.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::source {

/// A longer length is none: four bytes say more than the longest record has.
inline constexpr std::size_t longest_length = 5;

class delimited_reader final : public record_reader {
public:
  /// `stream` begins at `offset`, where a record's length stands. Positions are (major, offset).
  delimited_reader(std::unique_ptr<byte_stream> stream, std::string path, std::int64_t major,
                   std::uint64_t offset)
      : stream_(std::move(stream)), path_(std::move(path)), major_(major), offset_(offset) {}

  /// A record longer than `longest_line` is passed over in steps, without records and without moving on, and its beginning is
  /// given, cut, when its end is found. ec::corrupt: no length stands there, or the file is cut off within a record.
  expected<bool> read(chunk& out, std::size_t max_bytes) override;
  std::uint64_t offset() const override { return offset_; }

private:
  struct record_head {
    std::size_t bytes = 0;  // of the length itself
    std::uint64_t length = 0;
  };
  /// None: more bytes are needed.
  [[nodiscard]] expected<std::optional<record_head>> head_at(std::string_view text,
                                                             std::uint64_t offset) const;
  /// Reads until `bytes` are full or the stream has ended; returns the number of bytes.
  [[nodiscard]] std::size_t fill(std::string& bytes, std::size_t filled, bool& ended);
  /// Adds the whole records of `text`, and returns where the first one begins that is not whole.
  [[nodiscard]] std::size_t split(chunk& out, std::string_view text);
  void add(chunk& out, std::size_t begin, std::string_view record, std::size_t head) const;
  [[nodiscard]] expected<bool> pass_over(chunk& out);
  /// `there`: the bytes of the record and its length that the file has.
  [[nodiscard]] unexpected cut_off(const std::optional<record_head>& head, std::uint64_t there) const;
  [[nodiscard]] position next() const { return {major_, static_cast<std::int64_t>(offset_)}; }

  std::unique_ptr<byte_stream> stream_;
  std::string path_;
  std::int64_t major_;
  std::uint64_t offset_;
  std::string carry_;  // the beginning of a record, from offset_ on
  struct long_record {
    std::uint64_t size = 0;    // with its length
    std::uint64_t passed = 0;  // of that
  };
  std::optional<long_record> passed_over_;  // its first bytes are the carry
  std::optional<error> failed_;             // comes behind the records before
};

}  // namespace millrace::source
