// One plan of a topology as one node runs it: what was worked out from the plan, the numbers of its edges, and who
// makes its actors.
#pragma once

#include "actors/node/host/topology_host.hpp"
#include "runtime/control/actor_desk.hpp"
#include "runtime/control/any_actor.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace::host {

struct plan_on_node {
  std::uint64_t generation = 0;
  std::shared_ptr<const planned_topology> planned;
  std::set<std::string> lanes;
  std::map<std::string, const deployment::shard_layout*> shards;
  std::set<std::string> sinks;
  link::edge_numbers edges;
  deployment::keepers keepers;
  std::unique_ptr<deployment::actor_factory> factory;
  control::actor_desk desk;
  std::vector<control::desk_effects::spawn>
      prepared_shards;  // shards to be made together, in the order in which they were prepared

  plan_on_node(std::uint64_t of, std::shared_ptr<const planned_topology> p, link::edge_numbers numbers,
               const std::string& topology);
  plan_on_node(const plan_on_node&) = delete;
  plan_on_node& operator=(const plan_on_node&) = delete;
  /// Ends its keepers.
  ~plan_on_node();
};

/// Reads `control` for the plan of that generation and makes what runs it. Blocks. An error with `retry`: it may
/// be there a little later.
[[nodiscard]] expected<std::unique_ptr<plan_on_node>>
open_plan(caf::actor_system& system, const host_options& options, std::uint64_t generation);

/// Makes the lanes, shards or sinks that the desk asks for, side by side on the threads that the system's actors share, and
/// returns them in order; `host` hears of them. Blocks while they restore their state.
[[nodiscard]] std::vector<expected<control::any_actor>>
make_actors(caf::actor_system& system, const plan_on_node& plan,
            const std::vector<control::desk_effects::spawn>& asked, const messages::supervisor& host);

struct end_of_edge {
  link::edge_id edge = 0;
  bool is_from = false;                      // the actor sends frames or output there
  link::local_end end;                       // the end with the interface that the other end needs
  std::optional<window::definition> window;  // set for a shard that frames come to
};
/// Returns the actor's ends of edges; none of an actor that is still being prepared.
[[nodiscard]] std::vector<end_of_edge> ends_of(const plan_on_node& plan, const std::string& actor,
                                               const control::any_actor& handle);

}  // namespace millrace::host
