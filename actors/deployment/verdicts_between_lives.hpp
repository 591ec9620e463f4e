// Between two lives of a lane: the records on which earlier lives have failed too often are given up,
// durably, before a life begins that depends on it. Called by whoever spawns lanes, on a thread that may
// block.
#pragma once

#include "actors/lane/lane_actor.hpp"
#include "runtime/control/verdict_book.hpp"

#include <caf/actor.hpp>

#include <memory>

namespace millrace::deployment {

/// What the next life of this lane has to leave alone. Tells the supervisor when something was given up. An
/// error without `retry`: another life would not help; with it, none may begin yet (the disk is full).
[[nodiscard]] expected<std::shared_ptr<const delivery::verdicts>>
verdicts_for_next_life(const lane::lane_options& lane, control::verdict_book& book,
                       const caf::actor& supervisor);

}  // namespace millrace::deployment
