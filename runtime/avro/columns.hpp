// The columns that an Avro schema gives, where a topology names none. Pure.
#pragma once

#include "runtime/avro/schema.hpp"
#include "runtime/data/type.hpp"

#include <vector>

namespace millrace::avro {

/// The fields of the root, which is a record. Maps, unions of several types and what is recursive are json. Errors: the root
/// is another type, or there are more columns and members than a topology should have.
[[nodiscard]] expected<std::vector<data::field>> columns_of(const schema& s);

}  // namespace millrace::avro
