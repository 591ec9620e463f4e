// The post of one process: it knows who is linked and which cluster this is, sends envelopes, and passes on
// those that count here (runtime/cluster/joining.hpp, J1, and proven_epochs.hpp, J4). The coordinator and the agent of the process see
// envelopes alone, whether they come over a link or from each other.
#pragma once

#include "actors/node/control/control_keeper.hpp"
#include "actors/node/control/node_options.hpp"
#include "runtime/cluster/joining.hpp"
#include "runtime/cluster/proven_epochs.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <set>
#include <string>

namespace millrace::node {

/// The first message to each of the three: names the others.
struct meet_others {
  node_post post;
  coordinator_actor coordinator;
  agent_actor agent;
};

using whole_post = node_post::extend<caf::reacts_to<meet_others>>;

class post_office {
public:
  post_office(whole_post::pointer self, std::shared_ptr<const node_options> options, control_keeper keeper)
      : self_(self), options_(std::move(options)), keeper_(std::move(keeper)) {}

  void meet(const meet_others& m) { others_ = m; }
  void on_post(const post_envelope& m);
  void on_known(const cluster_known& m) { known_.on_seen(m.id); }
  void on_bytes(const bytes_arrived& m);
  void on_up(const link_up& m);
  void on_lost(const link_lost& m);
  void on_dead(const process_dead& m);

private:
  void judge_store(const cluster::envelope& l);
  void route(const cluster::process_id& from, const envelope_content& what);
  void look_for(const cluster::process_id& from, const std::string& id);
  void deliver(const cluster::proven_epochs::decided& what);
  void refuse_store(const cluster::process_id& from);
  /// Warns once for each node and reason: envelopes come ten times a second.
  void warn(const std::string& node, const std::string& why);
  [[nodiscard]] cluster::moment now() const { return options_->clock(); }

  whole_post::pointer self_;
  std::shared_ptr<const node_options> options_;
  control_keeper keeper_;
  meet_others others_;
  cluster::known_cluster known_;
  cluster::proven_epochs epochs_;
  std::set<cluster::process_id> linked_;
  std::set<std::string> warned_of_;  // nodes
};

[[nodiscard]] whole_post spawn_post(caf::actor_system& system, std::shared_ptr<const node_options> options,
                                    control_keeper keeper);

}  // namespace millrace::node
