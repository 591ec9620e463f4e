// Picks who has the next turn: any actor with a message, as the seed decides; one that was slowed down hardly
// ever. Keeps the trace.
#pragma once

#include "runtime/base/time.hpp"
#include "tests/simulation/trace_hash.hpp"

#include <caf/actor.hpp>
#include <caf/actor_clock.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <unordered_map>

namespace millrace::simulation {

/// 0: it is no actor.
[[nodiscard]] caf::actor_id id_of(caf::resumable& job);

class schedule {
public:
  schedule(caf::scheduler::test_coordinator& scheduler, std::uint64_t seed, bool print)
      : scheduler_(scheduler), random_(seed * 2 + 1), print_(print) {}

  /// Delivers one message, or where there is none lets time go on to the next timer. False: nothing is left.
  bool step();
  [[nodiscard]] micros time_of_a_step(micros mean) {
    return micros(static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(2 * mean.count() + 1)));
  }
  void call(const caf::actor& a, const std::string& name) { call(a.id(), name); }
  void call(caf::actor_id id, const std::string& name) { names_[id] = name; }
  [[nodiscard]] std::string name_of(caf::actor_id id) const;
  [[nodiscard]] bool has_name(caf::actor_id id) const { return names_.contains(id); }
  /// All actors are gone.
  void forget() {
    names_.clear();
    held_.clear();
    held_actors_.clear();
  }
  void slow_down(const std::string& name, std::uint64_t steps) { slow_[name] = steps_ + steps; }
  /// It gets no turn until then, unless it would be the last that has anything to do for ever.
  void hold(const std::string& name, caf::actor_clock::time_point until) { held_[name] = until; }
  void hold(caf::actor_id id, caf::actor_clock::time_point until);
  /// Returns the actor that had the last turn; 0: none yet.
  [[nodiscard]] caf::actor_id last() const { return last_; }
  /// Makes the text part of the trace.
  void note(const std::string& what);

  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

private:
  [[nodiscard]] std::string name_of(caf::resumable& job) const;
  [[nodiscard]] bool is_held(caf::resumable& job) const;
  /// Picks the actor of the next turn. False: all who have a message are held.
  bool choose();

  caf::scheduler::test_coordinator& scheduler_;
  std::mt19937_64 random_;
  bool print_;
  std::uint64_t steps_ = 0;
  std::uint64_t hash_ = empty_hash;
  std::map<caf::actor_id, std::string> names_;
  std::map<std::string, std::uint64_t> slow_;  // keyed by name: until this step
  std::map<std::string, caf::actor_clock::time_point> held_;
  std::unordered_map<caf::actor_id, caf::actor_clock::time_point> held_actors_;
  caf::actor_id last_ = 0;
};

}  // namespace millrace::simulation
