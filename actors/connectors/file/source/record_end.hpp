// Finds where a record of a text ends: with its line; in csv after a line break within quotes; or with its
// JSON value. Pure.
#pragma once

#include "actors/connectors/file/source/value_end.hpp"
#include "actors/stream/source/source.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::source {

[[nodiscard]] inline bool is_by_value(const framing& frame) {
  return std::holds_alternative<by_value>(frame);
}

/// A record with a quote that is still open after this many bytes is its first line alone. So a stray quote
/// costs a record, and a reader never holds more.
inline constexpr std::size_t longest_quoted_record = std::size_t{1} << 20U;

/// A longer line gives only its beginning, as a cut record: it would have to be in memory whole.
inline constexpr std::size_t longest_line = std::size_t{64} << 20U;
inline constexpr std::size_t kept_of_longer_line = std::size_t{64} << 10U;
/// The first `kept_of_longer_line` bytes, or a few less, so that no character is cut.
[[nodiscard]] std::string_view beginning_of(std::string_view longer_line);
/// The same of any record; a longer one is cut.
[[nodiscard]] std::size_t longest_record(const framing& frame);

/// Returns how many bytes of `text`, which begins with a record, the record has with the line feed at its
/// end. By value: value_end.hpp; white space between two values is told apart as an empty record. By line,
/// and in csv without a quote in it, it is a line; else csv goes by RFC 4180: a quote opens a field at its
/// beginning alone. `text` ends after a line feed (by value: anywhere), or is all that there is (`is_all`). A
/// quote that nobody closes, or followed by something else than the delimiter, ends the record with its first
/// line. No value: more bytes have to decide. The answer never depends on how the bytes come in parts.
[[nodiscard]] std::optional<std::size_t> end_of_record(std::string_view text, const framing& frame,
                                                       bool is_all);

/// Says whether only the beginning of a record is given, whose end came with the same bytes.
[[nodiscard]] inline bool is_too_long(std::string_view record, const framing& frame) {
  if (is_by_value(frame))
    return record.size() > longest_value;
  return data::without_line_end(record).size() > longest_line;
}

/// Returns the record without the line break at its end; empty: it is none, as is a byte-order mark alone.
[[nodiscard]] inline std::string_view text_of_record(std::string_view record, const framing& frame) {
  if (is_by_value(frame) && begins_blank(record))
    return {};
  const auto text = data::without_line_end(record);
  return text == data::byte_order_mark ? std::string_view() : text;
}

/// Returns why a text that is all of a file and has no line feed is not one record: CR alone ends its lines. Empty where
/// it is one. `what` and `file` as in packing.hpp.
[[nodiscard]] std::string why_no_lines(std::string_view all, const framing& frame, std::string_view what,
                                       std::string_view file);

/// Finds the end of a record whose beginning alone is kept.
class rest_of_record {
public:
  /// `so_far`: what was read of it, without its end.
  rest_of_record(const framing& frame, std::string_view so_far);
  /// Returns how many bytes of `more` are still the record's; nothing: all of them, and it goes on.
  [[nodiscard]] std::optional<std::size_t> end(std::string_view more);

private:
  bool is_value_;  // an object or a list, which ends in front of a line that begins with one
  bool is_behind_feed_;
};

}  // namespace millrace::source
