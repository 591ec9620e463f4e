// A node that is alone, and the disk under its store: its process dies at once or within an operation, power
// is lost, the disk is full, snapshots are damaged. It does nothing with several nodes.
#pragma once

#include "tests/simulation/damage.hpp"
#include "tests/simulation/nodes/node_cluster.hpp"

#include <set>
#include <string>

namespace millrace::simulation {

class lone_disk {
public:
  /// Both outlive it.
  lone_disk(const scenario& s, node_cluster& cluster);
  ~lone_disk() {
    cluster_.before_shards([](const std::string&) {});
  }
  lone_disk(const lone_disk&) = delete;
  lone_disk& operator=(const lone_disk&) = delete;

  /// False, and nothing has happened: the fault is of another kind, or there are several nodes.
  [[nodiscard]] bool carry_out(const fault& f);
  /// The newest snapshot of the actor is damaged before its next life.
  void damage_before_next(const std::string& actor) { damaged_at_return_.insert(actor); }
  /// Called after each step: if the process has died, the next one begins. Throws where it has ended for no
  /// reason.
  void look();
  [[nodiscard]] bool was_full() const { return was_full_; }

private:
  void begin_again();
  void damage_newest(const std::string& actor);

  bool is_alone_;
  node_cluster& cluster_;
  snapshot_damage damage_;
  fault death_;                              // the fault of which the process dies
  std::set<std::string> damaged_at_return_;  // actors that were made to fail
  bool was_full_ = false;
  std::string why_over_;
};

}  // namespace millrace::simulation
