// The user's table: made if asked for, compared with the rows that will come, and how they go in.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"

namespace millrace::sink::sql {

struct table_options {
  std::string table;
  data::schema_ptr rows;
  std::vector<std::string> key;  // upsert; empty for append
  bool create = false;
};

/// An error where the product takes two columns for the same.
[[nodiscard]] expected<void> distinct_columns(const database& db, const table_options& options);

/// The statement that makes the table.
[[nodiscard]] std::string create_statement(const database& db, const table_options& options);

/// Creates the table if asked for, and compares it. Every difference is in the error, with the way out.
[[nodiscard]] expected<row_plan> open_table(database& db, const table_options& options);

}  // namespace millrace::sink::sql
