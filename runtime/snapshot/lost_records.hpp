// Finds out whether the chain DIR/control has lost its newest records. A chain whose newest files were deleted
// is a shorter chain that is whole, so the folder would be taken for what it was then, and numbers would be
// given out for a second time. The files of actors tell: each names the life that has written it, and the
// number of a life stands in DIR/control before anybody uses it.
#pragma once

#include "runtime/snapshot/control_record.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <string>

namespace millrace::snapshot {

/// `record`: what DIR/control says of the folder. ec::corrupt, with file and remedy, where an actor's newest
/// run names a number that was not given out, or where the contents that the record names are gone and others
/// are there. It reads the names of all runs and a header of each actor; nothing is changed.
[[nodiscard]] expected<void> check_control_is_newest(file_system& files, const std::string& folder,
                                                     const folder_record& record);

}  // namespace millrace::snapshot
