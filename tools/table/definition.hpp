// The statements that make a stage's table known to a product, as text. Pure: nothing is contacted. Each
// statement ends with a semicolon, remarks are comments, so that the whole can be piped into the product's
// shell.
#pragma once

#include "tools/table/stage_table.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::table {

enum class product : std::uint8_t { hive, trino, duckdb, postgresql, mysql };
[[nodiscard]] const std::vector<std::string>& product_names();
/// Returns no value for other names.
[[nodiscard]] std::optional<product> product_of(std::string_view name);

/// `name` in place of the table's own, empty for that; for hive, trino and duckdb dots part catalog, schema
/// and table. Errors: columns that the product cannot tell apart or cannot name, files that it cannot read.
[[nodiscard]] expected<std::string> definition(const stage_table& t, product p, const std::string& name = {});

}  // namespace millrace::table
