// Identifies a file of spilled output.
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/base/life.hpp"

#include <compare>
#include <cstdint>

namespace millrace {

/// Names a segment: the term of the shard's life that wrote it, and its number. Each life under a term has numbers of
/// its own, since a segment of the life before may be written when that is dead already.
struct segment_id {
  incarnation life = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const segment_id&, const segment_id&) = default;
};

/// Segments of this life have higher numbers.
[[nodiscard]] constexpr std::uint64_t first_segment_of(const life& l) {
  return std::uint64_t{l.count} << 32U;
}

}  // namespace millrace
