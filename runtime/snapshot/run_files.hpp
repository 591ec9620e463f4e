// The files of a chain in its folder: runs of records by their place, second copies, trim marks. Reads names
// only.
//
//   run-<20 digits>          records of one life, one after another; comes into being whole, and only the
//                            life that made it appends to it
//   run-<20 digits>.copy     its second copy, kept by the same life
//   run-<20 digits>.sealed   that copy once a later life reads the run: kept by that life
//   run-<20 digits>.mended   a third one, where the first was found damaged
//   trim-<20 digits>         empty: nothing at or below this place counts
#pragma once

#include "runtime/chain/rules.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::snapshot {

enum class run_part : std::uint8_t { original, copy, sealed, mended };

[[nodiscard]] std::string run_file(std::uint64_t place, run_part part = run_part::original);
[[nodiscard]] std::string mark_file(std::uint64_t place);

/// Names of the files that are there; empty where one is missing.
struct run_files {
  std::uint64_t place = 0;
  std::string original;
  std::string copy;  // the sealed one where there is one
  std::string mended;
  bool is_sealed = false;
};

struct run_listing {
  std::uint64_t mark = 0;
  std::vector<run_files> runs;         // runs above the mark, ascending
  std::vector<std::uint64_t> marks;    // all, ascending
  std::vector<std::string> trimmed;    // files at or below the mark, in the order of their removal
  std::vector<std::string> temporary;  // tmp-*

  [[nodiscard]] std::uint64_t last() const { return runs.empty() ? 0 : runs.back().place; }
  /// A run is missing between others, or the first file of one: it came or went while the names were read.
  [[nodiscard]] bool has_hole() const;
  /// Returns the listing as the writer of the run at `place` sees it.
  [[nodiscard]] chain::sight sight_of(std::uint64_t place) const;
};

[[nodiscard]] run_listing sort_out(const std::vector<file_system::entry>& entries);
[[nodiscard]] expected<run_listing> list_runs(file_system& files, const std::string& folder);

}  // namespace millrace::snapshot
