// How columns become datums of a schema, whichever schema it is: each column with its field, and what becomes of a value
// there. Made once for a schema and its columns, then read for each row. Pure.
#pragma once

#include "runtime/avro/schema.hpp"
#include "runtime/data/type.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace millrace::avro {

/// The way in which a value is written.
enum class put : std::uint8_t {
  boolean,
  integer,                // bigint, date, timestamp as a long, or an int that cannot be too large
  short_integer,          // bigint into an int
  millis,                 // timestamp into milliseconds, cut down
  real,                   // double
  short_real,             // double into a float
  integer_as_real,        // bigint into a double
  integer_as_short_real,  // bigint into a float
  text,                   // text as it is
  text_of_json,           // json as `x #>> '{}'`
  text_of_value,          // numeric, date and timestamp as their text
  symbol,                 // text into an enum
  binary,                 // base64 into bytes
  fixed_binary,           // base64 into a fixed
  uuid_text,
  uuid_bytes,
  time_millis,  // text of a time of day
  time_micros,
  decimal,       // numeric and bigint
  whole_number,  // numeric into an int or a long
  record,
  array,
  json,  // a value of JSON into any type
};

/// A field of a record, the items of an array, or the datum itself.
struct writing {
  static constexpr std::size_t no_column = static_cast<std::size_t>(-1);
  put how = put::text;
  bool is_same_scale = false;      // of `decimal`: each value of the column fits as it is
  std::int32_t branch = -1;        // of the union around the type; none: there is no union
  std::int32_t null_branch = -1;   // likewise; none: null cannot be written
  type_index of = 0;               // the type, without the union; of `json` and `text_of_json` with it
  std::size_t column = no_column;  // of the batch, or of the object's children
  std::string name{};              // the column's
  std::string field{};             // the field in words, for errors: field "x" of the record R
  std::string_view
      constant{};  // without a column and a null_branch: the field's default, as the schema has it
  std::vector<writing> members{};  // of a record all fields in their order, of an array its items alone
  std::unordered_map<std::string_view, std::uint32_t> symbols{};
};

/// A column that the schema has no place for, or a field that nothing fills.
struct unwritable {
  std::string message;  // with a remedy
  std::string name{};   // a name that the schema does not have, and those that it has
  std::vector<std::string> known{};
};

/// Plans a record of that schema from some columns. `is_bare`: one column, which is a value of its own unless the schema is a
/// record. A value of json without a field of its name is the whole record. The plan points into the schema, and is the
/// root's, whose members are columns of the batch, unless it is `json`.
[[nodiscard]] tl::expected<writing, std::vector<unwritable>>
writing_of(const schema& s, const data::schema& rows, const std::vector<std::size_t>& columns, bool is_bare);

}  // namespace millrace::avro
