// A stage's rows as a table: its columns, and the files that hold it where the stage is a sink that writes
// some. Read from the plan alone, nothing is contacted; `millrace table` and `millrace sql` go by it.
#pragma once

#include "config/plan.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace millrace::table {

enum class files : std::uint8_t {
  none,     // a database, a topic, the screen, or no sink at all
  parquet,  // a folder
  json,     // one file, or numbered ones, a row a line
  csv,      // likewise, with a header line
};

struct stage_table {
  std::string name;  // the stage's; of a sql sink the table's
  std::string stage;
  std::string type;                    // the stage's: "parquet", "sql", "tumbling"
  std::vector<data::field> columns{};  // columns of the rows, those of the partition too
  std::vector<std::string> key{};      // the key of a sql sink's upsert
  files kind = files::none;
  std::string path{};                               // parquet: the folder, or its URL; json, csv: the file
  std::shared_ptr<const config::stage> remote{};    // parquet: the sink, if its table is on another machine
  std::shared_ptr<const config::stage> database{};  // the sink itself, of a sql sink
  bool rolled = false;                              // json, csv: numbered files instead of `path` itself
  std::string compression{};                        // parquet
  std::vector<std::string> partition_by{};          // parquet: in the order of the folders; not in the files

  [[nodiscard]] bool is_partition(std::string_view column) const;
};

/// The error names the stages that have columns.
[[nodiscard]] expected<stage_table> table_of(const config::topology& t, std::string_view stage);
/// All sinks of the topology that write a table which can be asked, in the order of the plan: those of
/// Parquet, JSON and CSV files, and those of databases, which are CSV once they are copied.
[[nodiscard]] std::vector<stage_table> tables_to_ask(const config::topology& t);

}  // namespace millrace::table
