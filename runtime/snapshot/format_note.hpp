// The note of a state folder's format, in the two copies of the value "identity": any build that opens the
// folder finds it there, also where it cannot read the rest.
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
  std::uint64_t generation = 0;  // the newer copy's
  std::uint16_t version = 0;

  [[nodiscard]] bool is_of_now() const {
    return is_there && !is_damaged && !copies_differ && version == folder_version;
  }
  [[nodiscard]] bool is_earlier() const { return is_there && !is_damaged && version < folder_version; }
};
/// ec::unsupported where a later version has written it.
[[nodiscard]] expected<found_note> read_note(file_system& files, const std::string& folder);
/// Replaces the note `found`, which gets the new one's generation. `writer` tells the temporary files of two
/// writers apart.
[[nodiscard]] expected<void> write_note(file_system& files, const std::string& folder, found_note& found,
                                        std::string_view writer);

}  // namespace millrace::snapshot
