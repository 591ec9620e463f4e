// Keeps a query from writing into the folders of the tables, and from changing how DuckDB is set up. It
// guards against accidents, not against somebody who means harm: who runs the query may write there anyway.
// Pure but for looking up links in paths.
#pragma once

#include "runtime/base/error.hpp"
#include "tools/sql/duckdb_api.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::duckdb {

struct guard {
  std::vector<std::filesystem::path> tables;   // folders, or files, of the tables
  bool writes_tables = false;                  // asked for: only the set-up is guarded
  std::vector<std::string> table_functions{};  // all that DuckDB has; of these, a list may be called
};

/// Tells whether DuckDB knows statements that begin so. A statement that it does not know may be given to its
/// parser, which says where the mistake is.
[[nodiscard]] bool begins_statement(std::string_view sql);

/// Judges a statement by its words, before DuckDB sees it: DuckDB reads the files that some name, and makes
/// the folders of others, while it prepares them. The error says what is not allowed, and the way out.
[[nodiscard]] expected<void> may_prepare(const guard& g, std::string_view sql);

/// Judges likewise each statement that DuckDB has made of it. `kind`: as DuckDB has understood that one.
[[nodiscard]] expected<void> may_run(const guard& g, duckdb_statement kind, std::string_view sql);

}  // namespace millrace::duckdb
