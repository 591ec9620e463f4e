// The plan of a topology as `control` keeps it, and what a node makes of it: every node has the same text, the same
// start positions and the same number of lanes, so it works out the same layout, with the same names. Pure.
#pragma once

#include "actors/deployment/actor_factory.hpp"
#include "runtime/cluster/control_log.hpp"
#include "runtime/control/director.hpp"
#include "runtime/link/edge_numbers.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::host {

struct hosted_plan {
  /// The topology's file in JSON, filled in; empty of a state that was only begun, and where `millrace run` could not make it.
  std::string text;
  std::string state_id;     // 32 hexadecimal digits; sinks claim their targets under it
  std::uint64_t lanes = 1;  // the most lanes of a parser (layout_bounds::lanes_of_a_plan); 0: the next plan
                            // decides
  /// The fingerprint, start positions and identities of sources, by name; from the second run on also the record of the run.
  std::map<std::string, std::string> values;
  friend bool operator==(const hosted_plan&, const hosted_plan&) = default;
};

/// Values of a plan whose sinks open their targets as those of `run --fresh` do, for as long as its state stays, and of `run --adopt`,
/// until the next plan.
inline constexpr std::string_view begins_anew_name = "fresh";
inline constexpr std::string_view adopts_name = "adopt";
/// The value of a plan says that the topology has read or received something.
inline constexpr std::string_view has_read_name = "has_read";

/// The run that the plan is of, as begin_plan() has put it there. ec::corrupt, ec::unsupported.
[[nodiscard]] expected<deployment::run_record> run_of(const hosted_plan& p);

/// Returns the fingerprint of the topology among the values of a plan; empty where there is none.
[[nodiscard]] std::string fingerprint_of(const std::map<std::string, std::string>& values);

[[nodiscard]] std::string encode_plan(const hosted_plan& p);
/// ec::corrupt, ec::unsupported where a later version has written it.
[[nodiscard]] expected<hosted_plan> decode_plan(std::string_view bytes);

/// A plan with all that follows from it.
struct planned_topology {
  std::shared_ptr<const config::topology> topology;
  deployment::decided_topology decided;
  std::string state_id;
  std::map<std::string, std::string> values;
};

/// Says that a plan has no text.
[[nodiscard]] unexpected no_text(const std::string& topology);

/// `name`: what findings name instead of a file. User errors: the text is wrong, or this node lacks what it names.
[[nodiscard]] expected<std::shared_ptr<const config::topology>> load_plan(const std::string& text,
                                                                          const std::string& name);

/// Keeps which tzdata the plan goes by, where windows or parsers go by the clocks of a zone.
void keep_zones(hosted_plan& p, const config::topology& t);
/// Says that this node's tzdata is another one than that in a plan's values, so that its shards might have other windows, and
/// its lanes read other moments, than those of other nodes.
/// Empty: it is the same.
[[nodiscard]] std::string other_zones(const std::map<std::string, std::string>& values,
                                      const config::topology& t);
/// ec::corrupt where start positions are missing. `lane_credit`: see deployment::pipeline_bounds.
[[nodiscard]] expected<planned_topology> unfold(const hosted_plan& p,
                                                std::shared_ptr<const config::topology> topology,
                                                std::size_t lane_credit = lane::lane_options{}.credit);

/// Returns what a director has to know of each actor.
[[nodiscard]] std::vector<control::member> members_of(const deployment::layout& l);
/// Returns the node that the topology names for a source or sink; empty where it names none.
[[nodiscard]] std::string node_named_by(const config::stage& s);
/// Returns whether a node's own disk has what the stage reads, or has acknowledged.
[[nodiscard]] bool is_on_one_disk(const config::stage& s);
/// Returns what placement has to know of each. Pinned are those for which the topology names a node, and those whose source
/// or target lies on a node's own disk: these to the node that had them (`before`, by the names of actors), else to `node`.
[[nodiscard]] std::vector<cluster::actor_spec>
actors_of(const deployment::decided_topology& d, const config::topology& topology, const std::string& node,
          const std::map<std::string, std::string>& before = {});
/// All pairs of actors that frames or output go between.
[[nodiscard]] std::vector<link::edge_name> edges_of(const deployment::layout& l);
/// Tells of each lane, by its name, whether a record that fails ends the run.
[[nodiscard]] std::map<std::string, bool> lanes_of(const planned_topology& p);
/// Returns the lanes whose parser gives up records that have ended processes (on_crash).
[[nodiscard]] std::set<std::string> lanes_giving_up_crashes(const deployment::decided_topology& d);
/// Returns the log of a parser's partition; `plan` is what a lane's member has for its parser.
[[nodiscard]] log_id log_of(const deployment::decided_topology& d, const std::string& plan,
                            const std::string& partition);

}  // namespace millrace::host
