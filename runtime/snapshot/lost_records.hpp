// Finds out whether the chain DIR/control has lost its newest records. A chain whose newest files were deleted
// is a shorter chain that is whole, so the folder would be taken for what it was then. The contents of the
// state tell, where they have changed since.
#pragma once

#include "runtime/snapshot/control_record.hpp"
#include "runtime/snapshot/file_system.hpp"

#include <string>

namespace millrace::snapshot {

/// `record`: what DIR/control says of the folder. ec::corrupt, with file and remedy, where the contents that
/// the record names are gone and others are there. It changes nothing.
[[nodiscard]] expected<void> check_control_is_newest(file_system& files, const std::string& folder,
                                                     const folder_record& record);

}  // namespace millrace::snapshot
