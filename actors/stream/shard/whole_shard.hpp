// A shard actor as its parts see it: what others say to it and ask, what the snapshot writer answers, and what it
// sends to itself.
#pragma once

#include "actors/stream/shard/shard_actor.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace millrace::shard {

/// The shard's own timers: to go on with a firing or a tick, after what has come meanwhile; for a snapshot;
/// for changed rows; to look how large the state is; to try again to spill; to try again to read back.
struct firing_turn {};
struct snapshot_tick {};
struct update_tick {};
struct size_tick {};
struct spill_tick {};
struct read_tick {};

using whole_shard = messages::shard::extend<
    caf::reacts_to<messages::capture_written>, caf::reacts_to<messages::segment_written>,
    caf::reacts_to<messages::segment_read>, caf::reacts_to<firing_turn>, caf::reacts_to<snapshot_tick>,
    caf::reacts_to<update_tick>, caf::reacts_to<size_tick>, caf::reacts_to<spill_tick>,
    caf::reacts_to<read_tick>, caf::replies_to<look_up_key>::with<key_found>>;

}  // namespace millrace::shard

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::shard::firing_turn)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::shard::snapshot_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::shard::update_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::shard::size_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::shard::spill_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::shard::read_tick)
