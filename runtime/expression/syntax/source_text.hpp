// Looking into text: UTF-8 characters, and identifiers in the user's expression at the places that the parser
// reports (it folds case and cuts long names, the text does not).
#pragma once

#include "runtime/expression/syntax/syntax.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::expression {

/// Bytes of the character that begins at `at`; invalid bytes count as one character each.
[[nodiscard]] inline std::size_t character_length(std::string_view s, std::size_t at) {
  const auto lead = static_cast<unsigned char>(s[at]);
  const std::size_t n = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(n, s.size() - at);
}
/// The place where the character before `at` begins; 0 at the beginning.
[[nodiscard]] inline std::size_t begin_of_character_before(std::string_view s, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(s[--at]) & 0xC0) == 0x80)
    ;
  return at;
}
/// Characters in all.
[[nodiscard]] std::size_t count_characters(std::string_view s);
/// Byte offset of the n-th character, the size where there are fewer.
[[nodiscard]] std::size_t offset_of_character(std::string_view s, std::size_t n);
/// npos where all is well.
[[nodiscard]] std::size_t first_invalid_utf8(std::string_view s);

/// ASCII letters in lower case; all else stays: of keywords and names, not of values (case_mapping.hpp).
[[nodiscard]] std::string fold(std::string_view s);

/// Returns the place after blanks and comments.
[[nodiscard]] std::size_t skip_blanks(std::string_view text, std::size_t at);
/// The unquoted identifier that begins there, or nothing.
[[nodiscard]] std::string_view word_at(std::string_view text, std::size_t at);
/// The dotted name that begins there.
[[nodiscard]] std::vector<name_part> names_at(std::string_view text, std::size_t at);

/// The candidate closest to `name`, if one is close enough to be meant.
[[nodiscard]] std::string_view closest(std::string_view name,
                                       const std::vector<std::string_view>& candidates);

}  // namespace millrace::expression
