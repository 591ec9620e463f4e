// Replays dead letters of a file into the state folder of a topology of `millrace run`, for `millrace replay` and the API.
// The batches lie in the chains of the folder.
#pragma once

#include "actors/replay/replay.hpp"

#include <string>
#include <string_view>

namespace millrace::host {

/// The state's value that holds when it began, in microseconds since 1970: older dead letters are of another.
inline constexpr std::string_view state_began_name = "began";

struct folder_request : replay::request {
  std::string letters;  // file
  std::string state;    // folder
  bool older = false;   // also letters that are older than the state
  std::string_view into_is_called = "into";
};
/// Blocks. A run may hold the state meanwhile; ec::locked where another replay into it is under way.
[[nodiscard]] expected<replay::outcome> replay_in_folder(folder_request r);

}  // namespace millrace::host
