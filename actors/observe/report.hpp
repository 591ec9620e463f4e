// The ledger of a run as JSON: for each stage in = out + filtered + late + dead_letters (+ in_flight before
// the end). Records in flight are counted from both ends, so that a record that is lost breaks the equation.
#pragma once

#include "actors/observe/flow_meter.hpp"
#include "config/plan.hpp"
#include "runtime/messages/messages.hpp"

#include <string>
#include <vector>

namespace millrace::observe {

/// Pure: the parts of all shards and sinks, added up by stage; with `flow`, how fast its sources and sinks
/// are. "incomplete" says who did not answer, where some did not: their counts are not in it, or are old.
[[nodiscard]] std::string report_text(const config::topology& t,
                                      const std::vector<messages::report_part>& parts, bool ended,
                                      const flow_meter* flow = nullptr);

/// Pure: the records of all sources, without those that parsers filter out: blank lines, and nulls that are skipped.
[[nodiscard]] std::uint64_t records_read(const config::topology& t, const delivery::ledger& counts);

}  // namespace millrace::observe
