// The members of a user's test file (FILE.test.json) and of one of its cases: read by tools/dry_run, shown
// by the schema in docs/.
#pragma once

#include "config/options.hpp"

#include <vector>

namespace millrace::config {

[[nodiscard]] const std::vector<option>& test_file_options();
[[nodiscard]] const std::vector<option>& test_case_options();
/// An expectation of one stage takes these options, in its long form.
[[nodiscard]] const std::vector<option>& expectation_options();
/// A record in its long form.
[[nodiscard]] const std::vector<option>& test_record_options();

}  // namespace millrace::config
