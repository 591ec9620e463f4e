// Lines of one file as chunks of records: one large read into the chunk's own buffer, then a scan for line
// feeds; no copy or allocation for a record. The file source's readers own one for the file that they are in.
#pragma once

#include "actors/connectors/file/source/byte_stream.hpp"
#include "actors/connectors/file/source/record_end.hpp"
#include "actors/stream/source/source.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace millrace::source {

/// A line ends with LF or CR LF, which is no part of the record. Other framings than lines: record_end.hpp.
class line_reader {
public:
  /// `stream` begins at `offset`, the beginning of a line. Positions are (major, offset).
  line_reader(std::unique_ptr<byte_stream> stream, std::string path, std::int64_t major, std::uint64_t offset,
              framing frame = {})
      : stream_(std::move(stream)), path_(std::move(path)), major_(major), offset_(offset), frame_(frame) {}

  /// The next lines, about `max_bytes` of them (a longer line comes whole), with from, to and topic; true at
  /// the end of the stream. There, an unterminated last line is a record if `complete`, else it is kept for
  /// when the file has grown, as is a record whose quote or value is open. Over a line that is too long it goes in steps, without records and without
  /// moving on: its beginning is given when its end is found, so that no position lies within it. ec::corrupt comes behind
  /// all records that have an end; the piece at the end of what could be read is none.
  [[nodiscard]] expected<bool> read(chunk& out, std::size_t max_bytes, bool complete);

  /// The position at which the next line begins.
  [[nodiscard]] position next() const { return {major_, static_cast<std::int64_t>(offset_)}; }
  /// Bytes after next() that are read and not yet a line.
  [[nodiscard]] std::uint64_t unfinished() const { return passed_ != 0 ? passed_ : carry_.size(); }
  /// These bytes, as far as they are kept.
  [[nodiscard]] std::string_view unfinished_text() const { return carry_; }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  /// Splits up to `end`, which follows a line feed or is the end of all (`is_all`); returns how far it came.
  [[nodiscard]] std::size_t split(chunk& out, std::size_t end, bool is_all);
  /// Adds lines from `from` on up to one that asks for a closer look (a quote, no line feed, too long), and returns where that
  /// begins.
  [[nodiscard]] std::size_t take_plain_lines(chunk& out, std::string_view text, std::size_t from) const;
  void add(chunk& out, std::size_t begin, std::string_view record) const {
    out.begins.push_back(static_cast<std::uint32_t>(begin));
    out.lengths.push_back(static_cast<std::uint32_t>(record.size()));
    out.positions.push_back({major_, static_cast<std::int64_t>(offset_ + begin)});
  }
  [[nodiscard]] expected<bool> pass_over(chunk& out, bool complete);
  void give_beginning(chunk& out);

  std::unique_ptr<byte_stream> stream_;
  std::string path_;
  std::int64_t major_;
  std::uint64_t offset_;
  framing frame_;
  std::string carry_;                   // the beginning of a record, [offset_, offset_ + size)
  std::uint64_t passed_ = 0;            // bytes of a line that is too long; its beginning is the carry then
  std::optional<rest_of_record> rest_;  // the rest of that line
  std::size_t bytes_a_record_ = 64;     // average in the last chunk, for reserving
};

}  // namespace millrace::source
