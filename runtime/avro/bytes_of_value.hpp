// Bytes that texts and numbers have as values of Avro: decimals, UUIDs. Rows and JSON use them alike. Pure.
#pragma once

#include "runtime/avro/schema.hpp"
#include "runtime/base/decimal.hpp"

#include <string>
#include <string_view>

namespace millrace::avro {

/// Appends the number as a decimal of that type, of bytes or of a fixed. False: it has more digits than the type, on either
/// side of the point.
[[nodiscard]] bool append_as_decimal(std::string& out, const decimal& v, const type& t);
/// The same of units that have the type's scale and no more digits.
void append_units(std::string& out, __int128 units, const type& t);
/// Appends the 16 bytes of a UUID, from 36 characters. False: it is none.
[[nodiscard]] bool append_uuid(std::string& out, std::string_view text);

}  // namespace millrace::avro
