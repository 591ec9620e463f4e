// Dates of a sample that say neither whether the day comes first nor whether the month does, such as 05.11.2026: PostgreSQL reads the
// month first. `check --sample` warns of columns of them. Contacts nothing; linear in the sample.
#pragma once

#include "config/plan.hpp"
#include "tools/dry_run/dry_run.hpp"

#include <string>
#include <vector>

namespace millrace::dry_run {

/// A warning for each column without a "format" whose values could be read either way, where none of them shows that the month comes first.
[[nodiscard]] std::vector<std::string> days_or_months(const config::topology& t,
                                                      const std::vector<arrival>& records);

}  // namespace millrace::dry_run
