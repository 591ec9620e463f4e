// How feeds that cannot ask for their input again get it onto the disk: the source reads nothing until the disk takes it.
#pragma once

#include "actors/stream/source/feed.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::source {

/// Commits what has come, again and again until it is durable; false where the feed ends before. Logs that the disk takes
/// nothing, and that it does again, once each; `what` says what happens until then. `tell` gets each refusal, and then none.
/// `wait` waits a moment before the next try, and is false where the feed ends.
[[nodiscard]] bool make_durable(spool::log& log, const std::string& stage, std::string_view what,
                                const std::function<void(std::optional<error>)>& tell,
                                const std::function<bool()>& wait);

}  // namespace millrace::source
