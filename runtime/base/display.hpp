// Fits text to a terminal: its width in columns, and cells that cannot break a table or drive the terminal.
// Widths are those of Unicode (C.UTF-8), whatever locale the machine has.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

/// Columns on a terminal: 0 for combining marks, 2 for wide characters, 1 for bytes that are not UTF-8.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Returns as much of the text, from its beginning, as takes at most this many columns.
[[nodiscard]] std::string_view fitting(std::string_view text, std::size_t columns);

/// Cuts the text to `limit` characters; a longer one ends in "...".
[[nodiscard]] std::string shorten(std::string text, std::size_t limit);

}  // namespace millrace
