// Makes the decisions of the chain protocol, apart from where records lie: which of them count, what an
// opening takes the place of, when an append is durable, what may be trimmed. Plain functions without I/O;
// stores call them with what they have seen. The rules R1 to R4 and their source are in
// docs/design/chains.md.
#pragma once

#include "runtime/chain/life.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::chain {

/// Names a record as the next one does; both are 0 where there is none.
struct link {
  std::uint64_t sequence = 0;
  std::uint64_t checksum = 0;
  friend bool operator==(const link&, const link&) = default;
};

/// Says what a look at the store has shown. Places are numbered from 1 without a gap, one for each run of
/// records, and each is taken once, by the first.
struct sight {
  std::uint64_t mark = 0;       // records at or below it do not count
  std::uint64_t last = 0;       // the greatest place that is taken; 0: none above the mark
  bool is_mine_there = true;    // the run that was appended to
  bool is_mine_sealed = false;  // another life has said that it reads that run to go on from it
};

/// R1: a record is void if one of a higher life stands before it.
[[nodiscard]] bool is_void(life of, life highest_before);

/// Returns the place that a life tries to take (R2). A life that loses the race for it looks again.
[[nodiscard]] std::uint64_t next_place(const sight& s);

/// R2: only a higher life makes one give up.
[[nodiscard]] bool must_give_up(life mine, life highest);

/// R2: returns the life under which `mine` opens where lives of its term have opened before: far above the highest. An
/// earlier one that does not know that it is over raises its count after a write that failed (R4), and must come
/// nowhere near.
[[nodiscard]] life above_earlier(life mine, life highest);

/// Returns the life of an opener that nobody gives a term: above the highest that it has seen. Two openers
/// may choose the same term at once: `random` tells them apart.
[[nodiscard]] life chosen_above(life highest, std::uint32_t random);

/// Applies R2 to a life that was chosen so: another one with the same term was first, and goes on.
[[nodiscard]] bool is_taken(life chosen, life highest);

/// Returns whether a record of the run at `place` counts (R3). The look comes after the append: a later life
/// seals the run before it reads it, so the writer of a record that this life has not read finds the seal, or
/// the next place, or the mark. A store whose listing may lack what goes meanwhile sees to it that none of
/// these is missed.
[[nodiscard]] bool counts(const sight& s, std::uint64_t place);

/// Returns where the mark may go once a base follows the one at `previous_base` (0: there was none), so that
/// two generations are kept (R4).
[[nodiscard]] std::uint64_t mark_before(std::uint64_t previous_base);

/// Tells whether the next run that can be read names, as what it builds upon, the tail that was reached
/// before the run in question: that one is then a base, or void.
[[nodiscard]] bool is_passed_by(const link& tail, const std::optional<link>& next);

/// Returns whether the listing has to be made again. It is no snapshot: files that come or go meanwhile may
/// be in it or not. Runs that are missing between the mark and the last one are a hole, and so is a mark
/// without the base that follows it. `places` ascend.
[[nodiscard]] bool has_hole(std::uint64_t mark, const std::vector<std::uint64_t>& places);

}  // namespace millrace::chain
