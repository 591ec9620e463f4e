// How columns become the fields of a Protobuf message, whichever schema it is of. Made once, then read for each row. Pure.
#pragma once

#include "runtime/data/type.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <google/protobuf/descriptor.h>
#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

/// The way in which a value is written.
enum class message_put : std::uint8_t {
  boolean,
  whole,          // bigint, or numeric without digits behind the point, as any integer type
  real,           // double and bigint as double and float
  text,           // text as it is
  text_of_json,   // json as `x #>> '{}'`
  text_of_value,  // numeric, date and timestamp as their text
  symbol,         // text into an enum
  binary,         // base64 into bytes
  timestamp,
  duration,
  wrapper,
  object,
  list,
  json,  // a value of JSON into any field
};

struct field_writing {
  static constexpr std::int32_t no_oneof = -1;
  message_put how = message_put::text;
  google::protobuf::FieldDescriptor::Type type = google::protobuf::FieldDescriptor::TYPE_STRING;
  bool has_presence = true;  // otherwise a default is left out
  bool takes_null = true;    // null leaves the field out
  bool is_packed = false;    // of a list
  bool is_element = false;
  bool has_json_null = false;  // a JSON null of the column is null, as one of SQL is
  std::uint32_t depth = 0;     // of `json`: of the message around the field
  std::int32_t oneof =
      no_oneof;            // one of which several columns are members, by its number within the message
  std::size_t column = 0;  // of the batch, or of the object's children
  std::string name{};      // the column's
  std::string tag{};       // empty: values of a packed list have none
  const google::protobuf::FieldDescriptor* declared = nullptr;
  std::vector<field_writing> members{};  // of an object, of a list its elements, of a wrapper its value
};

struct message_writing {
  std::vector<field_writing> fields{};
  std::optional<std::size_t> whole{};  // the column of json that is the message
};

/// A row has so many oneofs at most of which several columns are members.
inline constexpr std::int32_t most_shared_oneofs = 64;

/// Plans a message from some columns. `is_bare`: one of them, which is the whole message where it is of json and no field has
/// its name. Errors, a column or field each: what does not fit, and a remedy.
[[nodiscard]] tl::expected<message_writing, std::vector<std::string>>
message_writing_of(const google::protobuf::Descriptor& message, const data::schema& rows,
                   const std::vector<std::size_t>& columns, bool is_bare = false);

/// The field in words, for errors: the field "x" of the message a.R.
[[nodiscard]] std::string words_of(const google::protobuf::FieldDescriptor& field);

}  // namespace millrace::sink
