// The dates of a sample that could have the day or the month first, of which `check --sample` warns. Contacts nothing; linear in
// the sample.
#pragma once

#include "config/plan.hpp"
#include "tools/dry_run/dry_run.hpp"

#include <string>
#include <vector>

namespace millrace::dry_run {

/// The warnings of parser::date_orders about these records, each behind the name of its parser.
[[nodiscard]] std::vector<std::string> days_or_months(const config::topology& t,
                                                      const std::vector<arrival>& records);

}  // namespace millrace::dry_run
