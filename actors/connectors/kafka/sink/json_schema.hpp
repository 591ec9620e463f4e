// The JSON Schema of rows as the sink writes them as JSON. Pure.
// Source: JSON Schema, draft 7; a column that may be null is `oneOf` null and its type, as Confluent's serializers derive it.
#pragma once

#include "runtime/data/type.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::sink {

/// Gives the schema of an object of that title with a property a column.
[[nodiscard]] std::string json_schema_of_columns(std::string_view title,
                                                 const std::vector<data::field>& columns);
/// Gives the schema of a value of that type, which is never null.
[[nodiscard]] std::string json_schema_of_value(const data::type& type);

}  // namespace millrace::sink
