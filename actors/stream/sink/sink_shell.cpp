#include "actors/stream/sink/sink_shell.hpp"

#include "actors/stream/sink/sink_actor.hpp"

#include <utility>

namespace millrace::sink {
namespace {

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

}  // namespace

void carry_on(self_ptr self, const lane_ref* speaker) {
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

}  // namespace millrace::sink
