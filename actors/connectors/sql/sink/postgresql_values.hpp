// Values as PostgreSQL's types read them, bare or as fields of COPY's text format.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"

#include <optional>
#include <string>

namespace millrace::sink::sql {

/// Appends a value that is not null; gives the reason instead, and appends nothing, if the column cannot hold
/// it.
[[nodiscard]] std::optional<std::string> append_plain(std::string& out, const data::column& c,
                                                      std::size_t row, const table_column& into);
/// The same, with what COPY's text format wants to be escaped.
[[nodiscard]] std::optional<std::string> append_copy_field(std::string& out, const data::column& c,
                                                           std::size_t row, const table_column& into);

}  // namespace millrace::sink::sql
