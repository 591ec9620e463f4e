// The processes of simulated nodes in one actor system: begins them, gives their actors turns, and ends them. Knows
// nothing of topologies but how their connectors are made.
#pragma once

#include "actors/catalog.hpp"
#include "runtime/messages/messages.hpp"
#include "tests/simulation/nodes/node_process.hpp"
#include "tests/simulation/schedule.hpp"
#include "tests/simulation/stand_ins.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <functional>
#include <list>
#include <string>
#include <vector>

namespace millrace::simulation {

/// The folder in files() that holds the store of all nodes.
inline constexpr auto store_folder = "/sim/store";

class node_cluster {
public:
  /// Makes what a process's actors connect to the outside by; they are cut off once `gone` is true.
  using makers = std::function<connector_makers(const std::shared_ptr<const bool>& gone)>;

  node_cluster(const scenario& s, bool print_trace, makers make);
  ~node_cluster();
  node_cluster(const node_cluster&) = delete;
  node_cluster& operator=(const node_cluster&) = delete;

  /// A further process of the node begins. It listens at the port of the former, or at another.
  node_process& begin(const std::string& node, bool has_new_port = false);
  /// All its actors end at once, and nothing that they have not yet done is done.
  void kill(node_process& p, bool machine_is_off);
  /// The next turn, and the time that it takes. False: nothing is left.
  bool step();
  /// No actor of these gets a turn for so long.
  void hold(const std::set<caf::actor_id>& who, micros time);
  void hold(const node_process& p, micros time);
  void pass(micros time) { scheduler_.advance_time(time); }
  /// Carried out by step() when the time has come.
  void later(micros in, std::function<void()> what);

  [[nodiscard]] std::list<node_process>& processes() { return processes_; }
  [[nodiscard]] node_process* find(const std::string& node);
  [[nodiscard]] node_process* find(const process_name& id);
  /// The process of a living actor; null where it has none.
  [[nodiscard]] node_process* owner_of(caf::actor_id id) const;
  /// The actors of the topology that have lived, by name; of each the latest life that began.
  struct lived {
    life now;
    caf::actor_addr who;
  };
  [[nodiscard]] const std::map<std::string, lived>& newest() const { return newest_; }
  /// None of them lives: the next that begin are first lives again.
  void forget_lives() { newest_.clear(); }
  /// `what` is called before each life of a shard, whose snapshots nobody writes any more.
  void before_shards(std::function<void(const std::string& shard)> what) { before_shard_ = std::move(what); }
  /// A way to the store of nobody: reads what is there.
  [[nodiscard]] const std::shared_ptr<node::chain_store>& store() const { return store_; }
  /// The disk that the store lies on.
  [[nodiscard]] snapshot::test::faulty_file_system& files() { return files_; }
  [[nodiscard]] simulation::network& network() { return network_; }
  [[nodiscard]] simulation::schedule& schedule() { return schedule_; }
  [[nodiscard]] simulated_clock& clock() { return clock_; }
  [[nodiscard]] std::uint64_t restarts() const { return restarts_; }
  /// A life of the topology has begun that is not its actor's first, since the last call.
  [[nodiscard]] bool take_restarted() { return std::exchange(restarted_, false); }
  [[nodiscard]] std::uint64_t begun() const { return instances_; }

private:
  struct config : caf::actor_system_config {
    config() { set("scheduler.policy", caf::atom("testing")); }
  };
  [[nodiscard]] deployment::pipeline_bounds bounds();
  void adopt(node_process* by);
  void name_actors(node_process& p);
  void begun_life(node_process& p, const std::string& actor, const life& now, const caf::actor_addr& who);
  void run_out(const node_process& p);
  void bury();
  [[nodiscard]] micros now() const;

  const scenario& scenario_;
  makers make_;
  config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& scheduler_;
  simulated_clock clock_;
  simulation::schedule schedule_;
  snapshot::test::faulty_file_system files_;
  std::shared_ptr<node::chain_store> store_;
  simulation::network network_;
  std::mt19937_64 random_;
  std::list<node_process> processes_;
  std::map<caf::actor_id, node_process*> owners_;
  std::map<std::string, std::uint16_t> ports_;
  std::uint16_t highest_port_ = 1000;
  std::uint64_t instances_ = 0;
  caf::actor_id known_ = 0;  // all up to this one have been adopted
  std::uint64_t restarts_ = 0;
  std::map<std::string, lived> newest_;
  bool restarted_ = false;
  std::uint64_t shard_lives_ = 0;
  std::function<void(const std::string& shard)> before_shard_ = [](const std::string&) {};
  std::vector<std::pair<micros, std::function<void()>>> later_;
  std::string folder_;  // a folder on the machine's disk: a host makes its folders there
};

}  // namespace millrace::simulation
