// Keeps the events of a cluster, or of a run, in the chain `events` of its store, while this process leads: each node that leads later
// has them. A thread of its own writes, so that nobody waits for the store; what it does not take stays in memory, and is written later.
#pragma once

#include "actors/node/stores/chain_store.hpp"
#include "actors/observe/history.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace millrace::host {

/// `by`: the epoch under which the coordinator of this process leads; none: the newest that it has named, or will name first.
struct note_events {
  std::optional<cluster::epoch> by;
  std::vector<observe::event> what;
};
/// Answered by events_told.
struct tell_events {};
struct events_told {
  observe::history all;
};
/// Its own timer, after a write that has failed.
struct write_events_again {};

using event_keeper =
    caf::typed_actor<caf::reacts_to<note_events>, caf::replies_to<tell_events>::with<events_told>,
                     caf::reacts_to<write_events_again>, caf::reacts_to<messages::stop>>;

[[nodiscard]] event_keeper spawn_event_keeper(caf::actor_system& system,
                                              std::shared_ptr<node::chain_store> store);

}  // namespace millrace::host
