// The file of --report: whether it can be written, and how it is.
#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <vector>

namespace millrace::cli {

/// One report as it is, several as a list. Written beside and renamed, so that a reader never sees half of
/// it.
[[nodiscard]] expected<void> write_reports(const std::string& file, const std::vector<std::string>& reports,
                                           bool as_list);

/// Checks before a run whether a report can be written there at its end. `replaced`: by a rename, which a
/// device or a pipe must not be; else the file is written to as it is.
[[nodiscard]] expected<void> check_report_place(const std::string& option, const std::string& file,
                                                bool replaced);

}  // namespace millrace::cli
