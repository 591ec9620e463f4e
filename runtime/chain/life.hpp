// Lives of an actor as the chain protocol orders them. Terms come from one place alone (today the state
// folder's counter of incarnations); whoever holds a term raises only its count.
#pragma once

#include "runtime/base/ids.hpp"

#include <compare>
#include <cstdint>

namespace millrace::chain {

/// A value; a higher one fences off all lower ones.
struct life {
  incarnation term = 0;
  std::uint32_t count = 0;  // raised by the life itself, where it cannot know what has become of an append
  friend auto operator<=>(const life&, const life&) = default;
};

inline constexpr std::uint32_t count_bits = 24;
/// A life that has raised its count so often has a disk that does not work: its appends fail from then on.
inline constexpr std::uint32_t most_counts = (std::uint32_t{1} << count_bits) - 1;

/// A life as records hold it: the term in the upper 40 bits, the count in the lower 24. A state folder of
/// format 2 or earlier has the bare term there, which is below each number of a later life.
[[nodiscard]] constexpr std::uint64_t number_of(life l) { return l.term << count_bits | l.count; }
[[nodiscard]] constexpr life life_of(std::uint64_t number) {
  return {number >> count_bits, static_cast<std::uint32_t>(number & most_counts)};
}

}  // namespace millrace::chain
