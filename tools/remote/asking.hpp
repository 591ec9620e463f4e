// Asks a node's API the way the commands do: a name that is not known gets a suggestion, and a wait outlives
// the node that it asks.
#pragma once

#include "tools/remote/connecting.hpp"

#include <functional>
#include <string>

namespace millrace::remote {

/// One request and its answer; blocks.
using ask_function = std::function<expected<api::answer>(const api::request&)>;

/// Makes a client for each request: a node that was started again may listen elsewhere.
[[nodiscard]] ask_function asker_of(connect_arguments a, surroundings around);

/// Asks once. If the cluster does not have what the request names, it is asked for the names that it has, and
/// the error ends with "did you mean".
[[nodiscard]] expected<api::answer> ask_by_name(const ask_function& ask, const api::request& what);

/// Waits until the topology is over. A node may end meanwhile, and another coordinator take over: errors that
/// may pass are asked past. Between two requests it calls `pause`, which blocks for a second or so.
[[nodiscard]] expected<api::answers::topology>
wait_for_end(const ask_function& ask, const std::string& topology, const std::function<void()>& pause);

/// wait_for_end() asks past so many errors in a row.
inline constexpr int most_failures = 60;

}  // namespace millrace::remote
