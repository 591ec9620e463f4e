// Computes, for `check`, where the Kafka sink's progress will be kept; nothing runs yet.
#pragma once

#include "runtime/base/ids.hpp"

#include <string>
#include <vector>

namespace millrace::sink {

/// `logs` feed the sink, each at a mark of its own as when it works; `more`: and others like the last one, as
/// many as its source has partitions, which only the source knows.
[[nodiscard]] std::string progress_place(std::vector<log_id> logs, bool more);

}  // namespace millrace::sink
