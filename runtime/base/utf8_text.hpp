// Text of others (input, servers, names of files) made valid UTF-8, as files, logs, answers and pages need
// it. Writers of JSON (data::append_json_string) and of shown text (visible) use this, so no caller has to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

/// Length of the character at the front (RFC 3629: no overlong forms, no surrogates), 0 for none. The text is not
/// empty.
[[nodiscard]] std::size_t character_length(std::string_view text);
/// The text with U+FFFD for each byte that belongs to no character; valid text stays as it is.
[[nodiscard]] std::string valid_utf8(std::string_view text);

}  // namespace millrace
