// Checks what must never be wrong, in any schedule: looked at from outside, by the records that count and by
// what the nodes really begin.
#pragma once

#include "runtime/cluster/node_agent.hpp"
#include "tests/property/cluster/control_store.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace::cluster::trial {

class oracle {
public:
  /// A change that counts.
  void counts(const change& c, event_micros now);
  void leads(const epoch& e);
  /// A coordinator lets a command go.
  void sends(const node_command& c);
  /// A process begins a life; `obeys`: the command's epoch, `highest`: the highest that it has seen before.
  void begins(const std::string& node, cluster::session session, const agent_effects::begin& b,
              const epoch& obeys, const epoch& highest);
  void begins_again(const agent_effects::begin& b);
  void opens(const actor_id& actor, const life& now);
  void answered(const request& r, const coordinator_effects::answer& a) const;
  /// The chains of that name go from the store.
  void clears(const std::string& chains) const;
  [[nodiscard]] const control_state& state() const { return state_; }

private:
  struct given {
    std::string node;
    cluster::session session = 0;
    friend bool operator==(const given&, const given&) = default;
  };

  void look_at(const records::placed& r);
  void look_at(const records::term_granted& r);
  void look_at(const records::crash_told& r);
  void look_at(const records::topology_applied& r);
  void look_at(const records::node_forgotten& r);
  void look_at(const records::topology_removed& r);
  void look_at(const auto&) {}

  control_state state_;
  std::map<std::pair<actor_id, incarnation>, given> given_;
  std::set<std::pair<actor_id, life>> begun_;
  std::set<epoch> led_;
  std::map<actor_id, std::string> pins_;
  std::map<actor_id, std::vector<event_micros>> crashes_;  // ends by a signal
  event_micros now_ = 0;
  std::set<std::pair<std::string, std::string>> plans_;
  std::set<std::string> removed_;                                                     // names of chains
  std::map<std::string, std::set<std::uint64_t>> generations_, removed_generations_;  // keyed by topology
};

}  // namespace millrace::cluster::trial
