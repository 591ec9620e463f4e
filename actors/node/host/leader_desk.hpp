// The part of the actor `view` that answers at the node that leads: it knows the cluster, and records what is asked.
#pragma once

#include "actors/node/control/messages.hpp"
#include "actors/node/host/insight.hpp"
#include "actors/node/host/own_coordinator.hpp"
#include "actors/node/host/questions.hpp"
#include "actors/replay/waiting_replays.hpp"

#include <atomic>
#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace millrace::host {

/// The list of those who wait for the end of a topology, at the node that leads. No actor.
class waits {
public:
  using clock = std::chrono::steady_clock;

  /// Answers at once where the topology is over or not known. `by`: null where another node asks, whose question is answered
  /// after a while in any case.
  void add(const node::cluster_described& d, const std::string& topology, const give_answer& to,
           std::shared_ptr<const api::reply> by, clock::time_point now);
  [[nodiscard]] bool is_empty() const { return all_.empty(); }
  /// Answers clients that have waited long enough, and drops those that have gone.
  void look(const node::cluster_described& d, clock::time_point now);

private:
  struct one {
    std::string topology;
    give_answer to;
    std::shared_ptr<const api::reply> by;
    clock::time_point until;  // the time for one of another node
  };
  std::list<one> all_;
};

class leader_desk {
public:
  using asker = std::shared_ptr<const api::reply>;  // null: another node

  /// All outlive it.
  leader_desk(whole_view::pointer self, const view_options& options, const own_coordinator& coordinator,
              insight& inside)
      : self_(self), options_(options), coordinator_(coordinator), insight_(inside) {}

  /// Answers once, also where this node does not lead by now. `through`: the node whose API was asked.
  void lead(const question_content& what, const give_answer& to, const asker& by, const std::string& through);
  /// `d` says that this node leads.
  void answer_by(const described& d, const api::request& what, const give_answer& to, const asker& by,
                 const std::string& through);
  /// Every 200 ms.
  void look();
  void on_replayed(const replay_ended& m);
  void on_down(const caf::down_msg& m);
  /// Has replays end.
  void stop() { is_over_->store(true); }

private:
  struct answerer;  // a function for each request
  struct recording {
    std::string topology;
    expected<api::answers::replayed> outcome;
    std::size_t left = 0;
  };

  void lead_request(const api::request& r, const give_answer& to, const asker& by,
                    const std::string& through);
  void lead_apply(const cluster::records::topology_applied& r, const give_answer& to,
                  const std::string& through);
  template<class R>
  void report_of(const described& d, const R& r, const give_answer& to);
  void restart(const described& d, const api::requests::restart& r, const give_answer& to,
               const std::string& through);
  void replay(const described& d, const api::requests::replay& r, const give_answer& to,
              const std::string& through);
  void drain(const described& d, const std::string& node, const give_answer& to, const std::string& through);
  void forget(const std::string& node, const give_answer& to, const std::string& through);
  void accept(cluster::request what, const give_answer& to, const std::string& through);
  void note(cluster::event_kind kind, std::string text, const std::string& topology,
            const std::string& through);

  whole_view::pointer self_;
  const view_options& options_;
  const own_coordinator& coordinator_;
  insight& insight_;
  waits waits_;
  replay::waiting_replays replays_;
  std::map<caf::actor_addr, std::string> replayers_;  // their topologies
  std::shared_ptr<std::atomic<bool>> is_over_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace millrace::host
