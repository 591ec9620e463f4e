// Shows what a dry run gave, as text for people.
#pragma once

#include "tools/dry_run/receivers.hpp"

#include <string>
#include <vector>

namespace millrace::dry_run {

/// Rows shown of a stage.
inline constexpr std::size_t rows_shown = 20;

/// A headline and a table for each stage, "... N more" after rows_shown rows. Hidden columns are left out,
/// but for the number of a batch, and `_delete` of a sink where a row deletes the one with its key.
[[nodiscard]] std::string show(const std::vector<stage_rows>& stages);

}  // namespace millrace::dry_run
