// The part of a chunk that is worked on at once: nearly always all of it. A chunk falls into pieces where a
// record was given up, or an earlier life has failed. Pure.
#pragma once

#include "actors/parsers/parser.hpp"
#include "actors/stream/source/chunk_part.hpp"
#include "runtime/delivery/failing_records.hpp"
#include "runtime/delivery/verdicts.hpp"

#include <memory>
#include <optional>

namespace millrace::lane {

/// Records [first, last) of a chunk.
struct piece {
  std::size_t first = 0;
  std::size_t last = 0;
  bool own_frame = false;                      // its frame holds no other record
  const std::string* given_up = nullptr;       // the reason why this one record is a dead letter
  std::shared_ptr<const source::chunk> chunk;  // these records alone
  parser::parsed parsed;                       // once they were parsed
};

/// The one that begins at record `first` (the number of records: an empty one). `given_up` refers to
/// `verdicts`.
[[nodiscard]] piece next_piece(const std::shared_ptr<const source::chunk>& c, std::size_t first,
                               const log_id& log, const delivery::verdicts& verdicts,
                               const delivery::failing_records& failing);

}  // namespace millrace::lane
