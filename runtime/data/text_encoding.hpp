// Bytes and text: what is UTF-8, and base64 for what is not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::data {

/// Well-formed UTF-8 (no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view bytes);
/// RFC 4648, with padding.
[[nodiscard]] std::string base64(std::string_view bytes);
/// Nothing for text that base64() does not give.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace millrace::data
