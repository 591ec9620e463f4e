#include "actors/stream/sink/sink_actor.hpp"

#include "actors/stream/sink/sink_state.hpp"
#include "runtime/control/spawn.hpp"

#include <stdexcept>

namespace millrace::sink {
namespace {

whole_sink::behavior_type sink_behaviour(whole_sink::pointer self,
                                         const std::shared_ptr<sink_options>& options, const life& now,
                                         const messages::supervisor& supervisor) {
  auto state = std::make_shared<sink_state>(self, *options, now, supervisor);
  self->send(self, open_tick{});
  return {
      [=](const messages::log_found& m) { state->on_found(m); },
      [=](const messages::ask_position& m) { state->on_ask(m); },
      [=](const messages::take_frame& m) { state->on_lane_frame(m); },
      [=](const messages::sender_up& m) { state->on_sender_up(m); },
      [=](const messages::output_resumed& m) { state->on_resumed(m); },
      [=](const messages::output& m) { state->on_output(m); },
      [=](const messages::receiver_up& m) { state->on_dead_letter_sink(m); },
      [=](const messages::receiver_down& m) { state->on_dead_letter_sink_gone(m); },
      [=](const messages::position_answered& m) { state->on_answer(m); },
      [=](const messages::ask_again&) { state->ask_dead_letter_sink(); },
      [=](const messages::acknowledged& m) { state->on_acknowledged(m); },
      [=](const messages::credit_returned&) {},  // refused rows go one message at a time
      [=](const messages::value_kept& m) { state->on_kept(m); },
      [=](const open_tick&) { state->open(); },
      [=](const commit_tick& m) { state->on_commit_tick(m); },
      [=](const keep_alive_tick&) { state->on_keep_alive_tick(); },
      [=](const messages::collect_report&) { state->on_report(); },
      [=](const messages::fail_now& m) { throw std::runtime_error(m.reason); },
      [=](const messages::stop&) { state->on_stop(); },
  };
}

}  // namespace

messages::sink spawn_sink(caf::actor_system& system, sink_options options, const life& now,
                          messages::supervisor supervisor) {
  const auto shared = std::make_shared<sink_options>(std::move(options));
  return control::spawn_recorded_blocking<whole_sink>(
      system, shared->topology ? shared->topology->name : std::string(), shared->name,
      [=](whole_sink::pointer self) { return sink_behaviour(self, shared, now, supervisor); });
}

}  // namespace millrace::sink
