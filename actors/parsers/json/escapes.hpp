// Escapes in JSON strings: checked, and replaced. The bodies are those between the quotes, found closed and
// free of control characters by the structural index.
#pragma once

#include <string>
#include <string_view>

namespace millrace::parser {

/// Whether every escape is one of JSON's, and no surrogate is alone.
[[nodiscard]] bool valid_escapes(std::string_view body);
/// Whether valid escapes stand for NUL somewhere.
[[nodiscard]] bool escapes_nul(std::string_view body);
/// The text that the body stands for, appended to out; false as valid_escapes, out is undefined then.
[[nodiscard]] bool unescape(std::string_view body, std::string& out);

}  // namespace millrace::parser
