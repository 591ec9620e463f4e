// Processes of nodes in one testing system: the real actors of the control plane, over a store in memory,
// links that lose, delay and repeat, and lives that are stand-ins. The seed decides the order of messages
// within the process. An oracle looks on from outside. One thread; time is the world's.
#pragma once

#include "actors/node/control/node_options.hpp"
#include "tests/property/cluster/oracle.hpp"
#include "tests/property/node/shared_store.hpp"
#include "tests/support/turn_by_turn.hpp"

#include <caf/actor_system.hpp>

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>

namespace millrace::node::trial {

using cluster::trial::oracle;
using cluster::trial::require;
using cluster::trial::wrong;

/// An actor that a process runs. One that was ended may go on for a while.
struct stand_in {
  cluster::actor_id actor;
  life now;
  bool is_open = false;
  bool is_ended = false;  // ended by its node
  micros asleep_until{};
};

struct process {
  cluster::process_id id;
  bool is_foreign = false;  // its store is another one
  micros skew{};            // the skew of its wall clock
  node_actors actors;
  life_listener tell;
  std::list<stand_in> lives;
  std::optional<cluster::epoch> leads;
  std::set<std::string> stopping;  // topologies that its director is to stop
  micros asleep_until{};
  micros store_asleep_until{};
  std::optional<std::string> over;  // the reason why its control plane has ended
  bool is_killed = false;
};

class cluster_world {
public:
  explicit cluster_world(std::uint64_t seed);
  ~cluster_world();

  /// --- fates of processes
  process& join(const std::string& node, bool is_foreign = false);
  /// Kills the process at once, with all its actors; others notice by their links.
  void kill(process& p, bool is_noticed);
  void cut(const process& a, const process& b);
  void heal(const process& a, const process& b);
  [[nodiscard]] bool is_cut(const process& a, const process& b) const;
  void ask(process& p, cluster::request what);

  /// Lets time go on by 10 ms: envelopes come, actors have turns. Throws wrong.
  void step();
  void pass(std::chrono::milliseconds time);
  /// Runs until it is so. Throws wrong where that takes longer.
  template<class Question>
  void until(const char* what, Question is_so, std::chrono::seconds most = std::chrono::seconds(60)) {
    for (const auto end = now_ + most; !is_so(); step())
      if (now_ >= end)
        throw wrong{std::string("it does not come to pass: ") + what + "; " + missing()};
  }

  // --- looking
  [[nodiscard]] process* newest_leader();
  [[nodiscard]] process* find(const std::string& node);
  [[nodiscard]] process* find(const cluster::process_id& id);
  /// Returns why not each actor of the applied topologies runs once, where `control` has placed it. Empty:
  /// all do.
  [[nodiscard]] std::string missing();
  [[nodiscard]] std::size_t below(std::size_t n) { return random_() % n; }
  [[nodiscard]] bool one_in(std::size_t n) { return below(n) == 0; }
  [[nodiscard]] micros up_to(std::chrono::milliseconds most) {
    return micros(static_cast<std::int64_t>(below(static_cast<std::size_t>(micros(most).count()) + 1)));
  }

  // --- faults that last
  unsigned loss = 0;        // envelopes, of a thousand: from there on nothing comes until heal()
  unsigned again = 0;       // envelopes that come twice, of a thousand
  unsigned late = 0;        // envelopes that come whenever they like, of a thousand
  std::size_t failing = 0;  // lives: one in so many steps; 0: none
  std::set<std::pair<cluster::process_id, cluster::process_id>>
      deaf;  // the first sends to the second in vain

  std::mt19937_64 random_;
  oracle oracle_;
  shared_store store_, foreign_store_;
  std::list<process> processes_;
  micros now_{std::chrono::seconds(1)};
  std::map<std::uint64_t, cluster_answered> answers_;
  std::string last_over;  // the reason why the last process that is gone has ended

private:
  friend class trial_transport;
  friend class trial_lives;
  friend class trial_director;

  struct parcel {
    cluster::process_id from, to;
    std::variant<bytes_arrived, link_up, link_lost, process_dead> what;
    micros due{};
  };

  /// An exception would end the actor that calls, and not the test.
  template<class Check>
  void look_on(Check check) {
    try {
      check();
    } catch (const wrong& e) {
      wrong_ = wrong_.value_or(e.text);
    }
  }
  void send(const cluster::process_id& from, const cluster::process_id& to, std::string bytes);
  void tell_link(const process& to, decltype(parcel::what) what, micros in);
  void deliver();
  void give_turns();
  [[nodiscard]] bool is_asleep(caf::resumable& job) const;
  void act(process& p);
  void report(process& p, std::list<stand_in>::iterator at, life_outcome how, const life& by);
  void bury();

  std::unique_ptr<test::turn_by_turn> config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator& turns_;
  caf::actor asker_;
  std::optional<std::string> wrong_;
  std::deque<parcel> parcels_;
  std::map<std::pair<cluster::process_id, cluster::process_id>, micros> last_due_;
  std::set<std::pair<cluster::process_id, cluster::process_id>> cut_;
  std::map<caf::actor_id, process*> owner_;
  std::set<caf::actor_id> keepers_;
  std::map<cluster::process_id, cluster::session> sessions_;
  std::map<cluster::actor_id, life> opened_;
  std::map<std::uint64_t, cluster::request> asked_;
  std::uint64_t instances_ = 0, requests_ = 0;
};

}  // namespace millrace::node::trial
