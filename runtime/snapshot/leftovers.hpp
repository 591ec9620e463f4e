// A start may remove some things from a state folder: states and contents that do not count any more, writes
// that were cut short. A process that was stopped amid it
// must not remove what a newer one has made. So the names are noted before it opens DIR/control: a newer one
// makes its folders after its own opening, which comes later, under names that nobody has used
// (docs/design/chains.md).
#pragma once

#include "runtime/snapshot/control_record.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <string>
#include <vector>

namespace millrace::snapshot {

/// The contents of a state that became blank lie in a folder whose name begins so; the first contents have no
/// folder of their own.
inline constexpr std::string_view contents_begin = "again-";
/// The contents are this folder: a chain store (state_store::chains()).
inline constexpr std::string_view store_name = "store";

/// Names what a state folder holds, as paths below it.
struct noted_names {
  std::vector<std::string> states;     // state-ID
  std::vector<std::string> contents;   // state-ID/PART
  std::vector<std::string> cut_short;  // files
};
[[nodiscard]] expected<noted_names> note_names(file_system& files, const std::string& folder);

/// Returns the names of what does not count where `now` does.
[[nodiscard]] std::vector<std::string> leftovers_of(const noted_names& noted, const folder_record& now);

/// Removes them; what cannot be removed stays until the next start, with a warning. Names that are not there
/// are passed over.
void remove_trees(file_system& files, const std::string& folder, const std::vector<std::string>& names);

}  // namespace millrace::snapshot
