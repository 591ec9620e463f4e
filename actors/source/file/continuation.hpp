// What has come since a bounded log of files was read to its end: files with later names (of a parallel glob:
// any), and lines appended to the last one. Looks at files only; whoever begins the next run keeps the
// result.
#pragma once

#include "actors/source/source.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::source {

struct continuation {
  std::string identity;                    // of the log from there on
  std::vector<partition_info> partitions;  // those that have something new, and where it begins
};

/// `ended`: the identity that was kept. `run`: number of the run that would begin, above any before; majors
/// of a parallel glob's positions. Nothing where nothing is new. Files that are gone were read, and are not
/// missed. ec::mismatch with fault::user: a file has changed otherwise than a log may grow; the text says how
/// and the remedy.
[[nodiscard]] expected<std::optional<continuation>>
continue_files(std::string_view ended, const std::string& pattern, bool parallel, std::int64_t run);

}  // namespace millrace::source
