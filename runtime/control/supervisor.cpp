#include "runtime/control/supervisor.hpp"

#include "runtime/control/node_supervisor.hpp"
#include "runtime/control/spawn.hpp"

namespace millrace::control {

namespace {

/// A child's message about itself counts as long as no other actor has its name.
template<class Message, class F>
auto of_present_life(const std::shared_ptr<node_supervisor>& state, F then) {
  return [=](const Message& m) {
    if (!state->is_from_former_life(m.actor))
      then(*state, m);
  };
}

caf::behavior supervisor_behaviour(caf::event_based_actor* self,
                                   const std::shared_ptr<supervisor_options>& options,
                                   const caf::actor& owner) {
  auto state = std::make_shared<node_supervisor>(self, std::move(*options), owner);
  state->start();
  return {
      of_present_life<messages::completed>(state, [](auto& s, const auto& m) { s.on_completed(m.actor); }),
      of_present_life<messages::stage_failed>(state, [](auto& s, const auto& m) { s.on_failed(m); }),
      [=](const messages::recovered& m) { state->on_recovered(m.actor); },
      of_present_life<messages::stopped>(state, [](auto& s, const auto& m) { s.on_stopped(m.actor); }),
      of_present_life<messages::report_part>(state, [](auto& s, const auto& m) { s.on_part(m); }),
      [=](const messages::partition_found& m) { state->on_partition_found(m); },
      [=](const end_run&) { state->begin_stop(); },
      [=](const get_report&) {
        state->on_report_request(caf::actor_cast<caf::actor>(self->current_sender()));
      },
      [=](const fail_child& m) { state->on_fail_child(m.name); },
      [=](const restart_child& m) { state->on_restart(m.name); },
      [=](const stop_took_too_long& m) { state->on_stop_timeout(m.number); },
      [=](const report_took_too_long& m) { state->on_report_timeout(m.number); },
  };
}

}  // namespace

caf::actor spawn_supervisor(caf::actor_system& system, supervisor_options options, caf::actor owner) {
  return spawn_blocking(system, supervisor_behaviour,
                        std::make_shared<supervisor_options>(std::move(options)), std::move(owner));
}

}  // namespace millrace::control
