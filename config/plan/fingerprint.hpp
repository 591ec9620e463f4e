// Writes as canonical text what must stay the same for a state folder to fit. Internal to config,
// but for zones_of().
#pragma once

#include "config/plan.hpp"

#include <string>

namespace millrace::config {

/// The version of tzdata, where a window or a timestamp of a parser goes by the clocks of a zone; else empty.
[[nodiscard]] std::string zones_of(const topology& t);

/// One line a source, parser and window, by name. It holds what positions, keys and aggregates mean, but not:
/// transforms and sinks (they have no state in the folder that depends on their form), connector options but
/// for a topic, filters, delays. state_fit.hpp compares two of them. And a line "tzdata VERSION", where
/// zones_of() gives one.
[[nodiscard]] std::string fingerprint_of(const topology& t);

}  // namespace millrace::config
