// Decides which records are given up before a lane's next life begins: those on which its earlier lives have
// failed too often. Pure; whoever asks makes the verdicts durable (docs/design/failing-records.md).
#pragma once

#include "runtime/delivery/failing_records.hpp"
#include "runtime/delivery/verdicts.hpp"

#include <string>
#include <vector>

namespace millrace::delivery {

/// For people: "the record of LOG at position N".
[[nodiscard]] std::string place_of(const log_id& log, position at);

/// Returns the verdicts that the next life needs. `decides`: they are for good, and must be durable before that
/// life begins; else the run ends at the record, and nothing is decided. Error, with fault::ours and without
/// retry: the fault is hardly the records'.
[[nodiscard]] expected<std::vector<verdict>> verdicts_on(const failing_records& failing, bool decides);

}  // namespace millrace::delivery
