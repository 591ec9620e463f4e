// The log of the rows that a sink's target has refused, towards the sink of the dead letters.
#pragma once

#include "runtime/base/ids.hpp"

#include <string>

namespace millrace::sink {

[[nodiscard]] inline log_id rejected_log(const std::string& sink) { return "refused/" + sink; }

}  // namespace millrace::sink
