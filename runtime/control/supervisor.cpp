#include "runtime/control/supervisor.hpp"

#include "runtime/control/node_supervisor.hpp"
#include "runtime/control/spawn.hpp"

namespace millrace::control {

namespace {

whole_supervisor::behavior_type supervisor_behaviour(whole_supervisor::pointer self,
                                                     const std::shared_ptr<supervisor_options>& options,
                                                     const run_owner& owner) {
  auto state = std::make_shared<node_supervisor>(self, std::move(*options), owner);
  state->start();
  return {
      [=](const messages::completed& m) { state->on_completed(m); },
      [=](const messages::stage_failed& m) { state->on_failed(m); },
      [=](const messages::fenced& m) { state->on_fenced(m); },
      [=](const messages::recovered& m) { state->on_recovered(m); },
      [=](const messages::stopped& m) { state->on_stopped(m); },
      [=](const messages::report_part& m) { state->on_part(m); },
      [=](const messages::stands_at& m) { state->on_stands_at(m); },
      [=](const messages::attempt_failed& m) { state->on_attempt_failed(m); },
      [=](const messages::attempt_went_well& m) { state->on_went_well(m); },
      [=](const messages::partition_found& m) { state->on_partition_found(m); },
      [=](const messages::start_kept& m) { state->on_start_kept(m); },
      [=](const end_run&) { state->begin_stop(); },
      [=](const get_report&) {
        state->on_report_request(caf::actor_cast<report_reader>(self->current_sender()));
      },
      [=](const pause_reading& m) { state->on_set_paused(m.is_paused); },
      [=](const restart_members& m) { state->on_restart_asked(m.who); },
      [=](const fail_child& m) { state->on_fail_child(m.name); },
      [=](const restart_child& m) { state->on_restart(m.name); },
      [=](const stop_took_too_long& m) { state->on_stop_timeout(m.number); },
      [=](const report_took_too_long& m) { state->on_report_timeout(m.number); },
  };
}

}  // namespace

supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_options options, run_owner owner) {
  return spawn_blocking(system, supervisor_behaviour,
                        std::make_shared<supervisor_options>(std::move(options)), std::move(owner));
}

}  // namespace millrace::control
