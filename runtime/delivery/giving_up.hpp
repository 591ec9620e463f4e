// Decides which records are given up before a lane's next life begins: those on which its earlier lives have
// failed too often. Pure; the caller makes the verdicts durable (docs/design/failing-records.md).
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/delivery/failing_records.hpp"
#include "runtime/delivery/verdicts.hpp"

#include <string>
#include <vector>

namespace millrace::delivery {

/// Names the record for people: "the record of LOG at position N".
[[nodiscard]] std::string place_of(const log_id& log, position at);

/// Returns the verdicts that the next life needs. `decides`: they are for good, and must be durable before that
/// life begins; else the run ends at the record, and nothing is decided. Error, with fault::ours and without
/// retry: the fault is hardly the records'.
[[nodiscard]] expected<std::vector<verdict>> verdicts_on(const failing_records& failing, bool decides);

/// A process has ended while it worked on these records.
struct crash_on_records {
  attempt records;
  std::string how;  // the cause, for people
};
/// Returns the verdicts on records that have ended processes alone as often as failing_records::tries. No receiver has had
/// them.
[[nodiscard]] std::vector<verdict> verdicts_on_crashes(const std::vector<crash_on_records>& all);
/// "SIGSEGV (Segmentation fault)"; 0: that it was ended from outside.
[[nodiscard]] std::string name_of_signal(std::uint32_t signal);

}  // namespace millrace::delivery
