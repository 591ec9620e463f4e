// The state of a topology's host (topology_host.hpp), on its thread: what lives here and by which plan (host_lives.cpp), and what
// the director, the actors and the links say (topology_host.cpp).
#pragma once

#include "actors/node/host/cluster_words.hpp"
#include "actors/node/host/orders.hpp"
#include "actors/node/host/plan_on_node.hpp"
#include "actors/node/host/remote_ends.hpp"
#include "actors/node/host/topology_host.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/control/any_actor.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::host {

struct hosted_life {
  plan_on_node* plan = nullptr;
  life now;
  node::life_listener tell;
  control::any_actor handle = {};  // none: it is being prepared
  std::optional<error> refused = {};
  std::string failure = {};  // the failure that it has told itself
  bool has_stopped = false;
  cluster::epoch stopped_by = {};  // the epoch that told it to stop last

  [[nodiscard]] bool is_made() const { return !std::holds_alternative<std::monostate>(handle); }
};

class hosted_topologies {
public:
  hosted_topologies(topology_host::pointer self, host_options options)
      : self_(self), options_(std::move(options)) {
    self_->set_down_handler([this](const caf::down_msg& m) { on_down(m); });
  }

  // --- lives
  void on_begin(const begin_here& m);
  void on_end(const end_here& m);
  void on_former_due(const former_life_is_due& m);

  // --- the director
  /// A director that was replaced may go on for a while. The present one would wait for actors that it has
  /// stopped.
  void on_order(const std::string& from, const control::to_node_of_actors& m);
  void on_new_director(const directed_by& now);

  // --- news of actors
  void on_news(const std::string& actor, const control::actor_news& n);
  void on_attempt_failed(const messages::attempt_failed& m);
  void on_went_well(const messages::attempt_went_well& m);
  void on_fenced(const messages::fenced& m);
  void on_stopped(const messages::stopped& m);

  // --- links
  void on_edge(const edge_news& m);
  void on_standing(const peer_standing& m) { run(remote_.standing(m.peer, m.is_alive)); }
  void on_unlinked(const std::string& peer);

  void on_idle(const nothing_runs& m);

  void on_stop();

private:
  struct former_life {
    caf::actor_addr address;
    life last;
    node::life_listener tell;
    const plan_on_node* plan = nullptr;  // the plan whose keepers it commits by
    std::optional<begin_here> next;      // begins when this one has ended
  };

  // --- beginning
  void begin(const begin_here& m);
  /// It has ended, or has had its time.
  void end_former(const std::string& actor);
  expected<plan_on_node*> plan_of(std::uint64_t generation);
  /// The newest one stays; of the others those that nothing runs by.
  void drop_old_plans();
  /// A plan that nothing runs by for a while goes; the next life has it read again.
  void wait_if_idle();

  /// Makes the shards that wait once none of the plan's is still to be prepared: each reads its snapshots first. One
  /// that restarts alone waits for nobody.
  void make_shards(plan_on_node& plan);
  /// Side by side; they begin in order.
  void make(plan_on_node& plan, std::vector<control::desk_effects::spawn> all);
  void begin_life(plan_on_node& plan, const control::desk_effects::spawn& a,
                  expected<control::any_actor> made);
  void could_not_begin(const std::string& actor, const error& why);
  /// No further life would do better. The director ends the topology in order; the director's successor has
  /// the actor restart, and hears the same.
  void fail(const std::string& actor, error why);

  // --- ending
  void on_down(const caf::down_msg& m);
  /// The plan's lives would make nothing durable any more: each restarts with new keepers.
  void lose_keeper(plan_on_node& plan);
  void end_life(const std::string& actor, node::life_outcome how, const std::string& why);
  /// The count that the life has come to: the next one's is above that.
  static life last_of(const std::string& actor, const hosted_life& l);
  /// Ends introductions to it, and of it to others.
  void close(const std::string& actor, const hosted_life& l);
  void tell_over(const std::string& actor, const life& last, const node::life_listener& tell,
                 node::life_outcome how, const life& by = {}, const std::string& why = {},
                 const cluster::epoch& asked_by = {});

  // --- the log
  [[nodiscard]] std::string shown(const std::string& actor) const {
    return name_in_logs(options_.topology, actor);
  }
  /// The level of what the one process of a run has no need to say.
  [[nodiscard]] spdlog::level::level_enum among_nodes(spdlog::level::level_enum level) const {
    return options_.lone ? spdlog::level::debug : level;
  }
  void has_ended(const std::string& actor, std::string_view why) const {
    spdlog::log(among_nodes(spdlog::level::info), "{} has ended on node {}: {}", shown(actor), options_.node,
                why);
  }
  /// Errors of connectors name the options of a run.
  [[nodiscard]] error in_own_words(error why) const {
    return options_.lone ? std::move(why) : in_words_of_cluster(std::move(why));
  }
  void cannot_go_on(const std::string& actor, const error& why) const {
    spdlog::log(among_nodes(spdlog::level::err), "{} cannot go on: {}", shown(actor), why.message);
  }

  hosted_life* present(const std::string& actor, const life& l);

  std::vector<end_of_edge> ends_of(const plan_on_node& plan, const std::string& actor) const;

  // --- effects of the desk
  void run(plan_on_node& plan, control::desk_effect_list all);
  void run(plan_on_node&, const control::desk_effects::say& a);
  void run(plan_on_node&, const control::desk_effects::recovered& a);
  void run(plan_on_node& plan, const control::desk_effects::spawn& a);
  void run(plan_on_node& plan, const control::desk_effects::give_up& a);
  void run(plan_on_node& plan, const control::desk_effects::deliver& a);

  // --- effects of the director's orders
  template<class Message>
  void tell(const std::string& actor, Message m) {
    const auto at = lives_.find(actor);
    if (at == lives_.end())
      return;
    control::with_living(at->second.handle, [&]<class Handle>(const Handle& h) {
      if constexpr (messages::takes<Handle, Message>)
        self_->send(h, std::move(m));
    });
  }
  /// Returns null where it does not live here under that term.
  template<class Interface>
  Interface local(const std::string& actor, const life& l) {
    auto* const found = present(actor, l);
    return found == nullptr ? Interface() : control::as<Interface>(found->handle);
  }

  void run(plan_on_node&, order_effects::tell& d);
  void run(plan_on_node& plan, order_effects::introduce& d) { introduce(plan, d.edge, std::move(d.who)); }
  void run(plan_on_node& plan, const order_effects::forget& d);

  void introduce(plan_on_node& plan, const link::edge_name& edge, introduced who);
  void forget(const plan_on_node& plan, const link::edge_name& edge);

  // --- lives elsewhere
  void run(remote_effect_list all);
  void run(told_actor& t);
  void run(introduce_remote& m) { self_->send(options_.board, std::move(m)); }
  void run(forget_remote& m) { self_->send(options_.board, std::move(m)); }

  void on_message_lost(const link::message_lost& m);

  topology_host::pointer self_;
  host_options options_;
  std::map<std::uint64_t, std::unique_ptr<plan_on_node>> plans_;  // keyed by generation
  directed_by director_;
  std::map<std::string, hosted_life> lives_;
  std::map<std::string, former_life> former_;
  remote_ends remote_;
  std::uint64_t changes_ = 0;  // changes of the actors that live here
};

}  // namespace millrace::host
