// The rows that a parser makes of a chunk: columns, hidden ones and the check of event time in one place. The
// parser appends the declared columns itself.
#pragma once

#include "actors/parsers/event_time_check.hpp"
#include "actors/parsers/hidden_columns.hpp"
#include "actors/parsers/parser.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace millrace::parser {

class row_builder {
public:
  explicit row_builder(const parser_options& options);

  /// The declared column that holds the event time, if one does.
  [[nodiscard]] std::optional<std::size_t> event_time() const { return event_time_.column(); }
  /// Returns whether the record can be a row; false leaves why() as the error. The caller then appends all
  /// used declared columns.
  [[nodiscard]] bool accept(const source::chunk& c, std::size_t record, std::optional<event_micros> declared);
  /// Whether accept() asks of the chunk's records for an event time alone, if at all.
  [[nodiscard]] bool asks_for_time_alone(const source::chunk& c) const {
    return hidden_.none() && event_time_.asks_for_time_alone(c);
  }
  /// Takes records of which it asks for nothing that they do not have.
  void accept_all(std::span<const std::uint32_t> records) {
    out_.records.insert(out_.records.end(), records.begin(), records.end());
  }
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] bool used(std::size_t column) const { return used_[column]; }
  [[nodiscard]] data::column_builder& column(std::size_t i) { return builders_[i]; }

  /// How many records were accepted since finish().
  [[nodiscard]] std::size_t rows() const { return out_.records.size(); }
  /// Drops what was appended to declared columns for a record that is no row after all: it was not accepted.
  void take_back() {
    for (std::size_t i = 0; i < declared_; ++i)
      if (used_[i])
        builders_[i].cut(rows());
  }

  /// Drops what was appended to declared columns that nobody uses: a value is read there only to see that it is good.
  void drop_unused() {
    for (const auto i : unused_)
      builders_[i].cut(0);
  }

  /// Room for that many rows more.
  void reserve(std::size_t rows);
  /// Gives what all records became, and empties the builder.
  [[nodiscard]] parsed finish();
  void dead(std::size_t record, std::string why) {
    out_.dead.push_back({static_cast<std::uint32_t>(record), std::move(why)});
  }
  /// An empty line, or a null that is to be skipped (on_null).
  [[nodiscard]] bool passes(const source::chunk& c, std::size_t record) const {
    return (c.lengths[record] == 0 && c.lines && !c.is_cut(record)) ||
           (c.lengths[record] == source::no_value && on_null_ == data::valueless::skip);
  }
  /// A null that is to be a row (on_null).
  [[nodiscard]] bool is_row_of_nulls(const source::chunk& c, std::size_t record) const {
    return on_null_ == data::valueless::row && c.lengths[record] == source::no_value;
  }
  /// accept() of such a record, whose declared columns it appends as nulls.
  [[nodiscard]] bool accept_nulls(const source::chunk& c, std::size_t record);
  void filter(std::size_t record) { out_.filtered.push_back(static_cast<std::uint32_t>(record)); }
  void pass_header() { ++out_.header_lines; }

private:
  data::schema_ptr schema_;
  std::vector<bool> used_;
  std::vector<data::column_builder> builders_;
  hidden_columns hidden_;
  event_time_check event_time_;
  std::size_t declared_;
  std::vector<std::size_t> unused_;  // declared columns
  data::valueless on_null_;
  parsed out_;
  std::string why_;
};

}  // namespace millrace::parser
