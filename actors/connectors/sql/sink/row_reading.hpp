// Reading a table, which no sink does: for `millrace sql`. Every database offers it beside what a sink needs.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"
#include "actors/connectors/sql/sink/table_reader.hpp"

namespace millrace::sink::sql {

class row_reading {
public:
  /// The rows of a query, one after the other and never all in memory. An error of `take` ends it; after any
  /// error the connection is of no more use.
  [[nodiscard]] virtual outcome<void> read(const std::string& sql, const take_row& take) = 0;

protected:
  ~row_reading() = default;
};

}  // namespace millrace::sink::sql
