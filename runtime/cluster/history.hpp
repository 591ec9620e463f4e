// The history that the log of the node that leads tells of its cluster: a line for each event. Pure; the owner of the coordinator asks, and
// writes the lines.
#pragma once

#include "runtime/cluster/control_state.hpp"
#include "runtime/cluster/node_watch.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace millrace::cluster {

enum class weight : std::uint8_t { normal, warning, error };

/// A whole sentence, and whom it is about: no topology, node or actors where it is about none.
struct told_event {
  weight how = weight::normal;
  std::string text;
  std::string topology = {};
  std::string node = {};
  std::vector<std::string> actors = {};  // each is TOPOLOGY/ACTOR, as the list of nodes has them
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
