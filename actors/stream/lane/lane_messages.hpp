// All that a lane actor hears: its interface, the messages of its source actors and helpers, its own timers.
#pragma once

#include "actors/stream/lane/parse_ahead.hpp"
#include "actors/stream/source/source_actor.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace millrace::lane {

/// Sent to itself: time has passed (rate, idleness, a source that was away).
struct wake_up {};
/// The lane's own timer: time to look for new partitions.
struct look_now {};

using lane_interface =
    messages::lane::extend<caf::reacts_to<source::chunk_read>, caf::reacts_to<source::looked>,
                           caf::reacts_to<chunk_parsed>, caf::reacts_to<wake_up>, caf::reacts_to<look_now>>;

}  // namespace millrace::lane
