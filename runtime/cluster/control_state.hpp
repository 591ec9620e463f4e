// Holds what the records of `control` add up to. Every coordinator folds the same records into the same value; a
// base of the chain is that value as bytes. No I/O.
#pragma once

#include "runtime/cluster/control_log.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::cluster {

struct place {
  std::string node;
  cluster::session session = 0;
  incarnation term = 0;
  std::uint64_t generation = 0;  // the generation of the plan that this life runs
  friend bool operator==(const place&, const place&) = default;
};

struct actor_state {
  actor_spec spec;
  std::optional<place> at = {};
  /// The crashes by which it is suspect of ending processes, the newest last (runtime/cluster/suspects.hpp).
  std::vector<crash> crashes = {};
  std::optional<crash> unexplained = {};     // the last one that has no signal
  std::optional<event_micros> died_at = {};  // the last death of a node on which it was
  bool has_died_again = false;               // and soon before that another
  friend bool operator==(const actor_state&, const actor_state&) = default;
};

struct partition_start {
  log_id log;
  mark start{};
  std::string lane;
  friend bool operator==(const partition_start&, const partition_start&) = default;
};
struct partition_name {
  std::string parser;
  std::string partition;
  friend auto operator<=>(const partition_name&, const partition_name&) = default;
};
struct log_position {
  log_id log;
  position at{};
  friend auto operator<=>(const log_position&, const log_position&) = default;
};

/// `stopped`: it has ended since somebody asked for that, and goes on when it is applied again. The order is the
/// format.
enum class topology_status : std::uint8_t { running, stopping, finished, failed, stopped };
[[nodiscard]] std::string_view to_string(topology_status s);

struct topology_state {
  std::string plan;
  std::uint64_t generation = 0;
  /// The generation of its first plan. Above 1 only in a cluster that has removed a topology before: no generation of a removed
  /// one comes back, so neither do the chains that are named by it.
  std::uint64_t first_generation = 1;
  bool begins_anew =
      false;  // one of its name was removed before: its sinks replace what that one has written
  std::uint64_t number = 0;  // the number of this plan among all of the cluster, as they were applied, from 1
                             // on
  topology_status status = topology_status::running;
  bool is_paused = false;
  std::string failed_actor = {};
  std::string why = {};
  event_micros ended_at = 0;  // the last end: finished, stopped or failed
  std::map<std::string, actor_state> actors = {};
  std::map<log_position, std::string> verdicts = {};  // the error of each record that was given up
  std::map<partition_name, partition_start> starts = {};

  /// Its actors have places.
  [[nodiscard]] bool is_active() const {
    return status == topology_status::running || status == topology_status::stopping;
  }
  friend bool operator==(const topology_state&, const topology_state&) = default;
};

/// Returns the name that the chains of a topology have in the store. Writes to the chains of a removed one
/// are never read: no topology gets their name again.
[[nodiscard]] std::string chains_of(const std::string& topology, std::uint64_t first_generation);

struct node_state {
  std::uint64_t instance = 0;
  cluster::session session = 0;
  bool is_over = false;   // the process of that session is gone
  bool has_left = false;  // and it has ended in order
  bool is_draining = false;
  std::vector<event_micros> deaths = {};  // deaths of its processes, the latest ones
  friend bool operator==(const node_state&, const node_state&) = default;
};

struct control_state {
  std::string cluster;  // empty: nobody has founded one
  std::uint32_t formats = 0;
  cluster::session sessions = 0;  // the highest that was given
  std::uint64_t plans = 0;        // plans that were applied, of all topologies
  incarnation terms =
      0;  // the highest that was given; actors share one row of numbers, and no number comes back
  std::map<std::string, node_state> nodes = {};
  std::map<std::string, topology_state> topologies = {};
  std::map<std::string, std::uint64_t> removed =
      {};                                // keyed by name: the number of plans at its last removal
  std::set<std::string> leftovers = {};  // chains of removed topologies that the store may still have

  /// ec::corrupt, and nothing has changed, where the record contradicts the state.
  [[nodiscard]] expected<void> apply(const record& r);
  [[nodiscard]] const actor_state* find(const actor_id& id) const;
  /// The generation that the topology's next plan gets. The first plan of a new topology gets one above all
  /// that a removed one may have had, so that the two are never confused.
  [[nodiscard]] std::uint64_t next_generation(const std::string& topology) const;
  friend bool operator==(const control_state&, const control_state&) = default;
};

/// Formats the state for people and tests: a line for each node, topology and actor, without plans, which may
/// hold secrets.
[[nodiscard]] std::string to_text(const control_state& s);

[[nodiscard]] std::string encode_base(const control_state& s);
/// Errors as those of decode_change().
[[nodiscard]] expected<control_state> decode_base(std::string_view bytes);
/// An empty base: there is none. The increments are encoded changes, oldest first.
[[nodiscard]] expected<control_state> sum_up(std::string_view base,
                                             const std::vector<std::string>& increments);

}  // namespace millrace::cluster
