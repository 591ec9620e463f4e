// The sink actor: owns a writer on a thread of its own, takes rows from lanes and whole windows from shards
// (delivery::sink_core decides which are new), commits rows and progress in one step, and tells senders what
// is durable. A target that stays away slows its senders; every reopening goes on from what the target has.
#pragma once

#include "actors/stream/sink/sink_settings.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>

#include <string>

namespace millrace::sink {

struct sink_options : sink_settings {
  messages::state_keeper keeper = {};  // the state folder's: told of the first commit; null: nothing is kept
};

/// The value of the state folder that is there once this sink has committed.
[[nodiscard]] inline std::string committed_name(const std::string& sink) { return "committed/" + sink; }

/// `now`: higher than any earlier life of this sink; each opening of the target raises its count. Senders
/// come by messages::sender_up (shards) and by asking (lanes); the dead-letter sink by receiver_up.
[[nodiscard]] messages::sink spawn_sink(caf::actor_system& system, sink_options options, const life& now,
                                        messages::supervisor supervisor);

}  // namespace millrace::sink
