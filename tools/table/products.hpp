// The products' parts of definition(), a function each, and what they share.
#pragma once

#include "runtime/data/quoted.hpp"
#include "tools/table/stage_table.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::table {

/// Catalog, schema and table, as far as they are said.
using name_parts = std::vector<std::string>;

[[nodiscard]] expected<std::string> hive_definition(const stage_table& t, const name_parts& name);
[[nodiscard]] expected<std::string> trino_definition(const stage_table& t, const name_parts& name);
[[nodiscard]] expected<std::string> duckdb_definition(const stage_table& t, const name_parts& name);

using data::in_quotes;
/// Quotes each part of a name, with dots between.
[[nodiscard]] std::string in_quotes(const name_parts& name, char quote);

/// A product's words for types. `{}` stands for the element, the members, or name and type of a member, in `decimal` for its
/// digits. A numeric of any scale is a text.
struct type_words {
  std::string_view bigint, float64, decimal, boolean, timestamp, date, text;
  std::string_view list, object, member, comma;
  char quote;
};
[[nodiscard]] std::string type_text(const data::type& type, const type_words& in);

/// "  NAME TYPE" lines with commas, of the columns that `wanted` says; an empty `wanted` means all.
[[nodiscard]] std::string column_lines(const std::vector<data::field>& columns, char quote,
                                       const std::function<std::string(const data::type&)>& type_of,
                                       const std::function<bool(const data::field&)>& wanted = {});

/// Returns the columns in the order of the folders. A timestamp is text here: folders are named by ISO 8601
/// with a Z, which Hive and Trino take for another time, or for none.
[[nodiscard]] std::vector<data::field> partition_columns(const stage_table& t);
/// Returns whether a timestamp stands in the files themselves, also within another type.
[[nodiscard]] bool has_timestamps(const stage_table& t);

/// An error where two names differ by case alone, for products that take them for the same.
[[nodiscard]] expected<void> distinct_without_case(const stage_table& t, std::string_view product);
/// An error where a column has a numeric of any scale, for products whose decimals have a fixed one.
[[nodiscard]] expected<void> fixed_scales(const stage_table& t, std::string_view product);
/// An error where the stage writes files, but no Parquet.
[[nodiscard]] expected<void> parquet_or_none(const stage_table& t, std::string_view product);

/// `file:///data/t`; a path with a scheme of its own (hdfs://, s3://) as it is.
[[nodiscard]] std::string location_of(const stage_table& t);
/// Absolute, without dots and doubled slashes; with a scheme as it is.
[[nodiscard]] std::string absolute_path(const std::string& path);

}  // namespace millrace::table
