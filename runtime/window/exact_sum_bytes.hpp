// An exact sum as bytes, and as part of a state that is copied to another table.
//   u8 bit 0 negative, bit 1 specials | u8 first, u8 end | limbs [first, end) | with specials: varint NaNs,
//   infinities, negative infinities
#pragma once

#include "runtime/window/exact_sum.hpp"
#include "runtime/wire/bytes.hpp"

namespace millrace::window {

void put_sum(wire::writer& out, const exact_sum& sum, const side_store& side);
/// Reads over the sum's former value; false for bytes that are none.
[[nodiscard]] bool read_sum(wire::reader& in, exact_sum& sum, side_store& side);
/// A sum that was copied as bytes gets its own side storage.
void adopt(exact_sum& sum, side_store& side, const side_store& origin);

}  // namespace millrace::window
