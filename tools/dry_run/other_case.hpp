// Columns that no record of a sample has while records have a member of that name but for capitals, of which `check --sample` warns.
#pragma once

#include "config/plan.hpp"
#include "tools/dry_run/dry_run.hpp"

#include <string>
#include <vector>

namespace millrace::dry_run {

/// The warnings about columns of JSON records, nested ones too, each behind the name of its parser. Records that are no JSON
/// objects are passed over.
[[nodiscard]] std::vector<std::string> names_in_other_case(const config::topology& t,
                                                           const std::vector<arrival>& records);

}  // namespace millrace::dry_run
