// Answers a request for default dead letters, on a thread of its own: out of the cluster's store, or out of the state folder
// of a topology that runs in its process alone.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "actors/node/stores/chain_store.hpp"
#include "config/plan.hpp"
#include "runtime/cluster/control_state.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <string>
#include <variant>

namespace millrace::host {

struct read_letters_now {};
using letter_reader = caf::typed_actor<caf::reacts_to<read_letters_now>>;

/// A topology that runs in its process alone; dead_letters.jsonl with its parts lies in the folder, and so do replayed records.
struct letters_folder {
  std::shared_ptr<const config::topology> topology;
  std::string folder;
};
using letters_home = std::variant<std::shared_ptr<node::chain_store>, letters_folder>;

/// A topology whose dead letters are in the store.
struct with_letters {
  cluster::topology_state state;
  std::string chains;  // the name of its chains
};
/// Errors: ec::not_found where the cluster has no such topology, or where its dead letters go to a sink of its own. Blocks.
[[nodiscard]] expected<with_letters> find_with_letters(const std::shared_ptr<node::chain_store>& store,
                                                       const std::string& topology);

/// One page. Errors: ec::not_found where the cluster has no such
/// topology, or where its dead letters go to a sink of its own. Blocks.
[[nodiscard]] expected<api::answers::dead_letters>
letters_page(const std::shared_ptr<node::chain_store>& store, const std::string& topology,
             std::uint64_t page);
/// The same from the newest part on.
[[nodiscard]] expected<api::answers::dead_letters>
newest_letters_page(const std::shared_ptr<node::chain_store>& store, const std::string& topology,
                    std::uint64_t page);
/// `asked`: a request for dead letters (observe::asks_for_letters), which every node answers by itself. Told read_letters_now, it answers and ends.
[[nodiscard]] letter_reader spawn_letter_reader(caf::actor_system& system, letters_home from,
                                                api::request asked, std::shared_ptr<const api::reply> to);

}  // namespace millrace::host
