// Logs the records that are lost to the result.
#pragma once

#include "actors/stream/stage/losses.hpp"
#include "config/plan.hpp"

#include <functional>
#include <memory>
#include <string>

namespace millrace::observe {

/// "clicks/parsed: 3 dead letters, the first at partition 0, position 17: ...; they lie in DIR/dead_letters.jsonl".
/// Pure.
[[nodiscard]] std::string loss_text(const config::topology& t, const stage::loss_notice& n,
                                    const std::string& letters_lie_in);

/// Names the place of a topology's dead letters, for people.
[[nodiscard]] std::string where_letters_lie(const config::topology& t, const std::string& by_default);

/// Makes a handler for stage::losses that logs a warning each.
[[nodiscard]] std::function<void(const stage::loss_notice&)>
loss_log(std::shared_ptr<const config::topology> topology, std::string letters_lie_in);

}  // namespace millrace::observe
