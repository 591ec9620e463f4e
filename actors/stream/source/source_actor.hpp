// The source actor: owns a connector's reader on a thread of its own and serves one lane (or one catch-up
// reader of a lane). It never reads ahead by itself: every chunk was asked for, so what is under way is
// bounded by the lane.
#pragma once

#include "actors/stream/source/requests.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

namespace millrace::source {

/// The interface of the actor that asks a source actor: answers go to the sender.
using reading = caf::typed_actor<caf::reacts_to<chunk_read>, caf::reacts_to<looked>>;
using source_actor = caf::typed_actor<caf::reacts_to<assign>, caf::reacts_to<unassign>, caf::reacts_to<read>,
                                      caf::replies_to<look>::with<looked>, caf::reacts_to<durable>,
                                      caf::reacts_to<messages::stop>>;

struct source_options {
  std::string actor;    // the actor in whose name it keeps values: its lane
  millrace::life life;  // the lane's
  /// The text of reader::identity() as it was kept last; empty: none was.
  kept_value identity = {};
  /// Durable before the first read: the source answers by then, and every receiver has opened. An empty name:
  /// none is kept.
  kept_value before_reading = {};
  /// messages::keep_value goes there, and an answer to the lane waits for it. Null: nothing is kept.
  messages::state_keeper keeper = {};
  /// It reads for all, and notes now and then how far (reader::note_progress).
  bool notes_progress = false;
};

/// Shares the reader, so that a stop of the lane can interrupt() it. The reader connects with the first read.
/// The lane asks again when it has the answer. `number`: what the lane knows it by, in each of its answers.
[[nodiscard]] source_actor spawn_source(caf::actor_system& system, std::uint64_t number,
                                        std::shared_ptr<reader> connector, source_options options);

}  // namespace millrace::source
