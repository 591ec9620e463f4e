// The time that a node may be silent before the others act, at two speeds.
#pragma once

#include "runtime/base/time.hpp"

#include <chrono>

namespace millrace::cluster {

/// `detached_after` is at most `away_after`. Nodes of one cluster have the same, or each acts by its own.
struct silence {
  /// Senders detach the receivers on that node, which is always safe.
  micros detached_after = std::chrono::milliseconds(500);
  /// Its actors begin elsewhere; if it led the cluster, another node stands for coordinator.
  micros away_after = std::chrono::seconds(2);

  /// The limit for a node that does not hear the coordinator while another one does.
  [[nodiscard]] constexpr micros unheard_after() const { return 10 * away_after; }
  /// A node that hears the coordinator says so to the others this often, several times before anybody stands.
  [[nodiscard]] constexpr micros heard_every() const { return away_after / 4; }
  /// A coordinator whose process seems to be over: longer than a node that hears it after all takes to say so.
  [[nodiscard]] constexpr micros over_after() const { return away_after * 3 / 8; }
};

}  // namespace millrace::cluster
