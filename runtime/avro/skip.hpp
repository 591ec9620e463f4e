// Finds the end of a datum without reading it. Pure; linear in the bytes, and nested no deeper than deepest_value.
#pragma once

#include "runtime/avro/cursor.hpp"
#include "runtime/avro/schema.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace millrace::avro {

/// The length of the datum of the schema's root at the front; none where the bytes are no whole datum. Values are not
/// looked at, apart from branches of unions, and blocks that say their bytes are skipped at once.
[[nodiscard]] std::optional<std::size_t> length_of(const schema& s, std::string_view bytes);

/// How a value of this type is passed over.
[[nodiscard]] passing how_to_pass(const schema& s, type_index i);

/// Moves the cursor behind one value after another; gives the number of the first at which that fails, else that of all.
[[nodiscard]] std::size_t pass_all(const schema& s, std::span<const passing> values, cursor& at,
                                   std::uint32_t depth = 0);

/// Moves the cursor behind a value of this type; false where that fails.
[[nodiscard]] bool skip(const schema& s, type_index i, cursor& at, std::uint32_t depth = 0);

}  // namespace millrace::avro
