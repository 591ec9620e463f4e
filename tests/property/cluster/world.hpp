// Nodes, coordinators and actors under a random schedule: processes die, come back and stand still, links
// break and lose what is under way, `control` answers late or not at all. One thread; time is the world's.
#pragma once

#include "runtime/cluster/candidate.hpp"
#include "runtime/cluster/node_agent.hpp"
#include "tests/property/cluster/oracle.hpp"

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace millrace::cluster::trial {

/// One process of a node.
struct process {
  process(std::string name, std::uint64_t random, std::uint32_t cores, moment now,
          std::vector<registration::last_word> last_words)
      : node(name), instance(random), agent(name, random, cores, 1, std::move(last_words)),
        stands({}, now, micros(0)) {}

  /// An actor of this process. One that was ended may go on for a while.
  struct instance_of_actor {
    actor_id actor;
    life now;
    bool is_open = false;
    std::size_t asleep = 0;
  };

  std::string node;
  std::uint64_t instance;
  node_agent agent;
  candidate stands;
  std::optional<coordinator> leads;
  std::optional<coordinator_effect> store_call;  // a call of its coordinator that has not come back
  std::optional<std::string> clears;             // chains that go from the store, by its coordinator
  std::optional<epoch> opening;                  // an opening by its candidate, likewise
  std::map<request_id, request> asked;
  std::list<instance_of_actor> actors;
  bool is_cut = false;  // cut off from all others, not from the store
  std::size_t asleep = 0;
};

class world {
public:
  explicit world(std::uint64_t seed);
  /// Throws wrong.
  void run();

private:
  struct envelope {
    std::uint64_t from = 0, to = 0;  // instances
    std::string node;                // the sender's node; the sender may be dead by now
    std::variant<node_command, node_event> what;
  };

  std::size_t below(std::size_t n) { return random_() % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  [[nodiscard]] micros jitter() { return micros(static_cast<std::int64_t>(below(2'000'000))); }
  [[nodiscard]] process* find(std::uint64_t instance);
  /// Perhaps another candidate has opened `control` since, and has not heard of it.
  [[nodiscard]] process* newest_leader();
  [[nodiscard]] bool are_joined(const process& a, const process& b) const {
    return &a == &b || (!a.is_cut && !b.is_cut);
  }

  void step();
  void join(const std::string& node);
  void die(process& p);
  void fault();
  void ask();
  void request_of(process& p, request what);
  void apply_topology(process& p);

  void beat();
  void deliver();
  void stand(process& p);
  void store_step(process& p);
  void clear_step(process& p);
  void run(process& p, const coordinator_effect_list& all);
  void run(process& p, const agent_effect_list& all, const epoch& obeys, const epoch& highest);
  void deliver_to(process& p, process* from, const node_command& c);
  void deliver_to(process& p, const std::string& node, const node_event& e);
  void act(process& p);
  void end_actor(process& p, const agent_effects::end& e);
  void direct(process& p);
  void break_link(const process& a, const process& b);

  void calm_down();
  /// Returns what is missing; empty: nothing is.
  [[nodiscard]] std::string missing();

  std::mt19937_64 random_;
  oracle oracle_;
  control_store store_;
  moment now_{};
  std::size_t step_ = 0;
  bool is_calm_ = false;
  unsigned loss_ = 0;
  std::size_t rate_ = 0;
  std::vector<std::string> names_;
  std::list<process> processes_;
  std::deque<envelope> envelopes_;
  std::map<actor_id, life> opened_;
  // keyed by node, of the process before
  std::map<std::string, std::vector<registration::last_word>> last_words_;
  std::uint64_t instances_ = 0, requests_ = 0;
};

}  // namespace millrace::cluster::trial
