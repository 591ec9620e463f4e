#include "actors/lane/lane_actor.hpp"

#include "actors/lane/lane.hpp"

namespace millrace::lane {
namespace {

caf::behavior lane_behaviour(caf::event_based_actor* self, lane_options options, incarnation life,
                             delivery::lane_log::start how, caf::actor supervisor) {
  const auto name = options.name;
  auto state = std::make_shared<lane>(self, std::move(options), life, how, supervisor);
  if (!state->start())
    return {};
  return {
      [=](const messages::receiver_up& m) { state->on_receiver_up(m); },
      [=](const messages::receiver_down& m) { state->on_receiver_down(m); },
      [=](const messages::position_answered& m) { state->on_answer(m); },
      [=](const messages::ask_again& m) { state->on_ask_again(m); },
      [=](const messages::credit_returned& m) { state->on_credit(m); },
      [=](const messages::acknowledged& m) { state->on_acknowledged(m); },
      [=](const source::chunk_read& m) {
        state->on_chunk(m, caf::actor_cast<caf::actor>(self->current_sender()));
      },
      [=](const wake_up&) { state->on_wake_up(); },
      [=](const look_now&) { state->on_look_now(); },
      [=](const source::looked& m) { state->on_looked(m); },
      [=](const messages::partition_started& m) { state->on_partition_started(m); },
      [=](const messages::fail_now& m) { throw std::runtime_error(m.reason); },
      [=](const messages::stop&) {
        state->stop();
        self->send(supervisor, messages::stopped{name});
        self->quit();
      },
  };
}

}  // namespace

caf::actor spawn_lane(caf::actor_system& system, lane_options options, incarnation life,
                      delivery::lane_log::start how, caf::actor supervisor) {
  return system.spawn(lane_behaviour, std::move(options), life, how, std::move(supervisor));
}

}  // namespace millrace::lane
