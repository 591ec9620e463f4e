#include "actors/stream/sink/sink_actor.hpp"

#include "actors/stream/sink/sink_life.hpp"
#include "runtime/base/flight_recorder.hpp"
#include "runtime/control/actor_time.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace millrace::sink {
namespace {

// The actor's state, how it runs effects, and the handlers of its messages.

/// Sent to itself: open the target; look whether a commit is due; see to the target while nothing is
/// committed.
struct open_tick {};
struct commit_tick {
  std::uint64_t number = 0;  // commit_clock says whether it counts
};
struct keep_alive_tick {};

/// The sink's interface, the keeper's replies and its own timers.
using whole_sink = messages::sink::extend<caf::reacts_to<messages::value_kept>, caf::reacts_to<open_tick>,
                                          caf::reacts_to<commit_tick>, caf::reacts_to<keep_alive_tick>>;

/// A lane, as a message of it names it.
struct lane_ref {
  messages::frame_sender handle;
  messages::receiver_index receiver = 0;
};

/// The sink's neighbours and its life. It ends with the actor.
struct sink_state {
  static constexpr const char* name = "sink";

  std::string sink;
  messages::supervisor supervisor;
  messages::state_keeper keeper;
  std::map<log_id, lane_ref> lanes;
  std::map<log_id, messages::output_sender> shards;
  messages::frame_receiver dead_letter_sink;
  std::optional<control::actor_time> time;
  std::optional<sink_life> life;
  effect_list effects;  // kept for its room
};
using self_ptr = whole_sink::stateful_pointer<sink_state>;

/// Runs one effect.
struct run_effect {
  self_ptr self;
  const lane_ref* speaker;  // the lane whose message the event is
  sink_state& state = self->state;

  template<class Refs>
  [[nodiscard]] auto find(const Refs& refs, const log_id& log) const {
    const auto at = refs.find(log);
    return at == refs.end() ? nullptr : &at->second;
  }

  void operator()(effects::answer_position& e) const {
    self->send(speaker->handle,
               messages::position_answered{std::move(e.log), speaker->receiver, std::move(e.answer)});
  }
  void operator()(effects::return_credit& e) const {
    self->send(speaker->handle,
               messages::credit_returned{std::move(e.log), speaker->receiver, e.stamp, e.bytes});
  }
  void operator()(effects::ask_again& e) const {
    if (const auto* lane = find(state.lanes, e.log))
      self->send(lane->handle, messages::ask_again{std::move(e.log), lane->receiver});
  }
  void operator()(effects::acknowledge& e) const {
    if (const auto* lane = find(state.lanes, e.log))
      self->send(lane->handle, messages::acknowledged{std::move(e.log), lane->receiver, e.below});
  }
  void operator()(effects::resume_output& e) const {
    if (const auto* shard = find(state.shards, e.log))
      self->send(*shard, messages::resume_output{std::move(e.log), state.sink, e.life, e.at, e.taken, self});
  }
  void operator()(effects::tell_taken& e) const {
    if (const auto* shard = find(state.shards, e.log))
      self->send(*shard, messages::output_taken{std::move(e.log), state.sink, e.life, e.at});
  }
  void operator()(effects::acknowledge_output& e) const {
    if (const auto* shard = find(state.shards, e.log))
      self->send(*shard, messages::output_acknowledged{std::move(e.log), state.sink, e.at});
  }
  void operator()(effects::ask_dead_letter_sink& e) const {
    self->send(state.dead_letter_sink, messages::ask_position{std::move(e.log), e.life, 0, self});
  }
  void operator()(effects::send_refused& e) const {
    self->send(state.dead_letter_sink, messages::take_frame{std::move(e.frame), 0, self});
  }
  void operator()(effects::keep_commit& e) const {
    self->send(state.keeper, messages::keep_value{state.sink, e.life, committed_name(state.sink), "1"});
  }
  void operator()(effects::report& e) const {
    messages::report_part part;
    part.actor = state.sink;
    part.life = e.life;
    part.counts = std::move(e.counts);
    part.rejected = e.rejected;
    part.vector = std::move(e.vector);
    self->send(state.supervisor, std::move(part));
  }
  void operator()(effects::tell_complete& e) const {
    self->send(state.supervisor, messages::completed{state.sink, e.life, e.found});
  }
  void operator()(effects::tell_failed& e) const {
    self->send(state.supervisor, messages::stage_failed{state.sink, e.life, std::move(e.why)});
  }
  void operator()(effects::tell_fenced& e) const {
    self->send(state.supervisor, messages::fenced{state.sink, e.life, std::move(e.why)});
  }
  void operator()(effects::tell_stopped& e) const {
    self->send(state.supervisor, messages::stopped{state.sink, e.life});
  }
  void operator()(effects::open_later& e) const { self->delayed_send(self, e.wait, open_tick{}); }
  void operator()(effects::look_later& e) const {
    if (e.tick.wait == commit_clock::clock::duration::zero())
      self->send(self, commit_tick{e.tick.number});
    else
      self->delayed_send(self, e.tick.wait, commit_tick{e.tick.number});
  }
  void operator()(effects::keep_alive_later& e) const { self->delayed_send(self, e.wait, keep_alive_tick{}); }
  void operator()(effects::say& e) const { stage::write(e); }
  void operator()(effects::end& /*e*/) const { self->quit(); }
};

/// Call it after the life was told of an event: runs the effects of that, then does the work that it has left, step by
/// step. Effects that a step gave before it threw are run, too. `speaker`: the lane whose message the event is.
void carry_on(self_ptr self, const lane_ref* speaker = nullptr) {
  auto& state = self->state;
  const run_effect each{self, speaker};
  const auto run_effects = [&] {
    state.life->take_effects(state.effects);
    for (auto& e : state.effects)
      std::visit(each, e);
  };
  try {
    for (run_effects(); state.life->has_work(); run_effects())
      state.life->work();
  } catch (...) {
    run_effects();
    throw;
  }
  state.effects.clear();
}

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
