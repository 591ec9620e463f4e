// Says whether a stored state fits the topology that goes on with it, and by which topology its lanes have parsed
// last: what reads a log stands at one record of it when a mended parser begins (docs/design/state-fits.md).
#pragma once

#include "config/plan.hpp"
#include "config/plan/state_fit.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace millrace::deployment {

/// Compares the fingerprint among the values with the topology's. Returns nothing where there is none: no topology
/// has read anything into this state. ec::mismatch, with the ways out, where it does not fit.
[[nodiscard]] expected<std::optional<config::state_fit>>
check_fit(const snapshot::value_reader& values, const config::topology& t, const config::state_place& where);

/// Names the fingerprint by which a lane has parsed: durable before its first read by that.
[[nodiscard]] std::string parsed_by_name(const std::string& lane);
/// Returns what the lane keeps; nothing where it has read nothing yet.
[[nodiscard]] expected<std::optional<std::string>> parsed_by(const snapshot::value_reader& values,
                                                             const std::string& lane);

}  // namespace millrace::deployment
