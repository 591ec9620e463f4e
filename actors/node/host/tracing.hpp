// Answers `trace` on a thread of its own: the topology's expressions run over the client's record there, and that record
// decides how long they take.
#pragma once

#include "actors/api/requests.hpp"
#include "actors/node/host/questions.hpp"
#include "actors/observe/figures.hpp"
#include "config/plan.hpp"

#include <caf/actor_system.hpp>

#include <memory>

namespace millrace::host {

struct traced {
  api::requests::trace asked;
  std::shared_ptr<const config::topology> plan;
  observe::figures figures;
  give_answer done;  // called once: from that thread, or at once where the trace before is under way
};
/// A process traces one record at a time; ec::unavailable is the answer to others. Any thread may ask.
void begin_trace(caf::actor_system& system, traced what);

}  // namespace millrace::host
