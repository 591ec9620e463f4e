// An actor's journal in a folder of format 3 or earlier: two files, STEM.1 and STEM.2, of which either is
// enough. It is read here, and never written any more.
#pragma once

#include "runtime/snapshot/file_system.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace millrace::snapshot {

/// Without both files it is empty. ec::corrupt when those that are there are damaged; ec::unsupported when a
/// later version has written them.
[[nodiscard]] expected<std::vector<std::string>>
read_older_journal(file_system& files, const std::string& stem, std::string_view actor);
/// When its entries are in a chain: no process of this version makes such files.
[[nodiscard]] expected<void> remove_older_journal(file_system& files, const std::string& stem);

}  // namespace millrace::snapshot
