// Shows what DuckDB says of a query, as one line with its place.
#pragma once

#include <string>
#include <string_view>

namespace millrace::duckdb {

/// `sql:LINE:COLUMN: Catalog Error: ...` where DuckDB points at a place of `statement`, which begins at byte
/// `at` of `query`; else `sql: ...`. Lines and columns (in characters) are of the query, from 1. Pure.
[[nodiscard]] std::string with_place(std::string_view message, std::string_view query,
                                     std::string_view statement, std::size_t at);

}  // namespace millrace::duckdb
