// The user's table: made if asked for, compared with the rows that will come, and how they go in.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"
#include "runtime/base/time.hpp"

namespace millrace::sink::sql {

struct table_options {
  std::string table;
  data::schema_ptr rows;
  std::vector<std::string> key;  // upsert; empty for append
  bool create = false;
  bool deletes = false;  // the writer's batches have the hidden column `_delete` behind `rows`
  std::optional<std::string> newest = {};   // column of `rows`
  std::optional<micros> keep_deleted = {};  // no value: for ever
  const wall_clock* clock = &system_clock();
};

/// The statement that makes the table.
[[nodiscard]] std::string create_statement(const database& db, const table_options& options);

/// Creates the table if asked for, and compares it. Every difference is in the error, with the way out.
[[nodiscard]] expected<row_plan> open_table(database& db, const table_options& options);

}  // namespace millrace::sink::sql
