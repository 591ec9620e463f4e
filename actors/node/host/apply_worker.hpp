// Prepares one topology on a thread of its own (apply.hpp): looks up what the cluster has of it, which blocks, while the view
// goes on answering. The view spawns one a request.
#pragma once

#include "actors/node/host/view.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace millrace::host {

struct applying_job {
  view_options options;
  std::string topology;
  std::optional<std::string> plan;  // none: the one that the cluster has
  std::string state;                // api::requests::apply::state
  std::uint64_t number = 0;
  std::shared_ptr<const std::atomic<bool>> is_cancelled = std::make_shared<const std::atomic<bool>>(false);
};

/// Once told `prepare_now` it says `apply_prepared` to the view, under the job's number, and ends; `apply_waits` before, where a
/// source does not answer.
[[nodiscard]] apply_worker spawn_apply_worker(caf::actor_system& system, applying_job job,
                                              const view_actor& view);

}  // namespace millrace::host
