// Says how far into a chunk one turn of work goes: to the end of a piece, or less where something stops it
// before. Pure.
#pragma once

#include "actors/stream/lane/piece.hpp"

#include <cstddef>

namespace millrace::lane {

/// Records before last(), up to position to(), which may lie between two records.
class reach {
public:
  /// `c` outlives it.
  reach(const source::chunk& c, std::size_t last) : chunk_(&c), last_(last), to_(behind(c, last)) {}

  void stop_at(position limit) {
    if (limit >= to_)
      return;
    last_ = record_at(*chunk_, limit);
    to_ = limit;
  }
  void stop_before(std::size_t record) {
    if (record >= last_)
      return;
    last_ = record;
    to_ = chunk_->positions[record];
  }
  [[nodiscard]] std::size_t last() const { return last_; }
  [[nodiscard]] position to() const { return to_; }

private:
  const source::chunk* chunk_;
  std::size_t last_;
  position to_;
};

/// Returns the end of the records [next, ...) that are worked on at once if a record may give many rows, so
/// that their rows are bounded; at least one record, up to `last`.
[[nodiscard]] std::size_t end_of_few(const source::chunk& c, std::size_t next, std::size_t last);

}  // namespace millrace::lane
