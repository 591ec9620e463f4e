// How much of a chunk is worked on at once: nearly always all of it. Where a record was given up, or an
// earlier life has failed, a chunk falls into pieces. Pure.
#pragma once

#include "actors/parsers/parser.hpp"
#include "runtime/delivery/failing_records.hpp"
#include "runtime/delivery/verdicts.hpp"

#include <memory>
#include <optional>

namespace millrace::lane {

/// Records [first, last) of a chunk.
struct piece {
  std::size_t first = 0;
  std::size_t last = 0;
  bool own_frame = false;                      // nothing else may stand in its frame
  const std::string* given_up = nullptr;       // why this one record is a dead letter
  std::shared_ptr<const source::chunk> chunk;  // these records alone
  parser::parsed parsed;                       // once they were parsed
};

/// The one that begins at record `first` (the number of records: an empty one). `given_up` refers to
/// `verdicts`.
[[nodiscard]] piece next_piece(const std::shared_ptr<const source::chunk>& c, std::size_t first,
                               const log_id& log, const delivery::verdicts& verdicts,
                               const delivery::failing_records& failing);

/// Records [first, last) as a chunk of their own.
[[nodiscard]] source::chunk slice(const source::chunk& c, std::size_t first, std::size_t last);

/// The position behind records [0, last).
[[nodiscard]] inline position behind(const source::chunk& c, std::size_t last) {
  return last == c.records() ? c.to : c.positions[last];
}
/// The first record at or behind this position.
[[nodiscard]] std::size_t record_at(const source::chunk& c, position at);

}  // namespace millrace::lane
