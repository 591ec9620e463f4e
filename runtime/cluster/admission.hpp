// Decides which records follow from a wish, in the state that `control` has: numbers that are still to be
// given are filled in, a wish that contradicts the state is refused, one that is fulfilled already needs no
// record. Plain functions; the coordinator calls them once everything before is recorded.
#pragma once

#include "runtime/cluster/control_state.hpp"

namespace millrace::cluster {

/// Completes and checks: the generation of topology_applied (given is that of the plan which it goes on from,
/// 0: of none), the session of session_given, the actors of session_ended (those given are the suspects;
/// none: all lanes and shards of that process) and its time. In front of a topology_applied that begins anew
/// stands the removal of the one before. An empty change: nothing is to be done. Errors go to the requester.
/// `most_in_plan`: bytes.
[[nodiscard]] expected<change> admit(const control_state& s, const record& wanted, event_micros now,
                                     std::size_t most_in_plan = max_plan_bytes);

/// Returns the user's error of naming a topology that the cluster does not have; it names those that are there.
[[nodiscard]] unexpected no_topology(const control_state& s, const std::string& name);
/// Returns the user's error of asking something of a topology that is over, with how and when it has ended.
[[nodiscard]] unexpected does_not_run(const std::string& topology, const topology_state& t);

/// Returns what the operator loses by forgetting the node: the actors that are pinned to it.
[[nodiscard]] std::vector<actor_id> pinned_to(const control_state& s, const std::string& node);

}  // namespace millrace::cluster
