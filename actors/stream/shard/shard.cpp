#include "actors/stream/shard/shard.hpp"

#include "runtime/base/flight_recorder.hpp"
#include "runtime/delivery/ticks.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace millrace::shard {

shard::shard(shard_options options, std::shared_ptr<delivery::shard_core> core, const life& now,
             const steady_time& time)
    : options_(std::move(options)), core_(std::move(core)), life_(now), time_(time), lanes_(*core_, effects_),
      input_(options_.name, now, *core_, effects_), output_(options_, now, *core_, gate_, time_, effects_),
      figures_(options_, *core_, effects_) {
  if (options_.snapshot_every)
    wake(*options_.snapshot_every, wake_up::to_capture);
  join();
  if (options_.tick_every)
    wake(delivery::first_tick_in(options_.clock->now(), *options_.tick_every, core_->ticked()),
         wake_up::to_tick);
  after_output();
}

void shard::take_effects(effect_list& into) {
  into.clear();
  into.swap(effects_);
}

// --- input

void shard::on_found(const messages::log_found& m) {
  captures_.goes_on();
  completion_.found(m.log);
  core_->found(m.log, m.start);
  join();
  tell_complete();
}

void shard::on_ask(const messages::ask_position& m) {
  if (lanes_.on_ask(m))
    held_.drop_lane(m.log);
}

void shard::on_frame(const messages::take_frame& m) {
  if (core_->is_stale(*m.frame))
    return take(m);
  take_or_hold(m);
}

void shard::on_sender_up(const messages::sender_up& m) {
  if (input_.on_sender_up(m))
    held_.drop_window(m.log);
}

void shard::on_output(const messages::output& m) {
  if (input_.is_from_present_life(m))
    take_or_hold(m.frame);
}

template<class Frame>
void shard::take_or_hold(const Frame& f) {
  if (held_.empty() && core_->takes_input()) {
    take(f);
    return update_figures();
  }
  if (held_.empty())
    output_.stall_begins();
  held_.push(f);
  rest_ = {rest::fires, false};
}

namespace {

/// Counts the time until its end as work.
class at_input {
public:
  at_input(shard_gauges& g, const steady_time& time, std::uint64_t records)
      : gauges_(g), time_(time), begun_(time.now()) {
    g.taken += records;
  }
  ~at_input() {
    gauges_.work_micros +=
        static_cast<std::uint64_t>(std::chrono::duration_cast<micros>(time_.now() - begun_).count());
  }
  at_input(const at_input&) = delete;
  at_input& operator=(const at_input&) = delete;

private:
  shard_gauges& gauges_;
  const steady_time& time_;
  steady_time::clock::time_point begun_;
};

}  // namespace

void shard::take(const delivery::output_ptr& f) {
  const in_hand noted(delivery::records_of(*f));
  const at_input counted(*options_.gauges, time_, f->end - f->begin);
  const auto before = core_->out().sent();
  const auto out = core_->take(*f);
  if (out.outcome == delivery::intake::outcome::broken)
    throw std::runtime_error(fmt::format("{}: a gap on the edge from {}", options_.name, f->log));
  input_.tell_taken(*f);
  put_out(before, out);
  tell_complete();
}

void shard::take(const messages::take_frame& m) {
  const in_hand noted(delivery::records_of(*m.frame));
  const auto* const partials = std::get_if<delivery::partials_ptr>(&m.frame->content);
  const at_input counted(*options_.gauges, time_, partials == nullptr ? 0 : window::records_in(**partials));
  const auto before = core_->out().sent();
  const auto late = core_->late_at_shard();
  const auto out = core_->take(*m.frame);
  if (out.outcome == delivery::intake::outcome::broken)
    throw std::runtime_error(
        fmt::format("{}: a gap or an overlap on the edge from {}", options_.name, m.frame->log));
  if (const auto missed = core_->late_at_shard() - late; missed != 0)
    options_.losses->note(stage::loss::late_at_shard, options_.stage, missed,
                          {m.frame->log, m.frame->from, "its windows had fired without its partition"},
                          time_.now());
  if (out.taken_bytes != 0)
    lanes_.return_credit(m, out.taken_bytes);
  put_out(before, out);
  tell_complete();
}

/// Answers to those who ask for a joined log wait until that it has joined is durable (captured_durable).
void shard::join() {
  if (!core_->join())
    return;
  say(stage::log_level::info, "partitions that were found later have joined");
  capture(true);
}

// --- output

void shard::on_resume(const messages::resume_output& m) {
  output_.on_resume(m);
  after_receiver_is_known();
}

void shard::on_furthest(const messages::furthest_known& m) {
  core_->receiver_has(m.sink, m.taken);
  after_receiver_is_known();
}

void shard::after_receiver_is_known() {
  join();
  input_.tell_furthest();
  after_output();
}

void shard::on_output_taken(const messages::output_taken& m) { output_.on_taken(m); }

void shard::on_output_acknowledged(const messages::output_acknowledged& m) {
  core_->out().acknowledge(m.sink, m.at);
  output_.pump();
  after_output();
}

void shard::on_segment_written(const messages::segment_written& m) {
  output_.on_segment_written(m);
  after_output();
}

void shard::on_segment_read(const messages::segment_read& m) { output_.on_segment_read(m); }

// --- timers

void shard::on_wake_up(wake_up what) {
  switch (what) {
  case wake_up::to_fire_on:
    will_fire_on_ = false;
    return after_output();
  case wake_up::to_capture:
    if (options_.snapshot_every)
      wake(*options_.snapshot_every, wake_up::to_capture);
    rest_.now = rest::snapshot;
    return;
  case wake_up::to_tick:
    wake(delivery::next_tick_in(options_.clock->now(), *options_.tick_every), wake_up::to_tick);
    rest_.now = rest::tick;
    return;
  case wake_up::to_look_at_size:
    return figures_.look_at_size();
  case wake_up::to_spill:
    return output_.spill_again();
  case wake_up::to_read_back:
    return output_.read_again();
  }
}

// --- what is said of it

/// The end of all inputs was reached, in this life.
void shard::tell_complete() {
  if (!core_->ended())
    return;
  if (const auto found = completion_.news())
    tell_supervisor(messages::completed{options_.name, life_, *found});
}

key_found shard::look_up(const look_up_key& m) const {
  return {core_->windows().look_up(m.key, core_->fired(), m.most), core_->in().watermark(), core_->fired()};
}

void shard::update_figures() { figures_.update(!held_.empty() && !will_fire_on_); }

void shard::say(stage::log_level level, std::string text) {
  effects_.emplace_back(effects::say{level, std::move(text)});
}

}  // namespace millrace::shard
