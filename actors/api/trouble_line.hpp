// One trouble as a line of the reason of its topology. Pure.
#pragma once

#include "actors/api/answers.hpp"

#include <string>

namespace millrace::api {

/// "2026-11-28T17:07:50Z": the time without its fraction of a second.
[[nodiscard]] std::string second_text(event_time t);

/// "waiting for the target of table, since 2026-11-28T17:07:50Z, on b: connection refused"; a remedy stands
/// last: "table waits for node c, since ...: start node c again".
[[nodiscard]] std::string line_of(const answers::trouble& t);

}  // namespace millrace::api
