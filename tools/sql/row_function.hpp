// A function of SQL that computes a number from a text and a row of a table: f('TEXT', t.*).
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"
#include "tools/sql/duckdb_api.hpp"

#include <functional>
#include <string>

namespace millrace::duckdb {

/// Gives a double for each row: of a text, the same for all rows, and the rows as columns. Several threads call it at once.
using row_function =
    std::function<expected<data::column_ptr>(const std::string& text, const data::batch& rows)>;

/// Lets queries of the connection call it. A row or a text that is null gives null, and is not shown to `compute`; its errors
/// end the query.
[[nodiscard]] expected<void> add_row_function(const duckdb_api& api, duckdb_connection connection,
                                              const std::string& name, row_function compute);

}  // namespace millrace::duckdb
