#include "actors/stream/shard/shard_output.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::shard {
namespace {

/// The delay before a segment that could not be written, or read back, is tried again.
constexpr std::chrono::seconds try_again{1};
/// A sink that keeps just under the shard's pace lets it stall and go on many times a second.
constexpr std::chrono::seconds tell_again{10};

}  // namespace

void shard_output::fail(error why) {
  if (why.code == ec::fenced) {
    spdlog::info("{}: this life is over: {}", options_.in_logs(), why.message);
    self_->send(supervisor_, messages::fenced{options_.name, life_, std::move(why)});
    return self_->quit();
  }
  self_->send(supervisor_, messages::stage_failed{options_.name, life_, std::move(why)});
}

void shard_output::on_resume(const messages::resume_output& m) {
  if (core_.out().knows_newer(m.sink, m.life))
    return;  // an earlier life of the receiver said it, overtaken by its new life's
  const auto from = core_.resume(m.sink, m.at, m.taken, m.life, m.durable);
  if (!from) {
    auto why = from.error();
    why.stage = m.sink;
    return fail(std::move(why));
  }
  sinks_[m.sink] = m.from;
  self_->send(m.from, messages::output_resumed{m.log, life_, *from});
  pump();
}

void shard_output::on_taken(const messages::output_taken& m) {
  core_.out().taken(m.sink, m.life, m.at);
  pump();
}

void shard_output::pump() {
  auto& out = core_.out();
  const auto limit = gate_.limit();
  for (const auto& [name, handle] : sinks_)
    while (auto f = out.next(name, limit)) {
      show(*f);
      self_->send(handle, messages::output{std::move(f), life_});
    }
  if (!cannot_read_)
    read_back();
  if (!cannot_spill_)
    spill();
}

/// Shows a frame once, when it leaves for the first of its receivers.
void shard_output::show(const delivery::output_frame& f) {
  const auto before = std::exchange(shown_, std::max(shown_, f.reached));
  if (options_.taps && options_.taps->is_any_on() && before < f.reached && f.rows && f.begin < f.end)
    options_.taps->offer_output(options_.stage, data::slice(*f.rows, f.begin, f.end));
}

bool shard_output::spill() {
  auto s = core_.out().begin_spill();
  if (s)
    self_->send(options_.snapshot_writer,
                messages::write_segment{
                    options_.name, life_, s->id,
                    std::make_shared<const std::vector<delivery::output_ptr>>(std::move(s->frames))});
  return s.has_value();
}

void shard_output::on_segment_written(const messages::segment_written& m) {
  if (!m.failure) {
    if (std::exchange(cannot_spill_, false))
      spdlog::info("{}: output is spilled again", options_.in_logs());
    core_.out().spilled();
    remove_unneeded();
    return pump();
  }
  core_.out().spill_failed();
  if (m.failure->code == ec::fenced)
    return fail(*m.failure);
  if (!std::exchange(cannot_spill_, true))
    spdlog::error(
        "{}: output that sinks have not taken could not be spilled: {}; it is kept in memory, and no more "
        "input is taken when that is full; trying again",
        options_.in_logs(), m.failure->message);
  self_->delayed_send(self_, try_again, spill_tick{});
}

void shard_output::on_spill_tick() {
  if (!spill())
    cannot_spill_ = false;  // no longer needed
}

bool shard_output::read_back() {
  const auto wanted = core_.out().wanted(gate_.limit());
  for (const auto& id : wanted)
    self_->send(options_.snapshot_writer,
                messages::read_segment{options_.name, life_, id, core_.out().log()});
  return !wanted.empty();
}

void shard_output::on_segment_read(const messages::segment_read& m) {
  if (!m.failure) {
    if (std::exchange(cannot_read_, false))
      spdlog::info("{}: spilled output is read back again", options_.in_logs());
    core_.out().loaded(m.id, m.frames);
    return pump();
  }
  core_.out().read_failed(m.id);
  if (!m.failure->retry || m.failure->code == ec::fenced)
    return fail(*m.failure);
  if (!std::exchange(cannot_read_, true))
    spdlog::error("{}: spilled output could not be read back: {}; the stages that need it wait; trying again",
                  options_.in_logs(), m.failure->message);
  self_->delayed_send(self_, try_again, read_tick{});
}

void shard_output::on_read_tick() {
  if (!read_back())
    cannot_read_ = false;  // no longer needed
}

void shard_output::remove_unneeded() {
  if (auto ids = core_.unneeded_segments(); !ids.empty())
    self_->send(options_.snapshot_writer, messages::remove_segments{options_.name, life_, std::move(ids)});
}

void shard_output::stall_begins() {
  has_told_ = false;
  tell_who_holds_it();
}

void shard_output::tell_who_holds_it() {
  const auto& out = core_.out();
  const bool beyond = out.retained_bytes() > out.limits().retain;
  if (has_told_ || (!beyond && !cannot_spill_) || self_->clock().now() < tell_again_at_)
    return;
  const auto& have = out.acknowledged();
  const auto slowest = std::min_element(have.begin(), have.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  if (slowest == have.end())
    return;
  has_told_ = true;
  tell_again_at_ = self_->clock().now() + tell_again;
  spdlog::warn("{}: keeps {} bytes of output that '{}' has not made durable, {}; waiting for it",
               options_.in_logs(), out.held_by(slowest->first), lasting_name(slowest->first),
               beyond ? "more than its share of `retain`" : "and cannot spill them");
}

void shard_output::update_gauges() const {
  auto& g = *options_.gauges;
  const auto& out = core_.out();
  g.retained_bytes = out.retained_bytes();
  g.spilled_bytes = out.spilled_bytes();
  for (auto& [name, bytes] : g.held_by)
    bytes = out.held_by(name);
}

}  // namespace millrace::shard
