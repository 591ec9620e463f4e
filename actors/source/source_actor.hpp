// The source actor: owns a connector's reader on a thread of its own and serves one lane (or one catch-up
// reader of a lane). It never reads ahead by itself: every chunk was asked for, so what is under way is
// bounded by the lane.
#pragma once

#include "actors/source/requests.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>

namespace millrace::source {

/// Shares the reader, so that whoever stops the lane can interrupt() it. The reader connects with the first
/// read.
[[nodiscard]] caf::actor spawn_source(caf::actor_system& system, std::shared_ptr<reader> connector,
                                      identity_store identities);

}  // namespace millrace::source

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::assign)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::unassign)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::chunk_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::look)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::looked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::source::durable)
