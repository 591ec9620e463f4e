#include "actors/node/host/tracing.hpp"

#include "actors/observe/answering.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <utility>

namespace millrace::host {
namespace {

/// Of the process, also where it has several nodes: they share its processors.
std::atomic<bool> is_under_way{false};

expected<api::answer> answer_to(const traced& t) {
  try {
    return observe::answer_of(t.asked, *t.plan, t.figures);
  } catch (const std::exception& e) {
    return our_error(fmt::format("the record could not be traced: {}", e.what()));
  }
}

}  // namespace

void begin_trace(caf::actor_system& system, traced what) {
  if (is_under_way.exchange(true))
    return what.done(outside_error(ec::unavailable, "another record is traced at present; ask again"));
  (void)control::spawn_blocking(system, [what = std::move(what)] {
    auto a = answer_to(what);
    is_under_way = false;
    what.done(std::move(a));
  });
}

}  // namespace millrace::host
