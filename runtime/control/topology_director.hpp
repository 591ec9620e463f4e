// Directs one topology over the nodes of a cluster. A director (director.hpp) decides; this knows where its
// members live, puts its orders into messages to their nodes, and has recorded in `control` what must outlive
// it: starts of partitions, records that are given up, the end. It lives beside the coordinator and dies with
// it; the next one begins from `control` and from what the nodes say again. Pure. One thread at a time.
#pragma once

#include "runtime/cluster/control_state.hpp"
#include "runtime/cluster/coordinator.hpp"
#include "runtime/control/director.hpp"
#include "runtime/control/topology_messages.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace millrace::control {

namespace topology_effects {

struct send {
  std::string node;
  to_node_of_actors what;
};
/// Ask the coordinator to record it. It is asked again with the next news that needs it.
struct wish {
  cluster::request what;
};
/// reports_are_due() is called with the number after a while, stops_are_due() likewise.
struct wait_for_reports {
  std::uint64_t number = 0;
};
struct wait_for_stops {
  std::uint64_t number = 0;
};
/// The parts of the report that was asked for.
struct give_report {
  std::vector<messages::report_part> parts;
};
/// Told once: all have stopped, or it was given up. `parts` is the last report, which is to be kept before
/// the wish that follows runs: a reader that sees its end in `control` finds it.
struct ended {
  bool finished = false;
  std::optional<error> failure;
  std::vector<messages::report_part> parts;
};
/// Told once, instead: it had ended before this director began.
struct was_over {};
/// A line for the log.
struct warn {
  std::string text;
};

}  // namespace topology_effects

using topology_effect =
    std::variant<topology_effects::send, topology_effects::wish, topology_effects::wait_for_reports,
                 topology_effects::wait_for_stops, topology_effects::give_report, topology_effects::ended,
                 topology_effects::was_over, topology_effects::warn>;
using topology_effect_list = std::vector<topology_effect>;

struct topology_director_options {
  std::string topology;
  std::vector<member> members;
  /// Returns the log of a parser's partition, as the plan names it.
  std::function<log_id(const std::string& parser, const std::string& partition)> log_of;
  /// Partitions that the plan has: where they were found under an earlier plan, `control` still has their starts.
  std::set<cluster::partition_name> planned = {};
  /// Lanes whose parser gives up a record that has ended processes three times.
  std::set<std::string> give_up_crashes = {};
  bool is_alone = false;  // the process is the one node of its topology: all members begin there
};

class topology_director {
public:
  /// Members whose life began before are told of by their nodes.
  explicit topology_director(topology_director_options options);

  /// Takes what counts in `control` of this topology, at first and after each change.
  [[nodiscard]] topology_effect_list on_state(const cluster::topology_state& s);

  [[nodiscard]] topology_effect_list on_message(const std::string& node, const to_director& m);

  /// director::restart(); nothing is recorded, so a director that is lost with it forgets it.
  [[nodiscard]] topology_effect_list restart(const std::string& who);

  [[nodiscard]] topology_effect_list report();
  [[nodiscard]] topology_effect_list reports_are_due(std::uint64_t number);
  [[nodiscard]] topology_effect_list stops_are_due(std::uint64_t number);

private:
  struct waiting_life {
    std::string node;
    prepare_life what;
  };

  void run(director_effect_list effects, topology_effect_list& out);
  void send_order(actor_order o, topology_effect_list& out) const;
  [[nodiscard]] std::string node_of_other(const actor_order& o) const;
  /// A life that is known, and is told of again, is introduced again: its node has missed something.
  void on_began(const std::string& node, const actor_began& m, topology_effect_list& out);
  void on_over(const std::string& actor, const life& last, topology_effect_list& out);
  void on_failed(const actor_failed& m, topology_effect_list& out);
  [[nodiscard]] bool has_successor(const std::string& actor, const life& l) const;
  void end_lost_lives(topology_effect_list& out);
  void on_news(const actor_news& n, topology_effect_list& out);
  void on_found(const messages::partition_found& m, topology_effect_list& out);
  void on_prepare(const std::string& node, prepare_life p, topology_effect_list& out);
  [[nodiscard]] std::vector<delivery::verdict> verdicts_on_crashes(const std::string& lane) const;
  [[nodiscard]] std::vector<messages::report_part> parts() const;
  [[nodiscard]] bool is_recorded(const std::vector<delivery::verdict>& all) const;
  [[nodiscard]] life_prepared prepared(const prepare_life& p) const;
  void begin_starts(topology_effect_list& out);
  void end(topology_effect_list& out);

  std::string topology_;
  std::function<log_id(const std::string& parser, const std::string& partition)> log_of_;
  std::set<cluster::partition_name> planned_;
  std::set<std::string> give_up_crashes_;
  bool is_alone_;
  std::map<std::string, member> members_;
  director director_;
  cluster::topology_state state_;
  std::map<std::string, std::pair<std::string, life>> lives_;  // keyed by actor: its node, and its present
                                                               // life
  std::map<std::string, waiting_life> preparing_;              // keyed by actor: until its verdicts are
                                                               // recorded
  /// Readers of partitions whose starts are wished for, by partition.
  std::map<cluster::partition_name, std::string> promised_;
  bool all_have_lived_ = false;  // all have lived at once; from then on a lane begins among receivers that
                                 // live
  bool has_directed_ = false;    // it was active in `control`
  bool has_ended_ = false;
};

}  // namespace millrace::control
