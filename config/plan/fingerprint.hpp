// Writes as canonical text what must stay the same for a state folder to fit. Internal to config.
#pragma once

#include "config/plan.hpp"

#include <string>

namespace millrace::config {

/// One line a source, parser and window, by name. In it: what positions, keys and aggregates mean. Not in it:
/// transforms and sinks (they have no state in the folder that depends on their form), connector options but
/// for a topic, filters, delays. state_fit.hpp compares two of them.
[[nodiscard]] std::string fingerprint_of(const topology& t);

}  // namespace millrace::config
