// The keeper of `control` in one process: the only thread that waits for the store of the cluster. It holds
// the chain under the epoch of its own coordinator, and reads it for the others. A store that stands still
// holds up this thread alone; each caller has a time-out of its own.
#pragma once

#include "actors/node/control/control_book.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

#include <optional>

namespace millrace::node {

/// Read `control`, as this process sees it. Answered by control_seen.
struct look_at_control {};
struct control_seen {
  seen_control what;
  std::optional<error> failure;
};
/// Open `control` under this epoch, in the place of an earlier one of this process. Answered by control_opened.
struct open_control {
  cluster::epoch mine;
};
struct control_opened {
  cluster::epoch mine;
  cluster::control_state state;
  std::optional<error> failure;  // ec::fenced: somebody else was first
};
/// Answered by control_appended, in order.
struct append_to_control {
  cluster::epoch by;
  std::uint64_t number = 0;
  cluster::change what;
};
struct write_control_base {
  cluster::epoch by;
  std::uint64_t number = 0;
  cluster::control_state state;
};
struct control_appended {
  cluster::epoch by;
  std::uint64_t number = 0;
  cluster::append_outcome how = cluster::append_outcome::unknown;
};
/// Ends the keeper, after what came before.
struct stop_keeper {};

using control_keeper = caf::typed_actor<
    caf::replies_to<look_at_control>::with<control_seen>, caf::replies_to<open_control>::with<control_opened>,
    caf::replies_to<append_to_control>::with<control_appended>,
    caf::replies_to<write_control_base>::with<control_appended>, caf::reacts_to<stop_keeper>>;

[[nodiscard]] control_keeper spawn_control_keeper(caf::actor_system& system,
                                                  std::shared_ptr<chain_store> store);

}  // namespace millrace::node
