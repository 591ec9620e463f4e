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

/// Names the value of a cluster's plan by whose fingerprint lanes have parsed that keep none of their own. Without it
/// all have parsed by the plan's.
inline constexpr std::string_view parsed_by_name = "parsed_by";

/// The parsers of a topology have changed, and not all of its lanes may have begun since. Both are fingerprints.
struct changed_parsers {
  std::string before;  // of lanes that keep none
  std::string now;
};

/// Names the fingerprint that a lane keeps.
[[nodiscard]] std::string lane_parsed_by_name(const std::string& lane);
/// Returns the fingerprint that the lane keeps, else `before`.
[[nodiscard]] expected<std::string> parsed_by(const snapshot::value_reader& values, const std::string& lane,
                                              const std::string& before);

}  // namespace millrace::deployment
