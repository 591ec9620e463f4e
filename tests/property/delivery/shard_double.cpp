#include "tests/property/delivery/shard_double.hpp"

#include "tests/property/delivery/sink_double.hpp"

#include <algorithm>
#include <utility>

namespace millrace::delivery::trial {

shard_double::shard_double(scene& s, std::size_t index)
    : scene_(s), index_(index), level_(s.level_of(index)) {
  constexpr std::size_t bounds[] = {1, 600, 3'000, 1U << 20};
  limits_.memory = bounds[s.random() % std::size(bounds)];
  limits_.segment = bounds[s.random() % std::size(bounds)];
  limits_.credit = bounds[s.random() % std::size(bounds)];
  limits_.retain = s.one_in(3) ? 4'000 : 1U << 30;
  start();
}

shard_core::setup shard_double::setup() const {
  shard_core::setup out;
  const auto& windows = scene_.windows_at(level_);
  out.log = scene_.output_of(index_);
  out.window = level_ == 0 ? window_stage : downstream_stage;
  out.allowed_lateness = windows.allowed_lateness;
  out.updates = windows.updates;
  out.life = life_;
  for (const auto taker : scene_.takers_at(level_))
    out.receivers.push_back(scene_.name_of_taker(taker));
  if (level_ == 0) {
    for (const auto& log : scene_.logs)
      if (log.found)
        (log.later ? out.found : out.logs)[log.name] = {};
  } else {
    for (auto [i, end] = scene_.shards_at(0); i < end; ++i)
      out.upstream.push_back(scene_.output_of(i));
  }
  out.limits = limits_;
  out.limits.frame_rows = static_cast<std::uint32_t>(between(scene_.random, 1, 4));
  if (scene_.one_in(3))
    out.turn = static_cast<std::size_t>(between(scene_.random, 1, 40));
  return out;
}

void shard_double::start() {
  life_ = scene_.next_number();
  auto windows = make_windows();
  windows_ = level_ == 0 ? static_cast<tracked_windows*>(windows.get()) : nullptr;
  core_ = std::make_unique<shard_core>(setup(), std::move(windows));
  if (const auto ok = core_->restore(store_.chain()); !ok)
    throw fault("a good capture is refused: " + ok.error().message);
  segments_.keep_only(core_->out().segments());
}

void shard_double::crash() {
  scene_.ended_amid_tick += core_->ticking() ? 1 : 0;
  scene_.lose(life_);
  in.clear();
  store_.owner_died(scene_.random);
  segments_.owner_died(scene_.random, core_->out().log());
  failing_ = at_stake_ = dirty_ = will_fire_on_ = false;
  lanes_.clear();
  fronts_.clear();
  fences_.clear();
  sinks_.clear();
  waiting_asks_.clear();
  stalled_.clear();
  stalled_output_.clear();
  gate_ = {};
  start();
  scene_.began_amid += core_->fires_on() ? 1 : 0;
  take_stalled();
  scene_.announce_shard(index_);
  if (level_ == 0)
    return scene_.announce(index_);
  for (auto [i, end] = scene_.shards_at(0); i < end; ++i)
    in.put(0, {.what = message::kind::sender_up,
               .sink = scene_.taker_of(index_),
               .shard = i,
               .life = scene_.shards[i]->life()});
}

fence shard_double::fence_of(std::size_t log) const {
  const auto at = fences_.find(log);
  return at == fences_.end() ? fence{} : at->second;
}

void shard_double::take_message() {
  const auto m = in.take(scene_.random);
  if (!m)
    return;
  switch (m->what) {
  case message::kind::log_found:
    core_->found(scene_.logs[m->log].name, {});
    return join();
  case message::kind::ask:
    return on_ask(*m);
  case message::kind::frame:
    return on_frame(*m);
  case message::kind::resume:
    return on_resume(*m);
  case message::kind::output_acked:
    core_->out().acknowledge(scene_.name_of_taker(m->sink), *m->at);
    if (scene_.broken == rule::all)
      for (const auto taker : scene_.takers_at(level_))
        core_->out().acknowledge(scene_.name_of_taker(taker), *m->at);
    pump();
    return take_stalled();
  case message::kind::output_taken:
    core_->out().taken(scene_.name_of_taker(m->sink), m->session, *m->at);
    return pump();
  case message::kind::furthest:
    core_->receiver_has(scene_.name_of_taker(m->sink), *m->taken);
    return after_receiver_is_known();
  case message::kind::sender_up:
    return on_sender_up(*m);
  case message::kind::output:
    return on_output(*m);
  case message::kind::resumed:
    return;
  case message::kind::turn:
    will_fire_on_ = false;
    return take_stalled();
  default:
    throw fault("a shard got a message that is not for shards");
  }
}

void shard_double::join() {
  if (core_->join())
    capture(true);
}

void shard_double::on_ask(const message& m) {
  const auto& name = scene_.logs[m.log].name;
  if (!core_->answers(name) && !(scene_.broken == rule::join && core_->in().vector().contains(name))) {
    auto& waiting = waiting_asks_[m.log];
    if (m.lane >= waiting.lane)
      waiting = m;
    return;
  }
  const auto reply = core_->ask(scene_.logs[m.log].name, m.lane);
  if (reply) {
    lanes_[m.log] = {m.lane, m.receiver, std::nullopt};
    fences_[m.log] = reply->stamp;
    stalled_.drop(scene_.logs[m.log].name);
  }
  scene_.to_lane(life_, {.what = message::kind::answered,
                         .log = m.log,
                         .lane = m.lane,
                         .receiver = m.receiver,
                         .reply = reply});
  if (reply)
    acknowledge(m.log);
}

void shard_double::on_frame(const message& m) {
  if ((!stalled() && core_->takes_input()) || core_->is_stale(*m.frame))
    return take(m);
  stalled_.push(m);
  take_stalled();
}

void shard_double::fire_on() {
  if (will_fire_on_ || !core_->goes_on())
    return;
  const bool tick = core_->ticking();
  ++(tick ? scene_.ticked_on : scene_.fired_on);
  go_on(tick, [&] { return core_->fire_on(); });
}

void shard_double::take_stalled() {
  fire_on();
  const auto may = [this](const auto& f) {
    return core_->takes_input() || (scene_.broken != rule::stall && core_->cannot_fire(f));
  };
  while (const auto m = stalled_.take(may))
    take(*m);
  while (const auto f = stalled_output_.take(may))
    take(f);
}

void shard_double::take(const message& m) {
  auto f = *m.frame;
  if (scene_.broken == rule::fence)
    f.stamp = fence_of(m.log);
  if (scene_.broken == rule::handover)
    f.from = std::min(f.from, core_->in().vector().at(f.log).at);
  const auto before = core_->out().sent();
  auto out = core_->take(f);
  if (out.outcome == intake::outcome::broken)
    throw fault("a gap or an overlap on an edge to a shard");
  if (out.outcome == intake::outcome::stale && scene_.one_in(3))
    scene_.to_lane(life_,
                   {.what = message::kind::ask_again, .log = m.log, .lane = m.lane, .receiver = m.receiver});
  if (out.taken_bytes != 0)
    scene_.to_lane(life_, {.what = message::kind::credit,
                           .log = m.log,
                           .lane = m.lane,
                           .receiver = m.receiver,
                           .stamp = f.stamp,
                           .bytes = out.taken_bytes});
  put_out(before, out, false);
}

void shard_double::put_out(position before, const shard_core::output& out, bool tick) {
  dirty_ = true;
  at_stake_ |= out.decision;
  const bool last = scene_.windows_at(level_).updates && core_->ticked() == end_of_time;
  const bool decision = out.decision && (scene_.broken != rule::idle || tick || last);
  if (decision && scene_.broken != rule::gate && !(scene_.broken == rule::journal && (tick || last)))
    gate_.decided(before);
  pump();
  if (decision)
    capture(true);
  if (core_->goes_on() && !std::exchange(will_fire_on_, true))
    in.put(life_, {.what = message::kind::turn});
}

void shard_double::update_tick(event_micros t) {
  if (!scene_.windows_at(level_).updates || gate_.limit() || core_->out().full())
    return;
  go_on(true, [&] { return core_->tick(t); });
}

template<class F>
void shard_double::go_on(bool tick, F&& turn) {
  const auto before = core_->out().sent();
  const auto rows = core_->rows_out();
  auto out = turn();
  out.decision &= !tick || scene_.broken != rule::bound || core_->rows_out() != rows;
  put_out(before, out, tick);
}

void shard_double::pump() {
  const auto limit = gate_.limit();
  auto& out = core_->out();
  for (const auto& [sink, handle] : sinks_)
    while (const auto f = out.next(scene_.name_of_taker(sink), limit))
      send(*f, sink);
  for (const auto& id : out.wanted(limit))
    segments_.read(id);
  if (auto s = out.begin_spill())
    segments_.write(std::move(*s));
}

void shard_double::write_segment() {
  auto done = segments_.step(scene_.random, core_->out().log());
  if (!done)
    return;
  if (done->was_read)
    core_->out().loaded(done->id, std::move(done->frames));
  else if (done->failed)
    core_->out().spill_failed();
  else
    core_->out().spilled();
  remove_unneeded();
  pump();
  take_stalled();
}

void shard_double::remove_unneeded() {
  for (const auto& id : core_->unneeded_segments())
    segments_.remove(id);
}

void shard_double::send(const output_frame& f, std::size_t sink) {
  auto sent = f;
  if (scene_.broken == rule::ordinal)
    sent.since.minor = sent.reached.minor = whole;
  scene_.to_sink(life_, sinks_[sink],
                 {.what = message::kind::output,
                  .sink = sink,
                  .shard = index_,
                  .life = life_,
                  .output = std::make_shared<const output_frame>(std::move(sent))});
}

void shard_double::on_resume(const message& m) {
  // A question of a sink's old life precedes those of its new life: both are in one process.
  if (m.life < sinks_[m.sink])
    return;
  sinks_[m.sink] = m.life;
  const auto taken = scene_.broken == rule::floor   ? lowest_position
                     : scene_.broken == rule::taken ? m.at.value_or(lowest_position)
                                                    : m.taken;
  const auto name = scene_.name_of_taker(m.sink);
  const auto from = core_->resume(name, m.at, taken, m.session, m.sink < scene_.sinks.size());
  if (!from)
    throw fault(from.error().message);
  scene_.to_sink(
      life_, m.life,
      {.what = message::kind::resumed, .sink = m.sink, .shard = index_, .life = life_, .at = *from});
  while (scene_.broken == rule::retain && core_->out().next(name)) {
  }
  pump();
  after_receiver_is_known();
}

void shard_double::tick() {
  const bool changed = scene_.broken == rule::lag ? dirty_ : core_->wants_capture();
  if ((changed || failing_) && store_.under_way() < 2)
    capture(false);
}

void shard_double::capture(bool twice) {
  dirty_ = false;
  gate_.capture_begun();
  store_.begin({core_->capture_changes(), twice, core_->in().vector()});
}

void shard_double::write_capture() {
  const auto written = store_.write(scene_.random);
  if (!written)
    return;
  failing_ = written->failed;
  if (written->failed) {
    gate_.capture_failed();
    core_->capture_failed();
    return;
  }
  core_->captured_durable(written->twice);
  at_stake_ &= !written->twice;
  for (const auto& [log, lane] : lanes_)
    acknowledge(log);
  acknowledge_front();
  gate_.capture_durable(written->twice);
  remove_unneeded();
  pump();
  for (const auto& [log, ask] : std::exchange(waiting_asks_, {}))
    on_ask(ask);  // or it waits on
  if (scene_.one_in(4))
    store_.compact([&](const std::vector<std::string>& chain) {
      shard_core merged(setup(), make_windows());
      if (const auto ok = merged.restore(chain); !ok)
        throw fault("a good capture is refused: " + ok.error().message);
      return merged.capture_all();
    });
}

void shard_double::acknowledge(std::size_t log) {
  const auto lane = lanes_.find(log);
  const auto& vector =
      scene_.broken == rule::fallback && !store_.newest().empty() ? store_.newest() : core_->acknowledged();
  const auto have = vector.find(scene_.logs[log].name);
  if (lane == lanes_.end() || have == vector.end() || lane->second.told == have->second.at)
    return;
  lane->second.told = have->second.at;
  scene_.to_lane(life_, {.what = message::kind::acknowledged,
                         .log = log,
                         .lane = lane->second.lane,
                         .receiver = lane->second.receiver,
                         .at = have->second.at});
}

}  // namespace millrace::delivery::trial
