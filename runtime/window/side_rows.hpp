// The rows of a join's side: they come by key as a collection, in the order of time, log and position.
// docs/design/joins.md.
#pragma once

#include "runtime/window/aggregates.hpp"
#include "runtime/window/row_store.hpp"

#include <optional>
#include <vector>

namespace millrace::window {

extern const aggregate_ops side_rows_entry;

/// Rows of one side of some groups, decoded as they are appended.
class side_rows {
public:
  explicit side_rows(const aggregate& side);

  /// Appends a row as often as it came.
  void append(const collection::entry& e);
  /// Counts the rows of a group; none where they were too many to be kept.
  [[nodiscard]] static std::optional<std::uint64_t> count(const states& of, std::uint32_t row);
  [[nodiscard]] std::uint32_t size() const { return size_; }
  /// Bytes that a row takes as often as it came, about.
  [[nodiscard]] static std::uint64_t bytes(const collection::entry& e) {
    return e.count * (e.bytes.size() - e.value_at);
  }
  /// Gives the columns, with one row more than was appended, whose values are null.
  [[nodiscard]] std::vector<data::column_ptr> finish();

private:
  std::vector<data::column_builder> columns_;
  std::uint32_t size_ = 0;
};

}  // namespace millrace::window
