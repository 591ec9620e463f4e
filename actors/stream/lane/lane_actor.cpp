#include "actors/stream/lane/lane_actor.hpp"

#include "actors/stream/lane/lane_shell.hpp"
#include "runtime/control/spawn.hpp"

#include <stdexcept>
#include <utility>

namespace millrace::lane {
namespace {

lane_interface::behavior_type behaviour_of(lane_shell& s) {
  return {
      [&s](const messages::receiver_up& m) { s.on_receiver_up(m); },
      [&s](const messages::receiver_down& m) { s.on_receiver_down(m); },
      [&s](const messages::position_answered& m) {
        s.hear([&](lane& core) { core.on_answer(m.log, m.receiver, m.answer); });
      },
      [&s](const messages::ask_again& m) {
        s.hear([&](lane& core) { core.on_ask_again(m.log, m.receiver); });
      },
      [&s](const messages::credit_returned& m) {
        s.hear([&](lane& core) { core.on_credit(m.log, m.receiver, m.stamp, m.bytes); });
      },
      [&s](const messages::acknowledged& m) {
        s.hear([&](lane& core) { core.on_acknowledged(m.log, m.receiver, m.below); });
      },
      [&s](const source::chunk_read& m) { s.on_chunk(m); },
      [&s](const chunk_parsed& m) { s.hear([&](lane& core) { core.on_parsed(m); }); },
      [&s](const wake_up&) { s.hear([](lane& core) { core.on_wake_up(); }); },
      [&s](const look_now&) { s.hear([](lane& core) { core.on_look_now(); }); },
      [&s](const source::looked& m) { s.hear([&](lane& core) { core.on_looked(m); }); },
      [&s](const messages::partition_started& m) {
        s.hear([&](lane& core) { core.on_partition_started(m.partition, m.lane); });
      },
      [&s](const messages::others_stand_at& m) {
        s.hear([&](lane& core) { core.on_others_stand_at(m.slowest); });
      },
      [&s](const messages::set_paused& m) { s.hear([&](lane& core) { core.on_set_paused(m.is_paused); }); },
      [](const messages::fail_now& m) { throw std::runtime_error(m.reason); },
      [&s](const messages::stop&) { s.stop(); },
  };
}

}  // namespace

messages::lane spawn_lane(caf::actor_system& system, lane_options options, const life& now,
                          delivery::lane_log::start how, messages::supervisor supervisor,
                          messages::state_keeper keeper) {
  const auto topology = options.plan->topology->name;
  const auto name = options.name;
  return control::spawn_recorded<lane_interface, lane_state>(
      system, topology, name,
      [options = std::move(options), now, how, supervisor = std::move(supervisor),
       keeper = std::move(keeper)](lane_interface::stateful_pointer<lane_state> self) mutable {
        auto& shell = self->state.shell.emplace(self, std::move(options), now, how, std::move(supervisor),
                                                std::move(keeper));
        return shell.start() ? behaviour_of(shell) : lane_interface::behavior_type::make_empty_behavior();
      });
}

}  // namespace millrace::lane
