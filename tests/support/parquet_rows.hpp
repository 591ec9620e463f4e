// Parquet files read back with Arrow's own reader, as JSON lines: what tests compare.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace millrace::test {

/// The rows of one file, {"column":value,...}. Throws std::runtime_error for what is no whole Parquet file,
/// or fails Arrow's validation.
[[nodiscard]] std::vector<std::string> parquet_rows(const std::filesystem::path& file);
/// Reads a table: every file that a reader would see, by name; values of partitions come last, as text.
[[nodiscard]] std::vector<std::string> table_rows(const std::filesystem::path& folder);
/// The visible files of a table, relative, by name.
[[nodiscard]] std::vector<std::string> table_files(const std::filesystem::path& folder);

/// A file says this of a column of its first row group.
struct column_facts {
  std::string name;
  std::string type;  // the type as Arrow reads it
  std::string codec;
  bool dictionary = false;
  bool statistics = false;
  std::string least;  // least text in the statistics
};
[[nodiscard]] std::vector<column_facts> facts_of(const std::filesystem::path& file);
[[nodiscard]] std::int64_t row_groups(const std::filesystem::path& file);

}  // namespace millrace::test
