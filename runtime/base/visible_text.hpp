// Text of others (servers, clients, files) as it may stand in a log, on a terminal or in an answer: what a
// terminal would obey is made visible, and it is valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// Appends text with control characters as \n, \t, \r or \u001b.
void append_visible(std::string& out, std::string_view text);
[[nodiscard]] std::string visible(std::string_view text);
/// The same of text that has lines: their ends stay.
[[nodiscard]] std::string visible_lines(std::string_view text);

}  // namespace millrace
