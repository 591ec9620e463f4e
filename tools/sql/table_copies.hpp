// Tables on other machines (HDFS, S3) that a query names: copied into a temporary folder, where DuckDB reads
// them like any other, and removed with this object.
#pragma once

#include "tools/sql/sources.hpp"

namespace millrace::sql {

class table_copies {
public:
  /// `folder` must not be there yet; it is made when there is something to copy.
  explicit table_copies(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~table_copies();
  table_copies(const table_copies&) = delete;
  table_copies& operator=(const table_copies&) = delete;

  /// Each table on another machine becomes one in a folder here. Those that the query or an argument mentions
  /// are copied now, which waits for their servers; others stay without files.
  [[nodiscard]] expected<void> replace(std::vector<known_topology>& topologies,
                                       const std::vector<table_argument>& arguments, std::string_view query);

private:
  std::filesystem::path folder_;
};

/// The word occurs in the text, whatever the case of ASCII letters.
[[nodiscard]] bool mentions(std::string_view text, std::string_view word);

}  // namespace millrace::sql
