// Decides which of our values a column of a table holds unchanged: the types that it takes at all, and of those the
// values that it would change. Everything else that does not fit is refused by the database itself. Pure; docs/sql.md
// has the table for users.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"
#include "runtime/base/decimal.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::sink::sql {

/// Tells whether the column keeps texts, so that a value of any type goes into it as text.
[[nodiscard]] bool keeps_texts(family into);

/// Tells whether the column takes values of the type. Each of them is then read back as it is, or refused: by
/// change_of(), or by the database.
[[nodiscard]] bool takes(family into, data::type_id type);

/// Says why the column would not give back the value of this text (UTF-8, of a text or json value, or of a number for a
/// column of texts): texts byte by byte, but blanks that fill up a char(n); numbers, times and UUIDs as such, in a key
/// byte by byte. Nothing where it does or where the database refuses it.
[[nodiscard]] std::optional<std::string> change_of(std::string_view text, const table_column& into);

/// The same for a whole number.
[[nodiscard]] std::optional<std::string> change_of(std::int64_t number, const table_column& into);

/// The same for a numeric: a decimal holds it where no digit is lost, whole numbers where none is behind the point. The
/// server itself knows their range.
[[nodiscard]] std::optional<std::string> change_of(const decimal& number, const table_column& into);

/// Counts the characters of a text in UTF-8.
[[nodiscard]] std::size_t characters(std::string_view text);

}  // namespace millrace::sink::sql
