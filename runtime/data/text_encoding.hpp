// Bytes and text: what is UTF-8, where it may be cut, and base64 for what is not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::data {

/// Well-formed UTF-8 (no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view bytes);
/// Says why bytes are no text, as the end of a sentence; empty for text: UTF-8 without NUL, as PostgreSQL has it.
[[nodiscard]] std::string_view why_no_text(std::string_view bytes);
/// The longest head of at most that many bytes that cuts no character in two; bytes that are not UTF-8 are
/// cut anywhere.
[[nodiscard]] std::string_view whole_characters(std::string_view text, std::size_t most_bytes);
/// Shortens a text for messages: at most that many bytes, whole characters, with "..." where something is
/// left out.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t most_bytes = 64);
/// The encoding of a code point up to U+10FFFF.
void append_utf8(std::string& out, char32_t code_point);
/// RFC 4648, with padding.
[[nodiscard]] std::string base64(std::string_view bytes);
/// Returns nothing for text that base64() does not give.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace millrace::data
