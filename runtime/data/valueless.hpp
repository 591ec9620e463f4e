// The option `on_null`, for those who plan a parser and those who are one.
#pragma once

#include <cstdint>

namespace millrace::data {

/// What becomes of a record without a value, such as a tombstone of a Kafka topic.
enum class valueless : std::uint8_t {
  dead_letter,
  skip,  // it is no record
  row,   // its columns are null; hidden ones have what they have of any record
};

}  // namespace millrace::data
