// A batch: equally long columns under a schema. Immutable, shared by pointer between actors of one process.
#pragma once

#include "runtime/data/column.hpp"

#include <memory>
#include <span>
#include <vector>

namespace millrace::data {

struct batch {
  schema_ptr schema;
  std::vector<column_ptr> columns;  // one a field of the schema; a null pointer where nobody reads the column
  std::size_t rows = 0;

  [[nodiscard]] std::size_t byte_size() const;
};

using batch_ptr = std::shared_ptr<const batch>;

/// Rows by index, in that order.
[[nodiscard]] batch take(const batch& b, std::span<const std::uint32_t> rows);
/// Rows [from, to).
[[nodiscard]] batch slice(const batch& b, std::size_t from, std::size_t to);
/// The rows of all of them, one batch after the other; they have one schema, and the same columns.
[[nodiscard]] batch concatenate(std::span<const batch_ptr> all);

}  // namespace millrace::data
