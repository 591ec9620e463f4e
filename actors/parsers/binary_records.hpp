// The records of a chunk as rows where records are no text: which are passed over, rows of nulls or dead letters, and when a
// row is whole. The parsers of Avro and Protobuf read the values.
#pragma once

#include "actors/parsers/row_builder.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

namespace millrace::parser {

/// `read` appends a value of record i to each declared column that it reads, or leaves `why` as the error; what it has appended
/// is taken back then. `expected`: what a record is, for those without a value.
template<class Read>
[[nodiscard]] parsed parse_binary(const source::chunk& c, row_builder& rows, std::string_view expected,
                                  std::string& why, Read read) {
  const auto accepted = [&](bool is_row) {
    if (!is_row)
      why = rows.why();
    return is_row;
  };
  const auto take = [&](std::size_t i) {
    if (rows.is_row_of_nulls(c, i))
      return accepted(rows.accept_nulls(c, i));
    if (c.lengths[i] == source::no_value || c.is_cut(i)) {
      why = c.is_cut(i)
                ? why_cut(c, i)
                : fmt::format("the record has no value (a null, as Kafka's tombstones are); expected {}",
                              expected);
      return false;
    }
    const bool is_read = read(i);
    rows.drop_unused();
    const auto timed = is_read ? rows.event_time() : std::nullopt;
    if (is_read && accepted(rows.accept(c, i, timed ? rows.column(*timed).last_int() : std::nullopt)))
      return true;
    rows.take_back();
    return false;
  };
  rows.reserve(c.records());
  for (std::size_t i = 0; i < c.records(); ++i)
    if (rows.passes(c, i))
      rows.filter(i);
    else if (!take(i))
      rows.dead(i, std::move(why));
  return rows.finish();
}

}  // namespace millrace::parser
