// The statements on our own tables share these: numbers as databases take and give them, and the rows of one
// sink.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::sink::sql {

/// Returns 0 for null.
[[nodiscard]] inline long long number(const std::optional<std::string>& text) {
  long long v = 0;
  if (text)
    std::from_chars(text->data(), text->data() + text->size(), v);
  return v;
}
[[nodiscard]] inline long long as_signed(std::uint64_t v) { return static_cast<long long>(v); }

inline constexpr std::string_view of_sink = " where state_id = :p0 and topology = :p1 and sink = :p2";

}  // namespace millrace::sink::sql
