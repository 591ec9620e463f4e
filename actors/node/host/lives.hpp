// Begins and ends what the coordinator places on this node: a host for each topology.
#pragma once

#include "actors/node/control/node_options.hpp"
#include "actors/node/host/topology_host.hpp"

#include <map>

namespace millrace::host {

/// The folder of a topology on a node; `above`: that of all topologies.
[[nodiscard]] std::string folder_of_topology(const std::string& above, const std::string& topology);

/// `common`: what all hosts have alike; topology and folder are filled in, `folder` is above those of topologies.
class hosted_lives final : public node::life_factory {
public:
  hosted_lives(caf::actor_system& system, host_options common)
      : system_(system), common_(std::move(common)) {}

  void begin(const cluster::actor_id& actor, std::uint64_t generation, const life& now,
             const node::life_listener& tell) override;
  void end(const cluster::actor_id& actor, const life& last) override;
  /// Links say it sooner.
  void detach(const std::string&) override {}
  void directed_by(const cluster::process_id& coordinator, const cluster::epoch& of) override;

  /// Once, last: ends all hosts. On the agent's thread, or when that has ended.
  void stop();

private:
  [[nodiscard]] topology_host host_of(const std::string& topology);

  caf::actor_system& system_;
  host_options common_;
  std::map<std::string, topology_host> hosts_;
};

}  // namespace millrace::host
