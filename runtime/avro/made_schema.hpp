// The schema that is made of columns, where the user has none of their own, and the names that Avro takes. Pure.
// Source: Apache Avro 1.11 specification, "Schema Declaration".
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/data/type.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::avro {

/// A record of that full name (a.b.Name) with a field a column, each of a union with null whose default is null: boolean, bigint
/// long, double, text string, timestamp a long of timestamp-micros, date an int of date, numeric(p,s) bytes of decimal(p,s),
/// nested a record (NAME_COLUMN), a list an array. json and numeric of any scale are strings. Errors: a name that Avro
/// does not take, which the caller puts into place.
[[nodiscard]] expected<std::string> schema_of_columns(std::string_view name,
                                                      const std::vector<data::field>& columns);
/// The schema of a single value of that type, without null.
[[nodiscard]] expected<std::string> schema_of_value(std::string_view name, const data::type& type);

/// Letters, digits and _, no digit first.
[[nodiscard]] bool is_name(std::string_view text);
/// One such name, or several with dots between them.
[[nodiscard]] bool is_full_name(std::string_view text);
/// The text with _ for every other character, and in front of a digit that it begins with.
[[nodiscard]] std::string name_of(std::string_view text);

}  // namespace millrace::avro
