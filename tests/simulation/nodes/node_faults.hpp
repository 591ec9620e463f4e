// Carries out the faults of a scenario of nodes.
#pragma once

#include "tests/simulation/agenda.hpp"
#include "tests/simulation/nodes/lone_disk.hpp"
#include "tests/simulation/nodes/node_cluster.hpp"
#include "tests/simulation/outside_faults.hpp"

#include <functional>

namespace millrace::simulation {

class node_faults {
public:
  /// These are to happen to the topology; it is applied again once it has stopped or was removed, and
  /// resumed a while after it was paused.
  struct actions {
    std::function<void()> stop;
    std::function<void()> pause;
    std::function<void()> remove;
    std::function<void(const std::string& actor)> restart;
  };
  /// All outlive it.
  node_faults(const scenario& s, node_cluster& cluster, memory_logs& logs, memory_targets& targets, actions a)
      : scenario_(s), cluster_(cluster), logs_(logs), targets_(targets), actions_(std::move(a)),
        agenda_(s.faults), disk_(s, cluster) {}

  /// A node applies the topology until then, and must find its sources: it waits for them in real time.
  void keep_sources() { keeps_sources_ = true; }
  void release_sources() { keeps_sources_ = false; }
  /// Carries out the faults that are due at this step.
  void carry_out(std::uint64_t step);
  /// Actors that may have failed by them.
  [[nodiscard]] std::uint64_t made_to_fail() const { return made_to_fail_; }
  /// Counts the keepers that faults have ended: with each all lives of the topology may fail.
  [[nodiscard]] std::uint64_t keepers_ended() const { return keepers_ended_; }
  /// Returns whether the store has failed: actors that need it may fail by that as well.
  [[nodiscard]] bool has_store_failed() const { return has_store_failed_ || disk_.was_full(); }

private:
  void look_for_moments(std::uint64_t step);
  void carry_out(const fault& f);
  void on_actor(const fault& f);
  void on_node(const fault& f, node_process& p);
  void give_up(const fault& f, const std::string& actor, const caf::actor_addr& who);
  void end_keeper(const fault& f);
  /// The leader's node, or another.
  void with_node(const fault& f, std::function<void(node_process& p)> what);
  void kill(const fault& f, node_process& p);
  void begin_again(const fault& f, const std::string& node);
  void break_way(const fault& f, node_process& p);
  void cut_off(const fault& f, const node_process& p);
  void repeat(const fault& f, const process_name& to);
  void fail_store(const fault& f, const node_process& p);
  void drain(const fault& f, node_process& p);
  [[nodiscard]] bool may_die_for_good() const;

  const scenario& scenario_;
  node_cluster& cluster_;
  memory_logs& logs_;
  memory_targets& targets_;
  actions actions_;
  agenda agenda_;
  lone_disk disk_;
  std::shared_ptr<const void> alive_ = std::make_shared<int>(0);
  std::uint64_t made_to_fail_ = 0;
  std::uint64_t keepers_ended_ = 0;
  bool has_store_failed_ = false;
  bool keeps_sources_ = false;
};

/// Returns how long a fault of a node, a way or a store lasts: as its size says shorter than links notice,
/// longer than that, or long enough for the node to be taken for dead.
[[nodiscard]] micros lasting(const fault& f);
[[nodiscard]] bool may_mean_death(const fault& f);

}  // namespace millrace::simulation
