#include "actors/node/host/lives.hpp"

#include "runtime/snapshot/file_names.hpp"

#include <caf/send.hpp>

namespace millrace::host {

std::string folder_of_topology(const std::string& above, const std::string& topology) {
  return above + "/" + snapshot::file_name_of(topology);
}

topology_host hosted_lives::host_of(const std::string& topology) {
  auto& h = hosts_[topology];
  if (!h) {
    auto options = common_;
    options.topology = topology;
    options.folder = folder_of_topology(common_.folder, topology);
    h = spawn_host(system_, std::move(options));
    caf::anon_send(common_.board, host_is_up{topology, h});
  }
  return h;
}

void hosted_lives::begin(const cluster::actor_id& actor, std::uint64_t generation, const life& now,
                         const node::life_listener& tell) {
  caf::anon_send(host_of(actor.topology), begin_here{actor.name, generation, now, tell});
}

void hosted_lives::end(const cluster::actor_id& actor, const life& last) {
  caf::anon_send(host_of(actor.topology), end_here{actor.name, last});
}

void hosted_lives::directed_by(const cluster::process_id& coordinator, const cluster::epoch& of) {
  caf::anon_send(common_.board, host::directed_by{coordinator.node, of});
}

void hosted_lives::stop() {
  for (auto& [_, h] : hosts_)
    caf::anon_send(h, messages::stop{});
  hosts_.clear();
}

}  // namespace millrace::host
