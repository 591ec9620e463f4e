// Where a record of lines ends: in csv a line break within quotes is part of its field. Pure.
#pragma once

#include "runtime/data/csv_text.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace millrace::source {

/// A record with a quote that is still open behind so many bytes is its first line alone. So a stray quote costs a record, and
/// a reader never holds more.
inline constexpr std::size_t longest_quoted_record = std::size_t{1} << 20U;

/// Returns how many bytes of `text`, which begins with a record, the record has with the line feed at its end. Without csv, or without a quote in it, it is
/// a line; else it goes by RFC 4180: a quote opens a field at its beginning alone. `text` ends behind a line feed, or is all that there is (`is_all`).
/// A quote that nobody closes, or with something else than the delimiter behind its end, ends the record with its first line. Nothing: more bytes have to decide. What it says never
/// depends on how the bytes come in parts.
[[nodiscard]] std::optional<std::size_t>
end_of_record(std::string_view text, const std::optional<data::csv_dialect>& csv, bool is_all);

}  // namespace millrace::source
