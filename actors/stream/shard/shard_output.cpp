#include "actors/stream/shard/shard_output.hpp"

#include <fmt/format.h>

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
    say(stage::log_level::info, fmt::format("this life is over: {}", why.message));
    effects_.emplace_back(effects::tell_supervisor{messages::fenced{options_.name, life_, std::move(why)}});
    effects_.emplace_back(effects::end{});
    return;
  }
  effects_.emplace_back(
      effects::tell_supervisor{messages::stage_failed{options_.name, life_, std::move(why)}});
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
  const auto sink = sinks_.insert_or_assign(m.sink, m.from).first;
  effects_.emplace_back(
      effects::tell_receiver{sink->first, m.from, messages::output_resumed{m.log, life_, *from}});
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
      effects_.emplace_back(effects::tell_receiver{name, handle, messages::output{std::move(f), life_}});
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
    effects_.emplace_back(effects::tell_writer{messages::write_segment{
        options_.name, life_, s->id,
        std::make_shared<const std::vector<delivery::output_ptr>>(std::move(s->frames))}});
  return s.has_value();
}

void shard_output::on_segment_written(const messages::segment_written& m) {
  if (!m.failure) {
    if (std::exchange(cannot_spill_, false))
      say(stage::log_level::info, "output is spilled again");
    core_.out().spilled();
    remove_unneeded();
    return pump();
  }
  core_.out().spill_failed();
  if (m.failure->code == ec::fenced)
    return fail(*m.failure);
  if (!std::exchange(cannot_spill_, true))
    say(stage::log_level::error,
        fmt::format("output that sinks have not taken could not be spilled: {}; it is kept in memory, and no "
                    "more input is taken when that is full; trying again",
                    m.failure->message));
  effects_.emplace_back(effects::wake{try_again, wake_up::to_spill});
}

void shard_output::spill_again() {
  if (!spill())
    cannot_spill_ = false;  // no longer needed
}

bool shard_output::read_back() {
  const auto wanted = core_.out().wanted(gate_.limit());
  for (const auto& id : wanted)
    effects_.emplace_back(
        effects::tell_writer{messages::read_segment{options_.name, life_, id, core_.out().log()}});
  return !wanted.empty();
}

void shard_output::on_segment_read(const messages::segment_read& m) {
  if (!m.failure) {
    if (std::exchange(cannot_read_, false))
      say(stage::log_level::info, "spilled output is read back again");
    core_.out().loaded(m.id, m.frames);
    return pump();
  }
  core_.out().read_failed(m.id);
  if (!m.failure->retry || m.failure->code == ec::fenced)
    return fail(*m.failure);
  if (!std::exchange(cannot_read_, true))
    say(stage::log_level::error,
        fmt::format("spilled output could not be read back: {}; the stages that need it wait; trying again",
                    m.failure->message));
  effects_.emplace_back(effects::wake{try_again, wake_up::to_read_back});
}

void shard_output::read_again() {
  if (!read_back())
    cannot_read_ = false;  // no longer needed
}

void shard_output::remove_unneeded() {
  if (auto ids = core_.unneeded_segments(); !ids.empty())
    effects_.emplace_back(
        effects::tell_writer{messages::remove_segments{options_.name, life_, std::move(ids)}});
}

void shard_output::stall_begins() {
  has_told_ = false;
  tell_who_holds_it();
}

void shard_output::tell_who_holds_it() {
  const auto& out = core_.out();
  const bool beyond = out.retained_bytes() > out.limits().retain;
  if (has_told_ || (!beyond && !cannot_spill_) || time_.now() < tell_again_at_)
    return;
  const auto& have = out.acknowledged();
  const auto slowest = std::min_element(have.begin(), have.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
  if (slowest == have.end())
    return;
  has_told_ = true;
  tell_again_at_ = time_.now() + tell_again;
  say(stage::log_level::warning,
      fmt::format("keeps {} bytes of output that '{}' has not made durable, {}; waiting for it",
                  out.held_by(slowest->first), lasting_name(slowest->first),
                  beyond ? "more than its share of `retain`" : "and cannot spill them"));
}

void shard_output::say(stage::log_level level, std::string text) {
  effects_.emplace_back(effects::say{level, std::move(text)});
}

}  // namespace millrace::shard
