// The whole numbers that an integer type of Protobuf has.
#pragma once

#include <cstdint>
#include <google/protobuf/descriptor.h>
#include <limits>

namespace millrace::sink {

struct whole_range {
  __int128 least;
  __int128 most;
};

[[nodiscard]] inline whole_range range_of(google::protobuf::FieldDescriptor::CppType t) {
  switch (t) {
  case google::protobuf::FieldDescriptor::CPPTYPE_INT32:
    return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
  case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
    return {0, std::numeric_limits<std::uint32_t>::max()};
  case google::protobuf::FieldDescriptor::CPPTYPE_UINT64:
    return {0, std::numeric_limits<std::uint64_t>::max()};
  default:
    return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  }
}

}  // namespace millrace::sink
