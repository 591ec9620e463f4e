// Rows on their way out, as a table, CSV or JSON (an object a line); a result may be endless, memory is
// bounded.
#pragma once

#include "actors/connectors/console/table.hpp"
#include "runtime/data/batch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::duckdb {

enum class format : std::uint8_t { table, csv, json };
[[nodiscard]] const std::vector<std::string>& format_names();

/// One result after the other, as text that is appended; pure.
class printer {
public:
  explicit printer(format f) : format_(f) {}

  void begin(std::string& out, const data::schema_ptr& columns);
  void add(std::string& out, const data::batch& rows);
  /// A table also says how many rows it has.
  void end(std::string& out);

private:
  format format_;
  data::schema_ptr columns_;
  std::optional<sink::wide_table> table_;
  std::uint64_t rows_ = 0;
  std::uint64_t results_ = 0;
};

}  // namespace millrace::duckdb
