// Writes a row as the file and console sinks do: json, csv, or text by a template. It is made once for a
// sink, and used for every batch. Rendering cannot fail: parse_template finds in `check` what could (a
// template that names no column).
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/batch.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// Holds literal text and columns in turn: literals[0] columns[0] literals[1] ... literals[n].
struct text_template {
  std::vector<std::string> literals;
  std::vector<std::string> columns;
};
/// Reads `{column}`; `{{` and `}}` are the braces themselves. Errors: an open brace, and no column at all.
[[nodiscard]] expected<text_template> parse_template(std::string_view text);

/// Lists the columns that a sink writes as a row: all but the hidden ones.
[[nodiscard]] std::vector<std::size_t> visible_columns(const data::schema& rows);
/// Both return those columns, of a schema and of a batch.
[[nodiscard]] data::schema_ptr select_columns(const data::schema& rows,
                                              const std::vector<std::size_t>& columns);
[[nodiscard]] data::batch select_columns(const data::batch& b, const std::vector<std::size_t>& columns,
                                         const data::schema_ptr& selected);

class row_format {
public:
  /// Columns named in `omitted` are left out of a row where they are null (dead letters' record).
  [[nodiscard]] static row_format json(const data::schema& rows,
                                       const std::vector<std::string>& omitted = {});
  [[nodiscard]] static row_format csv(const data::schema& rows);
  /// Every column of the template must be in the schema.
  [[nodiscard]] static row_format text(const data::schema& rows, const text_template& t);

  /// Returns what stands before the first row of a file: CSV's header line, else nothing.
  [[nodiscard]] const std::string& head() const { return head_; }
  /// Returns the columns that are written: hidden ones (named _...), which a batch has for a key or a
  /// template, are left out of json and csv. Call it once a batch.
  [[nodiscard]] data::batch shown(const data::batch& b) const;
  /// Appends the row and its line end; `b` comes from shown().
  void append(std::string& out, const data::batch& b, std::size_t row) const;

private:
  enum class kind { json, csv, text };
  struct part {
    std::string before;  // literal text in front of the value
    std::size_t column = 0;
    bool omit_null = false;
  };
  explicit row_format(kind k) : kind_(k) {}

  kind kind_;
  std::string head_;
  std::vector<part> parts_;  // json and text
  std::string tail_;
  data::schema_ptr shown_schema_;
  std::vector<std::size_t> shown_;  // columns of the batch
  bool raw_json_ = false;           // a json column may hold line breaks between its tokens
};

}  // namespace millrace::sink
