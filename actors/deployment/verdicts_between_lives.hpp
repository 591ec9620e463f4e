// Between two lives of a lane, the records on which earlier lives have failed too often are given up durably,
// before a life begins that depends on it. Whoever spawns lanes calls this, on a thread that may block.
#pragma once

#include "actors/lane/lane_actor.hpp"
#include "runtime/control/verdict_book.hpp"
#include "runtime/delivery/giving_up.hpp"

#include <memory>
#include <vector>

namespace millrace::deployment {

/// Returns the records that the `next` life of this lane has to leave alone. `failing` has what its earlier
/// lives have said; what is given up now is noted there, and the supervisor is told. After an error without
/// `retry` another life would not help; after one with it none may begin yet (the disk is full).
[[nodiscard]] expected<std::shared_ptr<const delivery::verdicts>>
verdicts_for_next_life(const lane::lane_options& lane, delivery::failing_records& failing, const life& next,
                       control::verdict_book& book, const messages::supervisor& supervisor);

/// Has the lane work on small parts of the records in whose work earlier processes have ended, and gives those up that have
/// ended processes alone too often where its parser says so (on_crash). Durable when it returns; may be called again.
[[nodiscard]] expected<void> heed_crashes(const lane::lane_options& lane,
                                          const std::vector<delivery::crash_on_records>& crashes,
                                          delivery::failing_records& failing, control::verdict_book& book);

}  // namespace millrace::deployment
