// DuckDB's vectors as columns of ours, so that rows are printed as everywhere else. Whole numbers that fit
// become bigint, larger and decimal ones json (their digits), lists, structs and maps json, all else text.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"
#include "tools/sql/duckdb_api.hpp"

#include <string>
#include <vector>

namespace millrace::duckdb {

/// A type as far as values need it to be read.
struct value_type {
  duckdb_type id = duckdb_type::null;
  duckdb_type internal = duckdb_type::null;  // the storage of a decimal or an enumeration
  unsigned scale = 0;                        // a decimal's
  std::uint64_t length = 0;                  // an array's
  std::vector<std::string> names{};          // names of a struct's members, or an enumeration's values
  std::vector<value_type> children{};        // a list has one, a map key and value
};

/// Reads the type; `type` stays the caller's. The error names the type by number and the remedy, a cast.
[[nodiscard]] expected<value_type> value_type_of(const duckdb_api& api, duckdb_logical_type type,
                                                 const std::string& column);
/// Gives the type that a column of such values has here.
[[nodiscard]] data::type column_type_of(const value_type& type);

/// The first `rows` values of a vector, copied.
[[nodiscard]] data::column_ptr column_of(const duckdb_api& api, const value_type& type, duckdb_vector vector,
                                         std::size_t rows);

}  // namespace millrace::duckdb
