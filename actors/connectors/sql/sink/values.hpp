// Prepares single values for a column, the same way for all products: texts that are UTF-8, timestamps in a
// form that every product reads, fractions that the column can keep.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"
#include "runtime/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::sink::sql {

/// Replaces what is no UTF-8 by U+FFFD, and NUL, too, where `drop_nul`.
[[nodiscard]] std::string as_utf8(std::string_view text, bool drop_nul);

/// Appends `2021-04-24 19:55:00.796`.
void append_datetime(std::string& out, event_micros t);

/// Says why this value cannot be stored as it is, in any product; no value if it can.
[[nodiscard]] std::optional<std::string> unfit_value(const data::column& c, std::size_t row,
                                                     const table_column& into);

/// Appends the digits of a numeric as the column is to have them: whole numbers for one of integers, and one spelling for
/// equal keys. Else with all digits of its scale.
void append_digits(std::string& out, const data::column& c, std::size_t row, const table_column& into);

/// Returns the value as text, as every sink writes it, but for append_digits(); not for null.
[[nodiscard]] std::string text_value(const data::column& c, std::size_t row, const table_column& into);

/// Appends bytes as PostgreSQL writes them: \\x and hexadecimal digits.
void append_bytes(std::string& out, std::string_view bytes);

/// Returns the refusal with the row as JSON, always valid UTF-8.
[[nodiscard]] refusal refuse(const data::batch& rows, std::size_t row, std::string_view why);

}  // namespace millrace::sink::sql
