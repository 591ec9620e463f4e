// What single values need on their way into a column, the same for all products: texts that are UTF-8,
// timestamps in a form that every product reads, fractions that the column can keep.
#pragma once

#include "actors/sink/sql/database.hpp"
#include "runtime/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::sink::sql {

[[nodiscard]] bool is_utf8(std::string_view text);
/// What is no UTF-8 becomes U+FFFD, and so does NUL where `drop_nul`.
[[nodiscard]] std::string as_utf8(std::string_view text, bool drop_nul);

/// `2021-04-24 19:55:00.796`, years 1 to 9999. Nothing for others.
[[nodiscard]] std::optional<std::string> datetime_text(event_micros t);
/// The same at the end of `out`; false, and nothing, for others.
[[nodiscard]] bool append_datetime(std::string& out, event_micros t);

/// Why this value cannot be stored as it is, whatever the product; nothing if it can.
[[nodiscard]] std::optional<std::string> unfit_value(const data::column& c, std::size_t row,
                                                     const table_column& into);

/// The value as text, as every sink writes it; not for null.
[[nodiscard]] std::string text_value(const data::column& c, std::size_t row);

/// The row as JSON, always valid UTF-8.
[[nodiscard]] refusal refuse(const data::batch& rows, std::size_t row, std::string_view why);

}  // namespace millrace::sink::sql
