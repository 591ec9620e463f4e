#include "actors/stream/sink/sink_actor.hpp"

#include "actors/stream/sink/sink_shell.hpp"
#include "runtime/base/flight_recorder.hpp"
#include "runtime/control/spawn.hpp"

#include <stdexcept>
#include <utility>

namespace millrace::sink {
namespace {

void on_ask(self_ptr self, const messages::ask_position& m) {
  const lane_ref lane{m.from, m.receiver};
  if (self->state.life->on_ask(m.log, m.lane))
    self->state.lanes[m.log] = lane;
  carry_on(self, &lane);
}

void on_lane_frame(self_ptr self, const messages::take_frame& m) {
  const in_hand noted(delivery::records_of(*m.frame), true);
  const lane_ref lane{m.from, m.receiver};
  self->state.life->on_lane_frame(*m.frame);
  carry_on(self, &lane);
}

void on_sender_up(self_ptr self, const messages::sender_up& m) {
  if (self->state.life->on_sender_up(m.log, m.life, m.stand_in))
    self->state.shards[m.log] = m.handle;
  carry_on(self);
}

void on_output(self_ptr self, const messages::output& m) {
  const in_hand noted(delivery::records_of(*m.frame), true);
  self->state.life->on_output(*m.frame, m.life);
  carry_on(self);
}

void on_dead_letter_sink(self_ptr self, const messages::receiver_up& m) {
  if (self->state.life->on_dead_letter_sink(m.life))
    self->state.dead_letter_sink = m.handle;
  carry_on(self);
}

void on_dead_letter_sink_gone(self_ptr self, const messages::receiver_down& m) {
  if (self->state.life->on_dead_letter_sink_gone(m.life))
    self->state.dead_letter_sink = nullptr;
  carry_on(self);
}

void begin(self_ptr self, const sink_options& options, const life& now, messages::supervisor supervisor) {
  auto& state = self->state;
  state.sink = options.name;
  state.supervisor = std::move(supervisor);
  state.keeper = options.keeper;
  state.time.emplace(*self);
  state.life.emplace(options, now, state.keeper ? first_commit::is_told : first_commit::goes_untold,
                     *state.time, control::jitter_seed(*self));
  self->send(self, open_tick{});
}

whole_sink::behavior_type sink_behaviour(self_ptr self) {
  const auto in_life = [self](auto tell) {
    tell(*self->state.life);
    carry_on(self);
  };
  return {
      [=](const messages::log_found& m) { in_life([&](auto& l) { l.on_found(m.log, m.start); }); },
      [=](const messages::ask_position& m) { on_ask(self, m); },
      [=](const messages::take_frame& m) { on_lane_frame(self, m); },
      [=](const messages::sender_up& m) { on_sender_up(self, m); },
      [=](const messages::output_resumed& m) {
        in_life([&](auto& l) { l.on_resumed(m.log, m.life, m.from); });
      },
      [=](const messages::output& m) { on_output(self, m); },
      [=](const messages::receiver_up& m) { on_dead_letter_sink(self, m); },
      [=](const messages::receiver_down& m) { on_dead_letter_sink_gone(self, m); },
      [=](const messages::position_answered& m) { in_life([&](auto& l) { l.on_answer(m.answer); }); },
      [=](const messages::ask_again&) { in_life([](auto& l) { l.ask_dead_letter_sink(); }); },
      [=](const messages::acknowledged& m) { in_life([&](auto& l) { l.on_acknowledged(m.below); }); },
      [](const messages::credit_returned&) {},  // refused rows go one message at a time
      [=](const messages::value_kept& m) { in_life([&](auto& l) { l.on_kept(m.failure); }); },
      [=](const open_tick&) { in_life([](auto& l) { l.open(); }); },
      [=](const commit_tick& m) { in_life([&](auto& l) { l.on_commit_tick(m.number); }); },
      [=](const keep_alive_tick&) { in_life([](auto& l) { l.on_keep_alive_tick(); }); },
      [=](const messages::collect_report&) { in_life([](auto& l) { l.on_report(); }); },
      [](const messages::fail_now& m) { throw std::runtime_error(m.reason); },
      [=](const messages::stop&) { in_life([](auto& l) { l.on_stop(); }); },
  };
}

}  // namespace

messages::sink spawn_sink(caf::actor_system& system, sink_options options, const life& now,
                          messages::supervisor supervisor) {
  const auto topology = options.topology ? options.topology->name : std::string();
  const auto name = options.name;
  return control::spawn_recorded_blocking<whole_sink, sink_state>(
      system, topology, name,
      [now, options = std::move(options), supervisor = std::move(supervisor)](auto* self) {
        begin(self, options, now, supervisor);
        return sink_behaviour(self);
      });
}

}  // namespace millrace::sink
