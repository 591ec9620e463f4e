// Finds the newest whole chain among an actor's files, and says what has to be mended. Reads only; the caller
// repairs. What it promises about damage:
//   - every record that is not the newest has a second copy, or a base that covers it, so one damaged file
//     costs at most the newest increment (nothing, when that was kept twice);
//   - what follows the newest record in its file is an append that was cut short, or a damaged newest record;
//     the two cannot be told apart, so both are reported as a fall back;
//   - a damaged base costs nothing: the previous base and the increments since then are still there;
//   - when more is gone, the answer is ec::corrupt with the remedy, never a silent step further back. But a
//     chain whose newest files have been deleted, all copies and the base on them too, is a shorter chain to
//     it: the positions of those who have had something from the actor tell (shard_core::resume).
// The next run decides which records of a run count: its first record names its predecessor.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/chain/rules.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/loaded_run.hpp"
#include "runtime/snapshot/run_files.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::snapshot {

struct scanned_chain {
  chain::contents contents;
  chain::link tail;
  chain::life life;              // the highest
  std::uint64_t last_place = 0;  // 0: there is none above the mark
  bool is_sealed = false;        // the run there, before it was read
  std::uint64_t mark = 0;
  std::uint64_t base_place = 0;  // 0: the chain begins with increments
  std::uint64_t base_bytes = 0;
  std::uint64_t increments_bytes = 0;  // bytes since the base, without second copies
  std::uint64_t increments = 0;        // records since the base, openings too
  std::uint64_t runs = 0;              // the runs that hold these
  std::uint64_t highest = 0;           // sequence number, also of a record that is given up
  std::string newest;                  // the file that the tail lies in, where that is an increment
  std::vector<std::string> copies;     // copies that stand in for records which originals lack
  bool base_due = false;               // there is but one generation left
  std::vector<file_repair> to_repair;
};

/// `runs`: as they were just listed.
[[nodiscard]] expected<scanned_chain> scan_chain(file_system& files, const std::string& folder,
                                                 const run_listing& runs, std::string_view actor);

}  // namespace millrace::snapshot
