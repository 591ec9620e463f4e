// Replays dead letters out of the cluster's store and into it, or within the state folder of a topology that runs in its
// process alone; on a thread of its own, for the view of the node that leads. Two of them at once, of an earlier leader and this one, do no harm: the later one fences the earlier one off.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/catalog.hpp"
#include "actors/node/host/letters.hpp"
#include "actors/node/host/planned_topologies.hpp"
#include "actors/node/stores/chain_store.hpp"
#include "runtime/cluster/control_log.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::host {

struct replay_job {
  letters_home from;
  api::requests::replay what;
  std::shared_ptr<const std::atomic<bool>> is_over;  // the process ends
  std::shared_ptr<planned_topologies> plans;
  bool runs = false;  // the topology, as far as the caller knows
};

struct replay_result {
  expected<api::answers::replayed> what;
  /// Batches, of this or an earlier replay, that no lane reads yet: the leader has these recorded, and lanes
  /// hear of them.
  std::vector<cluster::records::partition_started> starts;
};
/// Blocks. Batches of bounded sources have no starts: the next `apply` finds them.
[[nodiscard]] replay_result replay_in_store(const std::shared_ptr<node::chain_store>& store,
                                            const replay_job& job);
/// Blocks. There are no starts: lanes look into the folder themselves.
[[nodiscard]] replay_result replay_in_folder(const letters_folder& of, const replay_job& job);

/// Batches that no lane reads yet.
struct left_batches_found {
  std::vector<cluster::records::partition_started> starts;
  std::optional<error>
      failure;  // letters that could be read are there all the same; an error that may pass, if there is any
};
/// Finds those of every topology that runs. Blocks.
[[nodiscard]] left_batches_found unread_batches(const std::shared_ptr<node::chain_store>& store,
                                                planned_topologies& plans);

struct replay_now {};
struct replay_ended {
  std::string topology;
  replay_result result;
};
using replay_listener = caf::typed_actor<caf::reacts_to<replay_ended>>;
using replayer = caf::typed_actor<caf::reacts_to<replay_now>>;
/// Told replay_now, it tells `to` the result and ends.
[[nodiscard]] replayer spawn_replayer(caf::actor_system& system, replay_job job, replay_listener to);

}  // namespace millrace::host
