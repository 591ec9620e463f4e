// Reads rows, which no sink does: for `millrace sql` and for tables as sources. Every database offers it beside what a sink needs.
#pragma once

#include "actors/connectors/sql/sink/database.hpp"
#include "actors/connectors/sql/sink/table_reader.hpp"
#include "runtime/base/time.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink::sql {

/// Says how JSON has a value.
enum class json_form : std::uint8_t { text, number, boolean, json };

/// A value in the product's own form; a boolean is "t" or "1", bytes are \x and hexadecimal digits.
struct cell {
  std::optional<std::string_view> text{};  // lives until the row has been taken
  json_form form = json_form::text;
};

struct row_taker {
  /// Gets the names before the first row, also where there is none. May be empty.
  std::function<expected<void>(const std::vector<std::string>& names)> columns{};
  std::function<expected<void>(std::span<const cell> row)> row{};
};

class row_reading {
public:
  /// Gives the rows of a query, a single statement, one after the other and never all in memory. An error of `take` ends it; after any
  /// error the connection is of no more use.
  [[nodiscard]] virtual outcome<void> read(const std::string& sql, const row_taker& take) = 0;
  /// From here on the session only reads, names without a schema are found as the role's own settings say, and a query that takes
  /// longer fails.
  [[nodiscard]] virtual outcome<void> only_read(micros longest) = 0;
  /// Ends a read() that is under way. Any thread, while the session lives.
  virtual void interrupt() = 0;

protected:
  ~row_reading() = default;
};

}  // namespace millrace::sink::sql
