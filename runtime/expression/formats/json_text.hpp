// Looks into the text of a JSON value without building anything: PostgreSQL's json keeps digits, blanks and
// duplicates as they came, which libraries that convert do not. Callers are json's functions and the cast
// from text, which validates; all others take text that is known to be JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::expression {

/// Values nested deeper are refused; the JSON parser takes as many levels.
inline constexpr std::size_t deepest_json = 1024;

/// Tells whether the text is one value by RFC 8259. Only the hex digits of \u escapes are looked at.
[[nodiscard]] bool is_json(std::string_view text);

// The functions below take valid JSON: values without blanks around them, which live as long as the text.

/// Returns the first byte of the value: { [ " t f n - or a digit.
[[nodiscard]] char head_of(std::string_view json);
/// Returns the last member of that name; nothing where there is none, or no object.
[[nodiscard]] std::optional<std::string_view> member_of(std::string_view json, std::string_view name);
/// Returns an element by its index, from 0 or negative from the end; nothing beyond, or where there is no
/// array.
[[nodiscard]] std::optional<std::string_view> element_of(std::string_view json, std::int64_t index);
/// Counts the elements of an array; nothing where there is none.
[[nodiscard]] std::optional<std::int64_t> elements_in(std::string_view json);

/// Tells whether all strings within stand for texts, without NUL and lone surrogates.
[[nodiscard]] bool holds_only_texts(std::string_view json);
/// Appends the text that a string between its quotes stands for; false for NUL and lone surrogates, which no
/// text holds.
[[nodiscard]] bool append_unescaped(std::string& out, std::string_view body);

}  // namespace millrace::expression
