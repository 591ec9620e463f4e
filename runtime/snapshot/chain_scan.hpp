// Finds the newest whole chain among an actor's files, and says what has to be mended. Reads only; the caller
// deletes and repairs. What it promises about damage:
//   - every record that is not the newest has a second copy, or a base that covers it, so one damaged file
//     costs at most the newest increment (nothing, when that was kept twice);
//   - what follows the newest record in its file is an append that was cut short, or a damaged newest record;
//     the two cannot be told apart, so both are reported as a fall back;
//   - a damaged base costs nothing: the previous base and the increments since then are still there;
//   - when more is gone, the answer is ec::corrupt with the remedy, never a silent step further back. But a
//     chain whose newest files have been deleted, all copies and the base on them too, is a shorter chain to
//     it: the positions of those who have had something from the actor tell (shard_core::resume).
#pragma once

#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/snapshot.hpp"
#include "runtime/snapshot/snapshot_format.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace millrace::snapshot {

/// A place in the chain: what the next record names as its predecessor.
struct chain_link {
  std::uint64_t sequence = 0;
  std::uint64_t checksum = 0;
  friend bool operator==(const chain_link&, const chain_link&) = default;
};

/// A file that lacks records of its chain.
struct file_repair {
  record_name name;
  std::string bytes;
  bool append = false;  // to what is there; else the file is written anew
};

struct scanned_chain {
  snapshots::chain chain;
  chain_link tail;
  incarnation life = 0;             // of the last record
  std::uint64_t base_sequence = 0;  // 0: the chain begins with increments
  std::uint64_t base_bytes = 0;
  std::uint64_t increments_bytes = 0;   // since the base, without second copies
  std::uint64_t increments = 0;         // records since the base, openings too
  std::uint64_t files = 0;              // that these lie in
  std::uint64_t highest = 0;            // sequence number of any file name, and of a record that is given up
  record_name newest;                   // the file that the tail lies in, where that is an increment
  std::uint64_t newest_bytes = 0;       // of its original, also behind the tail
  bool base_due = false;                // there is but one generation left
  std::vector<std::string> damaged;     // file names to delete
  std::vector<std::string> superseded;  // temporary files and what precedes the previous base
  std::vector<file_repair> to_repair;   // files of which a copy is missing or damaged
};

[[nodiscard]] expected<scanned_chain> scan_chain(file_system& files, const std::string& folder,
                                                 std::string_view actor);

}  // namespace millrace::snapshot
