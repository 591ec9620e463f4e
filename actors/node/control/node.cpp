#include "actors/node/control/agent.hpp"
#include "actors/node/control/coordinator_hands.hpp"
#include "runtime/control/spawn.hpp"

namespace millrace::node {

cluster::moment machine_clock() {
  using std::chrono::duration_cast;
  return {duration_cast<micros>(std::chrono::steady_clock::now().time_since_epoch()),
          duration_cast<micros>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

node_actors spawn_node(caf::actor_system& system, node_options options,
                       const std::function<void(const node_actors&)>& introduce) {
  if (!options.clock)
    options.clock = machine_clock;
  const auto shared = std::make_shared<const node_options>(std::move(options));
  const auto keeper = spawn_control_keeper(system, shared->store);
  const auto post = spawn_post(system, shared, keeper);
  const auto coordinator = spawn_coordinator(system, shared, keeper);
  const auto agent = spawn_agent(system, shared, keeper);
  const node_actors out{post, coordinator, agent, keeper};
  if (introduce)
    introduce(out);
  const meet_others all{post, coordinator, agent};
  caf::anon_send(post, all);
  caf::anon_send(agent, all);
  caf::anon_send(coordinator, all);
  return out;
}

}  // namespace millrace::node
