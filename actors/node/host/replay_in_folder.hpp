// Replays dead letters of a file into the state folder of a topology of `millrace run`, for `millrace replay` and the API.
// The batches lie in the chains of the folder.
#pragma once

#include "actors/node/control/topology_chains.hpp"
#include "actors/replay/replay.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace millrace::host {

/// Opens the index of a topology's batches to add to it, under a life above all that were there. Blocks.
[[nodiscard]] expected<replay::batch_index> take_index(const std::shared_ptr<node::topology_chains>& chains);

struct folder_request : replay::request {
  std::string letters;  // file
  std::string state;    // folder
  bool older = false;   // also letters that are older than the state
  std::string_view into_is_called = "into";
};
/// Blocks. A run may hold the state meanwhile; ec::locked where another replay into it is under way.
[[nodiscard]] expected<replay::outcome> replay_in_folder(folder_request r);

}  // namespace millrace::host
