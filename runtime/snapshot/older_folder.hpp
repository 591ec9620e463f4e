// Reads what a state folder of format 3 or earlier holds where later ones have the chain DIR/control: the
// identity's two copies, which stay as a note of the format, and the named values of a state.
#pragma once

#include "runtime/snapshot/control_record.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <cstdint>
#include <string>

namespace millrace::snapshot {

/// The value "identity", as it was found.
struct found_note {
  bool is_there = false;
  bool is_damaged = false;       // both copies
  bool copies_differ = false;    // one is
  std::uint64_t generation = 0;  // of the newer copy
  identity_note note;

  [[nodiscard]] bool is_of_now() const {
    return is_there && !is_damaged && !copies_differ && note.version == folder_version && !note.record;
  }
};
/// ec::unsupported where a later version has written it.
[[nodiscard]] expected<found_note> read_note(file_system& files, const std::string& folder);
/// Replaces the note `found`, which gets the new one's generation. `writer` tells the temporary files of two
/// writers apart.
[[nodiscard]] expected<void> write_note(file_system& files, const std::string& folder, found_note& found,
                                        const std::optional<folder_record>& record, std::string_view writer);

/// Returns the folder of a state's values.
[[nodiscard]] std::string values_folder(const std::string& folder, const folder_record& of);
/// ec::corrupt where one is damaged in both copies, or the folder is missing: what lacks it would begin anew.
[[nodiscard]] expected<named_values> read_older_values(file_system& files, const std::string& values);

}  // namespace millrace::snapshot
