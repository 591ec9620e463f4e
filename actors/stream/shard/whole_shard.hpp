// A shard actor as it is spawned: what others say to it and ask, what the snapshot writer answers, and what it
// sends to itself.
#pragma once

#include "actors/stream/shard/shard_effects.hpp"
#include "actors/stream/shard/shard_gauges.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace millrace::shard {

/// The shard's own timer.
struct woken {
  wake_up what;
};

using whole_shard =
    messages::shard::extend<caf::reacts_to<messages::capture_written>,
                            caf::reacts_to<messages::segment_written>, caf::reacts_to<messages::segment_read>,
                            caf::reacts_to<woken>, caf::replies_to<look_up_key>::with<key_found>>;

}  // namespace millrace::shard

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::shard::woken)
