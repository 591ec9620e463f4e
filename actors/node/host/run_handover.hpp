// `millrace run` keeps in files what nodes keep in chains: what sources have received (spools), and dead letters. Whoever goes
// on with a `dir:` store moves that first, while nobody else uses the store; a move that was cut short is repeated. Where a
// chain has something, it is the newer.
#pragma once

#include "actors/node/host/run_state.hpp"
#include "actors/node/stores/store_address.hpp"

#include <memory>

namespace millrace::host {

/// Moves what nodes have kept of the topology into the folder's files; `run` calls it at its start. Blocks.
[[nodiscard]] expected<void> take_from_nodes(const run_folder& folder, const found_run& found,
                                             const config::topology& topology);

/// Moves what `run` has kept into chains, and lets no run in while the lock is held; a node calls it. Null: the store is no folder, or its
/// file system has no locks. Blocks. User errors: a run has the folder, or a stage has left there what no node goes on with. The
/// dead letters themselves stay in their file.
[[nodiscard]] expected<std::unique_ptr<snapshot::folder_lock>> enter_store(const node::store_address& store);
/// Does the same for a copy, and lets no node in either.
[[nodiscard]] expected<std::unique_ptr<snapshot::folder_lock>>
enter_store_alone(const node::store_address& store);

}  // namespace millrace::host
