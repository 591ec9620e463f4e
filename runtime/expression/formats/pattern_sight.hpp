// Judges how far a search looks beyond the match that it finds. RE2 reads on as long as a longer match, or one that begins
// earlier, may still come: a search for all matches reads a text once, or at each match to its end.
#pragma once

#include <string_view>

namespace re2 {
class RE2;
}

namespace millrace::expression {

/// True only if a search for all matches of the pattern reads each character a bounded number of times: the pattern is a row
/// of single characters and classes in which no repetition can take what may come behind it, or has no repetition. False for
/// others, such as a choice or a group beside a repetition. Takes some milliseconds. `compiled` has the syntax that regular_expression gives to RE2.
[[nodiscard]] bool is_short_sighted(const re2::RE2& compiled);

}  // namespace millrace::expression
