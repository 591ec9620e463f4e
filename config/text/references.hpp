// `${secret:NAME}` in texts: a reference that stays in the plan and is resolved where its stage runs. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::config {

/// A reference begins so.
inline constexpr std::string_view reference_begin = "${secret:";

/// Letters, digits, `_`, `-` and `.`, with no `.` in front; at most 128 of them.
[[nodiscard]] bool is_secret_name(std::string_view name);
/// Bytes of the whole reference that begins at `at`; 0 where none does.
[[nodiscard]] std::size_t reference_length(std::string_view text, std::size_t at);
/// The text is one reference and no more.
[[nodiscard]] bool is_reference(std::string_view text);
/// The references of a text, and stars for all the rest.
[[nodiscard]] std::string references_alone(std::string_view text);
/// Names of all references, in the order of the text.
[[nodiscard]] std::vector<std::string> references_in(std::string_view text);

/// Puts `value_of(NAME)` in the place of each reference.
using value_of_secret = std::function<std::string(std::string_view name)>;
[[nodiscard]] std::string with_references(std::string_view text, const value_of_secret& value_of);
/// The same for a connection's text, in which the values stay what they are: percent-encoded in a URI, with backslashes
/// in SOCI's `mysql://db=... password=...`.
[[nodiscard]] std::string with_references_in_uri(std::string_view text, const value_of_secret& value_of);
/// Says whether a connection is SOCI's `key=value ...`; `rest`: what follows `SCHEME://`.
[[nodiscard]] bool is_pairs(std::string_view rest);
/// Writes references so that taking a connection apart leaves them whole.
[[nodiscard]] std::string protected_references(std::string_view text);

}  // namespace millrace::config
