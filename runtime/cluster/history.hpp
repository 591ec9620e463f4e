// The history of a cluster, as the node that leads knows it: a sentence for each event. Pure; the owner of the coordinator asks, writes
// the lines into its log, and has them kept.
#pragma once

#include "runtime/cluster/control_state.hpp"
#include "runtime/cluster/node_watch.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::cluster {

enum class weight : std::uint8_t { normal, warning, error };

constexpr auto words_of(weight) { return std::to_array<std::string_view>({"info", "warning", "error"}); }

enum class event_kind : std::uint8_t {
  cluster,    // it is founded, or writes other formats
  lead,       // a node leads
  join,       // a node
  leave,      // a node, in order
  death,      // a node
  silence,    // a node, and that it is heard again
  drain,      // a node, as it is asked for, done, or taken back
  forget,     // a node
  apply,      // a topology's plan
  placement,  // of actors
  start,      // a topology, by `run`
  stop,       // as it is asked for, and done
  end,        // a topology, by itself
  failure,    // a topology
  removal,    // a topology
  pause,      // a topology, and that it is resumed
  restart,    // of actors, because they have failed, or as it is asked for
  crash,      // of a process, by an actor
  replay,     // of dead letters
  degraded,   // a topology
  healthy     // a topology that was degraded
};
constexpr auto words_of(event_kind) {
  return std::to_array<std::string_view>({"cluster", "lead",     "join",    "leave",     "death",   "silence",
                                          "drain",   "forget",   "apply",   "placement", "start",   "stop",
                                          "end",     "failure",  "removal", "pause",     "restart", "crash",
                                          "replay",  "degraded", "healthy"});
}

/// A whole sentence, and whom it is about: no topology, node or actors where it is about none.
struct told_event {
  event_kind kind{};
  weight how = weight::normal;
  std::string text;
  std::string topology = {};
  std::string node = {};
  std::vector<std::string> actors = {};  // each is TOPOLOGY/ACTOR, as the list of nodes has them
  std::string through = {};              // the node whose API was asked for it; empty: none was
  friend bool operator==(const told_event&, const told_event&) = default;
};

/// Says what becomes of `before` by a change that counts. Actors that one change places side by side are one event a topology
/// and node.
[[nodiscard]] std::vector<told_event> events_of(const control_state& before, const change& what);

/// Finds events that no record tells: a node falls silent, is heard again, has given away all that it had. One a
/// coordinator, asked after each tick.
class node_history {
public:
  /// `found`: what the coordinator begins with. A node that an earlier one has drained is not told again. `mine`: the
  /// coordinator's own node, which is neither silent nor heard again.
  node_history(const control_state& found, std::string mine);
  [[nodiscard]] std::vector<told_event> look(const control_state& now, const node_watch& nodes);

private:
  std::string mine_;
  std::map<std::string, session>
      heard_;  // present when it was looked at last, or waited for since the beginning
  std::map<std::string, session> silent_;
  std::set<std::string> drained_;
};

}  // namespace millrace::cluster
