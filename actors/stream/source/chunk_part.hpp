// A part of a chunk as a chunk of its own: lanes work on one where a record was given up, and a registry's reader cuts one where the
// schemas of its records change. Pure.
#pragma once

#include "actors/stream/source/source.hpp"

#include <cstddef>

namespace millrace::source {

/// The position after records [0, last).
[[nodiscard]] inline position behind(const chunk& c, std::size_t last) {
  return last == c.records() ? c.to : c.positions[last];
}
/// The first record at or after this position.
[[nodiscard]] std::size_t record_at(const chunk& c, position at);

/// Records [first, last), with all that the chunk says of them. It says nothing of what follows (at_end, caught_up, drained).
[[nodiscard]] chunk part_of(const chunk& c, std::size_t first, std::size_t last);

/// Takes off the chunk what begins with the record at this position, and gives it: what the chunk says of what follows goes
/// along. The position is within the chunk, and not its first.
[[nodiscard]] chunk cut_off(chunk& c, position at);

}  // namespace millrace::source
