// Rows of a window's output as the steps downstream of it know them. With `updates` these name two hidden columns
// that a sink knows: the number of its batch and the change. Pure.
#pragma once

#include "runtime/data/batch.hpp"

#include <cstdint>
#include <optional>

namespace millrace::stage {

/// Whether the window takes back the rows of this batch, of which there is at least one: all of them, or none.
[[nodiscard]] bool is_taken_back(const data::batch& rows);
/// The columns of the window alone.
[[nodiscard]] data::batch own_columns(data::batch rows);

struct numbering {
  data::schema_ptr columns;  // the window's own, config::batch_column, config::change_column
  std::optional<std::uint64_t> batch;
  bool shows_change = true;  // false: nobody reads it, so its column is a null pointer
};
[[nodiscard]] data::batch numbered(data::batch rows, const numbering& by);

}  // namespace millrace::stage
