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
#include "runtime/snapshot/run_files.hpp"
#include "runtime/snapshot/snapshot_format.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::snapshot {

// One run of a chain with its copies, as they were read: the same record lies at the same place in each, so
// what is damaged in one file is taken from another. It says which records are whole, in which files, and what
// the copies lack; chain_scan decides which of them belong to the chain. It reads only.

/// A second or third copy that lacks records of its run.
struct file_repair {
  std::string name;
  std::string bytes;
  bool append = false;  // append to the existing file; else the file is written anew
};

class loaded_run {
public:
  struct one_file {
    std::string name;  // empty: it is not there
    std::string bytes;
    bool is_there = false;
    bool is_unreadable = false;
    bool is_short = false;  // its records up to `whole` were taken, further ones were not
    std::size_t whole = 0;
  };

  /// A missing or damaged file is no error. `folder`, `names` and `actor` outlive the object.
  [[nodiscard]] static expected<loaded_run> load(file_system& files, const std::string& folder,
                                                 const run_files& names, std::string_view actor);

  /// Returns the run's first record; none where it is whole in no file. ec::unsupported: a later version has
  /// written it.
  [[nodiscard]] expected<std::optional<record>> first() const;
  /// Takes the record that follows the ones taken before, where `is_next` says of one that is whole that it
  /// does; none: there is no such record. Errors as those of first().
  [[nodiscard]] expected<std::optional<record>> take(const std::function<bool(const record&)>& is_next);
  /// Returns the bytes of the records that were taken.
  [[nodiscard]] std::size_t taken() const { return end_; }
  /// Says whether the original lacks the last record that was taken.
  [[nodiscard]] bool ends_in_copies_alone() const { return ends_in_copies_alone_; }

  [[nodiscard]] const one_file& original() const { return files_[0]; }
  [[nodiscard]] const one_file& copy() const { return files_[1]; }
  [[nodiscard]] bool is_original_whole() const { return original().whole == end_; }
  /// Returns the bytes after the records that were taken.
  [[nodiscard]] std::string rest_of_original() const { return rest_of(original()); }
  [[nodiscard]] std::string rest_of_copy() const { return rest_of(copy()); }
  /// Two files are to hold all that was taken. The original is its writer's alone.
  [[nodiscard]] std::vector<file_repair> repairs() const;

private:
  loaded_run(const std::string& folder, const run_files& names, std::string_view actor)
      : folder_(&folder), names_(&names), actor_(actor) {}

  [[nodiscard]] expected<void> load(file_system& files, one_file& file, const std::string& name) const;
  [[nodiscard]] expected<std::optional<record>> first_of(std::string_view bytes, const std::string& name,
                                                         std::size_t& size) const;
  [[nodiscard]] std::string rest_of(const one_file& file) const;
  [[nodiscard]] std::string taken_from(std::size_t at) const;

  const std::string* folder_;
  const run_files* names_;
  std::string_view actor_;
  std::array<one_file, 3> files_;  // original, copy, mended
  std::size_t end_ = 0;            // end of the records that were taken
  bool ends_in_copies_alone_ = false;
};

/// Returns the run's first header, which may be damaged; none where it cannot be read.
[[nodiscard]] expected<std::optional<record_header>> head_of(file_system& files, const std::string& folder,
                                                             const run_files& run);
/// Returns the life that has begun the run, where it is one that matters; its record is whole.
[[nodiscard]] expected<std::optional<chain::life>>
life_of_run(file_system& files, const std::string& folder, const run_files& run, std::string_view actor,
            const std::function<bool(chain::life)>& matters);

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
