// The ledger of a run as JSON: for each stage in = out + filtered + late + dead_letters (+ in_flight before
// the end).
#pragma once

#include "config/plan.hpp"
#include "runtime/messages/messages.hpp"
#include "tools/cli/flow_meter.hpp"

#include <string>
#include <vector>

namespace millrace::cli {

/// Pure: the parts of all shards and sinks, added up by stage; with `flow`, how fast its sources and sinks
/// are.
[[nodiscard]] std::string report_text(const config::topology& t,
                                      const std::vector<messages::report_part>& parts, bool ended,
                                      const flow_meter* flow = nullptr);
/// One report as it is, several as a list. Written beside and renamed, so that a reader never sees half of
/// it.
[[nodiscard]] expected<void> write_reports(const std::string& file, const std::vector<std::string>& reports,
                                           bool as_list);

/// Whether a report can be written there at the end: found out before a run begins. `replaced`: by a rename,
/// which a device or a pipe must not be; else it is written to as it is.
[[nodiscard]] expected<void> check_report_place(const std::string& option, const std::string& file,
                                                bool replaced);

}  // namespace millrace::cli
