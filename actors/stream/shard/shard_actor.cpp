#include "actors/stream/shard/shard_actor.hpp"

#include "actors/stream/shard/shard.hpp"
#include "actors/stream/shard/shard_effects.hpp"
#include "actors/stream/shard/shard_gauges.hpp"
#include "runtime/control/actor_time.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/messages/plain_message.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <utility>

namespace millrace::shard {
namespace {

// A shard actor as it is spawned: what others say to it and ask, what the snapshot writer answers, and what it
// sends to itself.

/// The shard's own timer.
struct woken {
  wake_up what;
};

using whole_shard =
    messages::shard::extend<caf::reacts_to<messages::capture_written>,
                            caf::reacts_to<messages::segment_written>, caf::reacts_to<messages::segment_read>,
                            caf::reacts_to<woken>, caf::replies_to<look_up_key>::with<key_found>>;

/// Room that is kept for effects; a receiver that resumes may get many frames at once.
constexpr std::size_t most_effects_kept = 256;

struct shard_state {
  std::string in_logs;
  messages::snapshot_writer writer;
  messages::supervisor supervisor;
  std::optional<control::actor_time> time;
  std::optional<shard> core;
  effect_list effects;  // under way
};
using shard_actor = control::actor_of<whole_shard, shard_state>::type;

template<class Handle, class Messages>
void tell(shard_actor* self, const Handle& to, Messages& what) {
  std::visit([&](auto& m) { self->send(to, std::move(m)); }, what);
}
void run(shard_actor* self, effects::tell_lane& e) { tell(self, e.to, e.what); }
void run(shard_actor* self, effects::tell_sender& e) {
  if (auto* const asks = std::get_if<messages::resume_output>(&e.what))
    asks->from = self;
  tell(self, e.to, e.what);
}
void run(shard_actor* self, effects::tell_receiver& e) { tell(self, e.to, e.what); }
void run(shard_actor* self, effects::tell_writer& e) { tell(self, self->state.writer, e.what); }
void run(shard_actor* self, effects::tell_supervisor& e) { tell(self, self->state.supervisor, e.what); }
void run(shard_actor* self, const effects::wake& e) {
  if (e.after == micros(0))
    self->send(self, woken{e.what});
  else
    self->delayed_send(self, e.after, woken{e.what});
}
void run(shard_actor* self, const effects::say& e) {
  stage::write({e.level, fmt::format("{}: {}", self->state.in_logs, e.text)});
}
void run(shard_actor* self, const effects::end&) { self->quit(); }

void run_effects(shard_actor* self) {
  auto& s = self->state;
  s.core->take_effects(s.effects);
  for (auto& e : s.effects)
    std::visit([self](auto& x) { run(self, x); }, e);
  s.effects.clear();
  if (s.effects.capacity() > most_effects_kept)
    s.effects.shrink_to_fit();
}

/// Effects leave before the next frame of held input is taken, and also where that makes the shard fail.
template<class Event>
void hear(shard_actor* self, Event event) {
  auto& core = *self->state.core;
  try {
    event(core);
    for (run_effects(self); core.has_work(); run_effects(self))
      core.work();
  } catch (...) {
    run_effects(self);
    throw;
  }
}
template<class Message>
auto passes_on(shard_actor* self, void (shard::*on)(const Message&)) {
  return [self, on](const Message& m) { hear(self, [&](shard& s) { (s.*on)(m); }); };
}

whole_shard::behavior_type shard_behaviour(shard_actor* self, shard_options options,
                                           std::shared_ptr<delivery::shard_core> core, const life& now,
                                           messages::supervisor supervisor) {
  auto& s = self->state;
  s.in_logs = options.in_logs();
  s.writer = options.snapshot_writer;
  s.supervisor = std::move(supervisor);
  options.gauges->door.lead_to(self);
  s.time.emplace(*self);
  s.core.emplace(std::move(options), std::move(core), now, *s.time);
  hear(self, [](shard&) {});  // it has begun
  return {
      // Messages of each frame stand first: CAF tries one after the other.
      passes_on(self, &shard::on_frame),
      passes_on(self, &shard::on_output),
      passes_on(self, &shard::on_output_taken),
      passes_on(self, &shard::on_output_acknowledged),
      passes_on(self, &shard::on_found),
      passes_on(self, &shard::on_ask),
      passes_on(self, &shard::on_sender_up),
      [](const messages::output_resumed&) {},  // a shard always names its own position
      passes_on(self, &shard::on_resume),
      passes_on(self, &shard::on_furthest),
      passes_on(self, &shard::on_segment_written),
      passes_on(self, &shard::on_segment_read),
      passes_on(self, &shard::on_capture_written),
      [=](const woken& m) { hear(self, [&](shard& s) { s.on_wake_up(m.what); }); },
      [=](const messages::collect_report&) { hear(self, [](shard& s) { s.on_report(); }); },
      [=](const look_up_key& m) { return self->state.core->look_up(m); },
      [](const messages::fail_now& m) { throw std::runtime_error(m.reason); },
      [=](const messages::stop&) { hear(self, [](shard& s) { s.on_stop(); }); },
  };
}

}  // namespace

messages::shard spawn_shard(caf::actor_system& system, shard_options options,
                            std::shared_ptr<delivery::shard_core> core, const life& now,
                            messages::supervisor supervisor) {
  const auto topology = options.topology;
  const auto name = options.name;
  return control::spawn_recorded<whole_shard, shard_state>(
      system, topology, name,
      [options = std::move(options), core = std::move(core), now,
       supervisor = std::move(supervisor)](shard_actor* self) mutable {
        return shard_behaviour(self, std::move(options), std::move(core), now, std::move(supervisor));
      });
}

}  // namespace millrace::shard
