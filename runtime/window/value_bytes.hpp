// Values of any type that can be a key, as bytes of a state from which they come out as they came in: the encoding of keys, and
// behind a numeric of any scale one byte with its scale, for 1.5 and 1.50 are one key. So equal numerics lie side by side in the
// order of the bytes, the one of the least scale first.
#pragma once

#include "runtime/data/column.hpp"
#include "runtime/wire/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::window {

void append_value_bytes(std::string& out, const data::column& c, std::size_t row);
/// Reads one value from the front into the builder, whose type it must be; false for other bytes.
[[nodiscard]] bool read_value_bytes(std::string_view& in, data::column_builder& out);
/// The same, without a builder.
[[nodiscard]] bool skip_value_bytes(std::string_view& in, const data::type& t);

/// u8 scale | u64 low half | u64 high half of the units
void put_decimal(wire::writer& out, const decimal& v);
/// None, and `in` has failed, for bytes that are no decimal.
[[nodiscard]] std::optional<decimal> take_decimal(wire::reader& in);

}  // namespace millrace::window
