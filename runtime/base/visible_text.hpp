// Text of others (servers, clients, files, topologies) as it may stand in a log, on a terminal, in a label or in an
// answer: what a terminal would obey or a reader would not see is made visible, and it is valid UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

/// Appends text with control characters as \n, \t, \r or \u001b, C1 controls, DEL, marks of direction and other
/// characters without a shape as \u202e (beyond U+FFFF as a surrogate pair, so that JSON stays JSON), and a byte
/// that belongs to no character as \xff. The joiners that scripts and emoji need (U+200C, U+200D, variation
/// selectors) stay. A text that has nothing of this stays as it is, and to do it twice changes nothing.
void append_visible(std::string& out, std::string_view text);
[[nodiscard]] std::string visible(std::string_view text);
/// The same of text that has lines: their ends and tabs stay.
[[nodiscard]] std::string visible_lines(std::string_view text);
/// Whole lines as they are written to this descriptor: visible where it is a terminal, else as they are.
[[nodiscard]] std::string lines_for(int descriptor, std::string lines);

}  // namespace millrace
