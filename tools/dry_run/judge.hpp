// Runs one case of a test file and says what is wrong, in lines for people.
#pragma once

#include "tools/dry_run/test_file.hpp"

#include <string>
#include <vector>

namespace millrace::dry_run {

/// Differences shown of a stage, each.
inline constexpr std::size_t differences_shown = 20;

/// Returns nothing where the rows are those that were expected. Dead letters that the case does not speak of are an
/// error: nothing is lost in silence.
[[nodiscard]] std::vector<std::string> judge(const config::topology& t, const test_case& c);

/// Pure: the rows of one stage against what was expected of it.
[[nodiscard]] std::vector<std::string> differences(const expectation& e, const stage_rows& got);

}  // namespace millrace::dry_run
