// The ledger of a run as JSON: for each stage in = out + filtered + late + dead_letters (+ in_flight before
// the end).
#pragma once

#include "config/plan.hpp"
#include "runtime/messages/messages.hpp"

#include <string>
#include <vector>

namespace millrace::cli {

/// Pure: the parts of all shards and sinks, added up by stage.
[[nodiscard]] std::string report_text(const config::topology& t,
                                      const std::vector<messages::report_part>& parts, bool ended);
/// Written beside and renamed, so that a reader never sees half a report.
[[nodiscard]] expected<void> write_report(const std::string& file, const config::topology& t,
                                          const std::vector<messages::report_part>& parts, bool ended);

/// Where two fingerprints differ first, for people: the line of each.
[[nodiscard]] std::string first_difference(const std::string& stored, const std::string& now);

}  // namespace millrace::cli
