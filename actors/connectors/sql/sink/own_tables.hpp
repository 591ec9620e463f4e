// The tables of millrace's own, beside the user's, share these: how they are made, names that fit their keys,
// numbers as databases take and give them, and the rows of one sink.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::sink::sql {

/// Characters of a topology's, a sink's or a table's name in a key.
inline constexpr std::size_t name_characters = 190;

/// Cuts a name that is too long for a key to its beginning and its hash.
[[nodiscard]] std::string fit(std::string_view name, std::size_t characters);

/// Makes the table if it is missing, and refuses that of a role which nobody trusts. Returns what the user
/// should know of it, mostly nothing. Called outside a transaction.
[[nodiscard]] expected<std::string> make_own_table(database& db, const std::string& table,
                                                   const std::string& columns);

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
