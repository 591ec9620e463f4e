// Reads the CSV fields of a block of records as one column's values: empty is null, "" the empty text; numbers, booleans and
// timestamps as PostgreSQL reads them, integral numbers such as 12.0 too. A column at a time, because its type is asked once
// then.
#pragma once

#include "actors/parsers/csv/csv_fields.hpp"
#include "actors/parsers/timestamp_format.hpp"
#include "runtime/base/decimal.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace millrace::parser {

/// The fields of a column: one of each record.
class field_list {
public:
  field_list(const csv_field* first, std::size_t step, std::size_t size)
      : first_(first), step_(step), size_(size) {}
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const csv_field& operator[](std::size_t i) const { return first_[i * step_]; }

private:
  const csv_field* first_;
  std::size_t step_, size_;
};

/// Why a record of the block is no row, by its place there.
using record_errors = std::map<std::size_t, std::string>;

class csv_column {
public:
  csv_column(const data::field& column, parser_options::timestamp_format format);
  /// Reads a field of each record of a block. A record that has an error keeps it.
  void read(field_list fields, record_errors& errors);
  /// Appends what was read last of all records, none of which has an error; or of these.
  void append(field_list fields, data::column_builder& out) const;
  void append(field_list fields, std::span<const std::uint32_t> records, data::column_builder& out) const;

  /// The last block of a column of numbers or timestamps: whether any record has no value, and the values of the others.
  [[nodiscard]] bool has_nulls() const { return has_nulls_; }
  [[nodiscard]] const std::vector<std::int64_t>& numbers() const { return numbers_; }

private:
  template<class ReadShort>
  void read_each(field_list fields, record_errors& errors, ReadShort read_short);
  /// Reads any spelling into the place of that record; false leaves the error in why.
  [[nodiscard]] bool read_any(std::string_view text, std::size_t record, std::string& why);
  [[nodiscard]] bool read_numeric(std::string_view text, decimal& out, std::string& why);
  [[nodiscard]] bool read_timestamp(std::string_view text, std::int64_t& out, std::string& why);
  [[nodiscard]] bool read_date(std::string_view text, std::int64_t& out, std::string& why);
  bool mismatch(std::string_view text, std::string_view expected, std::string& why) const;
  void append(const csv_field& field, std::size_t record, data::column_builder& out) const;

  std::string name_;
  data::type type_;
  parser_options::timestamp_format format_;
  std::optional<expression::timestamp_pattern> pattern_;
  day_memory day_;
  std::vector<std::int64_t> numbers_;  // by record: bigint, timestamp, boolean
  std::vector<double> reals_;
  std::vector<decimal> exacts_;
  bool has_nulls_ = false;
};

}  // namespace millrace::parser
