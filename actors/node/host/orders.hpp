// Reads an order of the director on the node of the actor that it is for, and returns what is to be done there. Pure.
#pragma once

#include "actors/node/host/remote_ends.hpp"
#include "runtime/control/topology_messages.hpp"
#include "runtime/link/edge_numbers.hpp"

#include <string>
#include <variant>
#include <vector>

namespace millrace::host {

namespace order_effects {

/// Send a message to a local actor.
struct tell {
  std::string to;
  std::variant<messages::receiver_down, messages::log_found, messages::partition_started,
               messages::others_stand_at, messages::set_paused, messages::fail_now, messages::collect_report,
               messages::stop>
      what;
};
/// Introduce the life at the other end of an edge to the local actor.
struct introduce {
  link::edge_name edge;
  introduced who;
};
/// Drop the actor that the local one was introduced to on this edge.
struct forget {
  link::edge_name edge;
};

}  // namespace order_effects

using order_effect = std::variant<order_effects::tell, order_effects::introduce, order_effects::forget>;
using order_effect_list = std::vector<order_effect>;

/// Returns them in the order in which they are to be done. `node`: where the other end of the edge lives, if the order is
/// about one.
[[nodiscard]] order_effect_list effects_of(const std::string& node, const control::actor_order& order);

}  // namespace millrace::host
