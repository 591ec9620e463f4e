// Reads a table of features whole, as `millrace sql` reads tables.
#pragma once

#include "runtime/data/batch.hpp"
#include "tools/sql/engine.hpp"

namespace millrace::model {

/// More rows would not fit into memory as numbers and as text.
inline constexpr std::size_t most_rows = 10'000'000;

/// The rows of a query, sums and decimals as double. Errors: no row, or too many.
[[nodiscard]] expected<data::batch> read_feature_table(duckdb::engine& engine, const std::string& query);

}  // namespace millrace::model
