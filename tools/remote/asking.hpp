// Asks a node's API the way the commands do: a name that is not known gets a suggestion, and a wait outlives
// the node that it asks.
#pragma once

#include "runtime/base/steady_time.hpp"
#include "tools/remote/connecting.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace millrace::remote {

/// One request and its answer; blocks.
using ask_function = std::function<expected<api::answer>(const api::request&)>;

/// Makes a client for each request: a node that was started again may listen elsewhere.
[[nodiscard]] ask_function asker_of(connect_arguments a, surroundings around);

/// Calls `tell` from another thread if an answer takes longer than `first`; once, however many are asked for.
[[nodiscard]] ask_function telling_of_waits(ask_function ask, std::chrono::milliseconds first,
                                            std::function<void(const api::request&)> tell);

/// Asks once. If the cluster does not have what the request names, it is asked for the names that it has, and
/// the error ends with "did you mean".
[[nodiscard]] expected<api::answer> ask_by_name(const ask_function& ask, const api::request& what);

/// Waits until the topology is over. A node may end meanwhile, and another coordinator take over: errors that
/// may pass are asked past, for a minute in a row. Between two requests it calls `pause`, which blocks for a second or so.
[[nodiscard]] expected<api::answers::topology> wait_for_end(const ask_function& ask,
                                                            const std::string& topology,
                                                            const std::function<void()>& pause,
                                                            const steady_time& time);
inline constexpr std::chrono::minutes most_failing{1};

/// Hears for what is waited, once each.
using wait_teller = std::function<void(const std::string& what)>;

/// Asks for `apply` or `start` until it is recorded, or refused.
[[nodiscard]] expected<api::answers::applied>
ask_until_applied(const ask_function& ask, const api::request& what, const wait_teller& tell);

/// Waits until each stage of the topology has begun, or it is over, and returns how it stands. `pause` waits a second between two looks;
/// an error that may pass is asked through for as long as wait_for_end() does.
[[nodiscard]] expected<api::answers::topology>
wait_until_it_runs(const ask_function& ask, const std::string& topology, const std::function<void()>& pause,
                   const steady_time& time, const wait_teller& tell);

/// Follows the pages of dead letters: the page to ask for next, if there is one. An error where the server's pages have no end:
/// the same page again, or so many in a row without a letter.
class pages_of_letters {
public:
  [[nodiscard]] expected<std::optional<std::uint64_t>> next(std::uint64_t asked,
                                                            const api::answers::dead_letters& found);

private:
  int empty_ = 0;
};
inline constexpr int most_empty_pages = 1000;

}  // namespace millrace::remote
