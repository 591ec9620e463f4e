// The lane actor: reads source partitions through a source actor, parses, forms frames and sends them within
// the receivers' credit; catches up receivers that are behind without stalling (delivery::lane_log decides).
// One lane serves some partitions of one parser; more may come while it runs. It keeps nothing that must
// survive: a new life asks its receivers. The actor is a shell: what it does is decided in lane.hpp.
#pragma once

#include "actors/stream/lane/lane_options.hpp"
#include "runtime/delivery/lane_log.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>

namespace millrace::lane {

/// `now`: higher than any earlier life of this lane. Receivers come by messages::receiver_up. `keeper`: of
/// the state folder, for its sources; null: nothing is kept.
[[nodiscard]] messages::lane spawn_lane(caf::actor_system& system, lane_options options, const life& now,
                                        delivery::lane_log::start how, messages::supervisor supervisor,
                                        messages::state_keeper keeper);

}  // namespace millrace::lane
