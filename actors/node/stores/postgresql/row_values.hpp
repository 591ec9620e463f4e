// Reads rows in PostgreSQL's binary form, and writes numbers for parameters.
#pragma once

#include "actors/node/stores/postgresql/connection.hpp"
#include "actors/node/stores/postgresql/records.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::postgresql_chain {

/// Returns the digits of a bigint with these 64 bits, as a parameter in text form has them.
[[nodiscard]] std::string text_of(std::uint64_t bits);
/// A bigint; 0 for null.
[[nodiscard]] std::uint64_t number_in(std::string_view bytes);
/// The one row of an answer, as `columns` numbers; none where it has another shape.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> one_row(const answer& a, std::size_t columns);
/// Reads a record from the columns number, behind, life, kind, payload_checksum, checksum, payload, which it
/// takes. No value where the row stands for no record.
[[nodiscard]] std::optional<record> record_in(std::span<std::string> columns);

}  // namespace millrace::postgresql_chain
