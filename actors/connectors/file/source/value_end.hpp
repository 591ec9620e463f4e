// Finds where a record ends that is a JSON value and not a line: several stand on a line, or one over several
// lines. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace millrace::source {

/// A longer value is none. So a bracket that nobody closes costs a record, and a reader never holds more.
inline constexpr std::size_t longest_value = std::size_t{1} << 20U;

/// Says whether `text` begins with white space or a byte-order mark, which may lie between two values.
[[nodiscard]] bool begins_blank(std::string_view text);

/// Returns how many bytes of `text` the value has that it begins with, or the white space in front of one.
/// `is_all`: nothing follows `text`. No value: more bytes have to decide; how they come in parts never
/// changes the answer. The parser says whether a value is well formed: here brackets that fit are enough. An
/// object or a list that never ends, or that something other than a comma follows a value in, ends with its
/// brackets or in front of the next line that begins with { or [, whichever comes first; all else that is no
/// value ends with its line.
[[nodiscard]] std::optional<std::size_t> end_of_value(std::string_view text, bool is_all);

/// Returns where the first line begins, after the first one, that begins with { or [; npos: no such line.
[[nodiscard]] std::size_t next_line_of_value(std::string_view text);

}  // namespace millrace::source
