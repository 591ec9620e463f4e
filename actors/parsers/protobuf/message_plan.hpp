// How fields of a message become columns: the columns that a schema gives, which declared columns fit it, and what is to be
// done with each field of a record. Pure.
#pragma once

#include "actors/parsers/protobuf/message_shape.hpp"
#include "actors/parsers/typed_value.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::parser::protobuf {

/// The columns of a message, where none are declared. An error where they are too many, messages within it counted.
[[nodiscard]] expected<std::vector<data::field>> columns_of(const Descriptor& message);

/// What becomes of the values of a field.
enum class reading : std::uint8_t {
  scalar,    // a value of the column's type
  json,      // JSON text
  time,      // google.protobuf.Timestamp
  duration,  // google.protobuf.Duration
  wrapper,   // the value within, or null
  object,
  list
};

struct object_plan;

/// A column, or the elements of one that is a list.
struct column_plan {
  static constexpr std::uint32_t no_field = 0xFFFF'FFFF;
  std::string name{};
  data::type type{};
  std::uint32_t field = no_field;  // its index in the message's shape; none: the column is null
  const field_shape* shape = nullptr;
  reading how = reading::scalar;
  bool is_element = false;                // of a list
  bool is_plain = false;                  // the value needs no conversion: it is appended as it is
  std::optional<typed_value> value{};     // scalar, time, duration
  std::unique_ptr<column_plan> within{};  // a list's elements, a wrapper's value
  std::unique_ptr<object_plan> object{};
  std::size_t cells = 1;  // values that it has at least, with those of its members
};

/// A message of which some fields are columns.
struct object_plan {
  /// What to do with a field, by its index in the shape.
  struct entry {
    std::int32_t slot = -1;    // keeps its values until the message's end
    std::int32_t column = -1;  // a list, whose elements are appended as they come
    std::int32_t oneof = -1;   // the slot that knows which member of its oneof is set
  };
  const message_shape* shape = nullptr;
  std::vector<column_plan> columns;
  std::vector<entry> entries;
  std::vector<std::uint32_t> required;  // fields
  std::uint32_t slots = 0;
};

/// A declared column that the message cannot fill.
struct unfit_column {
  std::size_t column;
  std::string message;
};

struct planned {
  std::unique_ptr<object_plan> plan;
  std::vector<unfit_column> unfit;  // such a column stays null in the plan, and so does one that is_missing
};

/// Plans the declared columns by their names. `missing_are_null`: one that the message does not have is no unfit one.
[[nodiscard]] planned plan_of(const message_shape& message, std::span<const data::field> declared,
                              const std::vector<parser_options::timestamp_format>& formats,
                              bool missing_are_null);

}  // namespace millrace::parser::protobuf
