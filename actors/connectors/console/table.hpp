// Shows rows as tables of text: `wide_table`, millrace's own, streams rows of any number; `short_table` is
// what Spark's show() prints. Both give text to append to the output; neither writes.
#pragma once

#include "runtime/data/batch.hpp"

#include <string>
#include <vector>

namespace millrace::sink {

/// Gives a header line, a rule, then a line for each row; numbers stand on the right of their columns. The
/// widths are those of the first rows; later rows are never cut, a longer cell pushes its line.
class wide_table {
public:
  /// The widths are settled after so many rows: memory is bounded, also if a window holds more.
  static constexpr std::size_t rows_for_widths = 1000;

  explicit wide_table(data::schema_ptr rows);
  void add(std::string& out, const data::batch& b, std::size_t row);
  /// Appends the rows that are held back for the widths; the table goes on.
  void flush(std::string& out);
  /// Ends the table; the next row begins another. A table without rows prints nothing.
  void end(std::string& out);

private:
  void put_line(std::string& out, const std::string* cells) const;

  data::schema_ptr schema_;
  std::vector<bool> on_the_right_;
  std::vector<std::string> held_;    // cells, row after row
  std::vector<std::size_t> widths_;  // empty until the header is printed
};

/// Gives at most 20 rows in a frame of +---+, cells of at most 20 characters on the right, null as "null".
class short_table {
public:
  static constexpr std::size_t rows_shown = 20;
  static constexpr std::size_t cell_limit = 20;

  explicit short_table(data::schema_ptr rows) : schema_(std::move(rows)) {}
  void add(const data::batch& b, std::size_t row);
  void end(std::string& out);

private:
  data::schema_ptr schema_;
  std::vector<std::string> cells_;
  std::size_t rows_ = 0;
};

}  // namespace millrace::sink
