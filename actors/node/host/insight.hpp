// Answers questions about a running topology: the leader asks each node that has its actors, and any node tells of those
// in its own process. Part of the actor `view`.
#pragma once

#include "actors/node/control/messages.hpp"
#include "actors/node/host/gatherer.hpp"
#include "actors/node/host/questions.hpp"
#include "actors/node/host/whole_view.hpp"
#include "actors/observe/history.hpp"
#include "actors/observe/ledger_watch.hpp"
#include "actors/observe/silence_watch.hpp"
#include "actors/observe/tap.hpp"
#include "actors/observe/troubles.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace millrace::host {

/// The directors give a report by then.
inline constexpr std::chrono::seconds parts_patience{12};

class insight {
public:
  /// All of them outlive it.
  insight(whole_view::pointer self, const view_options& options, questions& others)
      : self_(self), options_(options), others_(others) {}

  /// Answers a request about this process alone; false: the request is another one.
  bool tell_own(const api::request& r, const give_answer& to);
  /// Answers a request about a topology as a whole, as the leader; false: the request is another one.
  bool look(const node::cluster_described& d, const api::request& r, const give_answer& to);

  /// The plan of a topology as the leader knows it; null where this version does not read it.
  [[nodiscard]] std::shared_ptr<const config::topology> plan_of(const node::cluster_described& d,
                                                                const std::string& name);
  /// Asks the other nodes what is wrong there if this node leads. Called about once a second, so that a list
  /// can be given at once; what is new is an event.
  void look_at_troubles(const node::cluster_described& d);
  /// Adds the titles of topologies, as far as their plans are read.
  void name_titles(const node::cluster_described& d, api::answers::topologies& all);
  /// Says of topologies that run what the leader alone finds: rows that are lost, partitions without records for which windows
  /// wait.
  void name_own_finds(api::answers::topologies& all) const;
  /// Says of topologies that run what is wrong with them, on all nodes.
  void name_troubles(api::answers::topologies& all) const;

private:
  /// A topology as the leader knows it.
  struct known_topology {
    const cluster::topology_state& state;
    std::shared_ptr<const config::topology> plan;
  };
  [[nodiscard]] expected<known_topology> find(const node::cluster_described& d, const std::string& name);
  [[nodiscard]] expected<observe::figures> figures_here(const std::string& topology) const;
  /// The node as troubles name it; empty: this is a run.
  [[nodiscard]] std::string shown_node() const;
  [[nodiscard]] observe::process_troubles troubles_here() const;
  using told_by_node = std::map<std::string, observe::process_troubles>;
  /// The other nodes have told theirs; those of this process are the present ones.
  [[nodiscard]] told_by_node troubles_of_all() const;
  [[nodiscard]] std::vector<api::answers::trouble> found_by_leader() const;
  void look_at_silence(const std::set<std::string>& running);
  void look_at_ledgers(const node::cluster_described& d, const std::set<std::string>& running);
  void note_health(const node::cluster_described& d, const api::answers::topologies& all,
                   const std::set<std::string>& running);
  void look_at_figures(const node::cluster_described& d, const known_topology& t, const api::request& r,
                       const give_answer& to);
  void answer(const api::request& r, const std::shared_ptr<const config::topology>& plan, observe::figures f,
              const give_answer& to);
  /// `f`: as far as this process knows them.
  void look_back(observe::figures f, const known_topology& t, const api::request& r, const give_answer& to);
  void look_at_key(const node::cluster_described& d, const known_topology& t,
                   const api::requests::key_state& r, const give_answer& to);
  void look_at_own_key(const api::requests::own_key_state& r, const give_answer& to);
  void look_at_edge(const node::cluster_described& d, const known_topology& t, const api::requests::tap& r,
                    const give_answer& to);
  [[nodiscard]] expected<observe::tapped> tap_here(const std::string& topology, const std::string& edge,
                                                   const std::string& after) const;
  template<class T>
  void gather(const node::cluster_described& d, const api::request& what,
              const std::shared_ptr<gatherer<T>>& all);

  whole_view::pointer self_;
  const view_options& options_;
  questions& others_;
  told_by_node troubles_;  // the last that each of the other nodes has told
  observe::health_history health_;
  observe::ledger_watch ledgers_;
  observe::silence_watch silence_;
};

}  // namespace millrace::host
