// Decides where actors run: a pure function from nodes, actors and their present places to moves. It moves as
// little as possible: an actor without a place gets one at once; of those that run, at most one moves at a
// time.
#pragma once

#include "runtime/cluster/identities.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace millrace::cluster {

/// A node that is there.
struct offered_node {
  std::string name;
  cluster::session session = 0;
  std::uint32_t cores = 1;
  bool is_draining = false;
  bool is_flapping = false;  // it dies again and again
  bool is_leaving = false;   // its process ends in order: it keeps what it has until then, and gets nothing

  [[nodiscard]] bool takes_more() const { return !is_draining && !is_leaving; }
};

struct placeable_actor {
  actor_id id;
  std::string group = {};  // named within its topology; its actors are kept apart
  bool is_pinned = false;
  std::string home = {};  // the node where it must be, or begins; empty: the first that it is placed on, or
                          // any
  std::string at = {};    // empty: nowhere
  cluster::session at_session = 0;  // a place in a session that is over is none
  bool may_begin = true;            // else it gets no place yet
  friend bool operator==(const placeable_actor&, const placeable_actor&) = default;
};

enum class reason : std::uint8_t {
  homeless,  // its place is gone, or it never had one
  drained,   // its node gives away what it has
  balance,   // its node has more for its cores than the other will have with it
  spread,    // its node has more of its group, likewise
};

struct move {
  actor_id id;
  std::string to;
  cluster::session session = 0;
  reason why = reason::homeless;
  friend bool operator==(const move&, const move&) = default;
};

/// A placement. The result does not depend on the order of its inputs, and comes sorted by actor.
/// - Homeless actors get their home if it is there, else the node with the least work for its cores; of several
///   such, the one with the least of their group. Pinned ones wait for their home. A flapping node only gets
///   actors that no other can have.
/// - One actor that runs moves if none is homeless and there is a reason: first away from a draining node,
///   which gets no actor, pinned or not; else from a node that has, for its cores, more than another will have
///   with one more, and is no flapping one; else from a node that has more of one group, as long as that keeps
///   the balance. An actor with a home stays where it is: its clients look for it there.
/// Repeated calls come to an end, with no more moves.
[[nodiscard]] std::vector<move> moves(const std::vector<offered_node>& nodes,
                                      const std::vector<placeable_actor>& actors);

/// The actors that have to wait: the node that they are pinned to is not there, or no node may be given anything.
[[nodiscard]] std::vector<actor_id> waiting(const std::vector<offered_node>& nodes,
                                            const std::vector<placeable_actor>& actors);

}  // namespace millrace::cluster
