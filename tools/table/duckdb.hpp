// Writes how DuckDB reads the files of a table with the columns and types of its stage. Pure text.
#pragma once

#include "tools/table/stage_table.hpp"

namespace millrace::table {

/// Puts a name in double quotes.
[[nodiscard]] std::string duckdb_name(std::string_view name);
/// Puts a text in single quotes.
[[nodiscard]] std::string duckdb_text(std::string_view text);
/// Takes the meaning from *, ? and [ in a path.
[[nodiscard]] std::string duckdb_path(std::string_view path);
[[nodiscard]] std::string duckdb_type(const data::type& type);

/// A select of the table's columns in declared order from `files`: a literal, or a list of literals, of paths
/// or patterns. Partition columns keep the type that the topology says.
[[nodiscard]] std::string duckdb_select(const stage_table& t, std::string_view files);
/// The same columns, and no rows: for a folder without files, which DuckDB refuses.
[[nodiscard]] std::string duckdb_empty_select(const stage_table& t);

}  // namespace millrace::table
