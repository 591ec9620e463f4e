// A table, or a query's rows, as a table feed reads it: one session to the database, which only reads.
#pragma once

#include "actors/connectors/sql/sink/target.hpp"
#include "actors/stream/source/table_feed.hpp"
#include "runtime/base/time.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::source {

struct sql_table_options {
  sink::sql::target where;
  std::string table;  // empty: `query` is read
  std::string query;
  std::vector<std::string> key;
  micros timeout{0};  // of a query
  bool stays = true;  // connected between two readings
};

[[nodiscard]] std::unique_ptr<polled_table> make_sql_table(sql_table_options options);

}  // namespace millrace::source
