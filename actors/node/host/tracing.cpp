#include "actors/node/host/tracing.hpp"

#include "actors/observe/answering.hpp"
#include "runtime/control/spawn.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace millrace::host {
namespace {

expected<api::answer> answer_to(const traced& t) {
  try {
    return observe::answer_of(t.asked, *t.plan, t.figures);
  } catch (const std::exception& e) {
    return our_error(fmt::format("the record could not be traced: {}", e.what()));
  }
}

}  // namespace

void begin_trace(caf::actor_system& system, traced what) {
  (void)control::spawn_blocking(system, [what = std::move(what)] { what.done(answer_to(what)); });
}

unexpected traces_already() {
  return outside_error(ec::unavailable, "another record is traced at present; ask again");
}

}  // namespace millrace::host
