// Tables that a query names and DuckDB cannot open, in HDFS, S3 and databases: copied into a temporary
// folder, where it reads them like any other, and removed with this object.
#pragma once

#include "tools/sql/sources.hpp"

#include <optional>
#include <span>

namespace millrace::duckdb {

class table_copies {
public:
  /// `folder` must not be there yet; it is made when there is something to copy.
  explicit table_copies(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~table_copies();
  table_copies(const table_copies&) = delete;
  table_copies& operator=(const table_copies&) = delete;

  /// Each such table becomes one in a folder here. Tables that the query or an argument mentions are copied
  /// now, which waits for their servers; others stay without files.
  [[nodiscard]] expected<void> replace(std::vector<known_topology>& topologies,
                                       const std::vector<table_argument>& arguments, std::string_view query);

private:
  [[nodiscard]] expected<void> make_folder();

  std::filesystem::path folder_;
  bool made_ = false;
};

/// Tells how the first database that the query mentions is asked by its own client; empty without one.
[[nodiscard]] std::string own_client(const std::vector<known_topology>& topologies, std::string_view query);

/// A row as a line of CSV: null empty, all else in quotes.
void append_csv(std::string& out, std::span<const std::optional<std::string_view>> row);

/// The word occurs in the text, in any case of ASCII letters.
[[nodiscard]] bool mentions(std::string_view text, std::string_view word);

}  // namespace millrace::duckdb
