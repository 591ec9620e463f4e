// The identities of a cluster's control plane: epochs of coordinators, sessions of nodes, actors of
// topologies, and the two clocks that a coordinator is told. Plain values.
#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/base/life.hpp"
#include "runtime/base/time.hpp"

#include <compare>
#include <cstdint>
#include <string>

namespace millrace::cluster {

/// A coordinator's epoch is its life in the chain `control`: the term is the epoch's number, the count tells
/// candidates apart that choose the same number at once. Nodes obey the highest that they have seen.
using epoch = millrace::life;

/// One process of a node, as `control` has given it; rises over the whole cluster. 0: none yet.
using session = std::uint64_t;

struct actor_id {
  std::string topology;
  std::string name;
  friend auto operator<=>(const actor_id&, const actor_id&) = default;
};

/// `running` never goes back within a process and measures silence; `wall` is recorded, and is compared with
/// what other coordinators have recorded.
struct moment {
  micros running{};
  event_micros wall = 0;
};

}  // namespace millrace::cluster
