// Lives of an actor: which of them is newer, and the one number that stands for a life where there is room
// for one. Terms come from one place alone (the chain `control` of a cluster's store); the holder of a term
// raises only its count.
#pragma once

#include "runtime/base/ids.hpp"

#include <compare>
#include <cstdint>

namespace millrace {

/// A value; a higher life fences off all lower ones. A term alone is its first life.
struct life {
  incarnation term = 0;
  /// It counts reopenings under the term: of a sink's target, of a chain after an append that failed.
  std::uint32_t count = 0;

  constexpr life() = default;
  constexpr life(incarnation of_term, std::uint32_t reopened = 0) : term(of_term), count(reopened) {}
  friend auto operator<=>(const life&, const life&) = default;
};

inline constexpr std::uint32_t count_bits = 24;
/// A life that has raised its count so often goes on under a new term: a chain's appends fail from then on,
/// and a sink ends.
inline constexpr std::uint32_t most_counts = (std::uint32_t{1} << count_bits) - 1;

/// No cluster gives so many terms: a life of a higher one is damage, or of somebody else who writes to the store.
inline constexpr incarnation most_terms = incarnation{1} << 38;

/// A life as records of chains and claims on targets hold it: the term in the upper 40 bits, the count in the
/// lower 24. It rises with the life.
[[nodiscard]] constexpr std::uint64_t number_of(life l) { return l.term << count_bits | l.count; }
[[nodiscard]] constexpr life life_of(std::uint64_t number) {
  return {number >> count_bits, static_cast<std::uint32_t>(number & most_counts)};
}

}  // namespace millrace
