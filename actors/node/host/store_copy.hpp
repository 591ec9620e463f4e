// Copies a cluster, which nobody runs, from one store to another: all chains of its topologies with what was spilled
// beside them, then `control`, which until then names an unfinished copy. One that was cut short is repeated, and passes over
// what is there. Blocks; a chain at a time is in memory.
#pragma once

#include "actors/node/stores/chain_store.hpp"
#include "runtime/cluster/control_state.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::host {

struct copied_topology {
  std::string name;
  cluster::topology_status status = cluster::topology_status::stopped;
  std::uint64_t chains = 0;       // chains that are not empty
  std::uint64_t segments = 0;     // segments of spilled output
  std::uint64_t bytes = 0;        // bytes of chains and segments
  std::uint64_t passed_over = 0;  // chains that an earlier try has copied
};
struct copied_cluster {
  std::string cluster;  // its id
  std::vector<copied_topology> topologies;
  bool was_there = false;  // the copy had been complete before
};

/// Returns the state that `control` gets in the other store: nobody is in the cluster. Pure. `term`: the highest one
/// that a chain was opened under, here or there.
[[nodiscard]] cluster::control_state as_copied(cluster::control_state found, incarnation term);

/// Says that a store with this in its `control` has a part of a cluster, where no node may begin; nothing where it is whole.
[[nodiscard]] std::optional<error> refusal_of_part(const cluster::control_state& found,
                                                   const std::string& shown);

/// Says why `to`, which has this in its `control`, may not get the cluster of `from`; nothing where it may. Pure.
[[nodiscard]] std::optional<error> refusal_of(const cluster::control_state& from,
                                              const cluster::control_state& to, const std::string& shown_to);

/// Returns the nodes of the cluster that have not left it and answer at their addresses.
[[nodiscard]] expected<std::vector<std::string>>
nodes_that_answer(const std::shared_ptr<node::chain_store>& store, const cluster::control_state& found);

/// `random` tells copies apart that begin at once. User errors: there is no cluster, somebody runs it or has another
/// one in `to`, or `to` cannot keep what was spilled. `told`: after each topology.
[[nodiscard]] expected<copied_cluster> copy_cluster(const std::shared_ptr<node::chain_store>& from,
                                                    const std::shared_ptr<node::chain_store>& to,
                                                    std::uint32_t random,
                                                    const std::function<void(const copied_topology&)>& told);

}  // namespace millrace::host
