// Folders that are to be there after a crash, each made and synced into the one above it; and folders that go with all in them.
#pragma once

#include "runtime/snapshot/file_system.hpp"

#include <string>
#include <string_view>

namespace millrace::snapshot {

/// The folder that holds it: "." for a name alone.
[[nodiscard]] std::string folder_above(const std::string& path);

/// Makes the folder and those above it that are missing. Folders below `owned` are synced into the ones above
/// them also if they were there before: their maker may have died before its name was durable. Empty `owned`:
/// new ones alone are synced.
[[nodiscard]] expected<void> make_folders(file_system& files, const std::string& path,
                                          std::string_view owned = {});

/// Makes it likewise, for what this user alone may read and write: tokens, addresses, state, stores. A folder that
/// is there is closed to others. User error: it, or something in it, belongs to another user or is a link.
[[nodiscard]] expected<void> make_own_folder(file_system& files, const std::string& path);

/// Removes a file, or a folder with all below it. Others may do so at the same time: what is not there is passed over.
[[nodiscard]] expected<void> remove_tree(file_system& files, const std::string& path);

}  // namespace millrace::snapshot
