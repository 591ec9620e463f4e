// Makes one row of each element of a list, for `unnest` in the columns of a select. The rows of one record
// stand together after it, in the order of its list, and have the record's origin. Pure.
#pragma once

#include "actors/stream/stage/chain.hpp"

#include <span>

namespace millrace::stage {

/// The rows of one record, in bytes, take at most this: a long record beside each of its many elements would
/// fill the memory. Lanes take few records at a time, so a column's texts stay within 31-bit offsets.
inline constexpr std::size_t most_bytes_of_a_record = std::size_t{16} << 20;
inline constexpr std::size_t most_records_at_once = 64;

/// The size of a row, about; of columns that are no null pointers. Never 0, so that rows of nothing are bounded as well.
[[nodiscard]] std::size_t bytes_of_row(const data::batch& b, std::size_t row);

/// The list that the columns of a select unnest, null pointer for none.
[[nodiscard]] const expression::bound* unnested_by(const config::step& s);

/// The number of each row among those of its origin, from 0.
[[nodiscard]] std::vector<std::uint32_t> ordinals_of(const rows& in);
/// Returns the position of row `ordinal` of a record's rows in the log: the rows of one record are in their
/// order, and all before or all after those of another. `major` must be below 2^41.
[[nodiscard]] position place_of(position record, std::uint32_t ordinal);

struct unnested_rows {
  stage::rows rows;                              // the columns that go on, then the elements
  std::vector<bool> empty;                       // one a row of the input: its list is empty or null
  std::vector<expression::row_failure> refused;  // rows of the input whose record becomes too large
};

/// `list` has a value for each row; `kept`: the columns that go on, the others become null pointers.
[[nodiscard]] unnested_rows unnest(const rows& in, const data::column& list,
                                   std::span<const std::size_t> kept);

}  // namespace millrace::stage
