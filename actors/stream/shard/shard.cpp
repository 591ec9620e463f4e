#include "actors/stream/shard/shard.hpp"

#include "runtime/base/flight_recorder.hpp"
#include "runtime/delivery/ticks.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace millrace::shard {
namespace {

/// Looking costs about as much as a small frame: not for each.
constexpr std::chrono::milliseconds size_every{200};
/// People read some of them, and answer those first.
constexpr std::size_t most_logs_told = 256;

}  // namespace

shard_figures::shard_figures(const shard_options& options, delivery::shard_core& core, effect_list& effects)
    : options_(options), core_(core), effects_(effects), counted_(core.counts()),
      counted_rows_(core.rows_out()), counted_late_(core.late_at_shard()) {
  options_.flow->stands(options_.name, counted_);
  options_.gauges->later.note({});  // a former life may have told some
}

void shard_figures::update(bool is_stalled) {
  auto& g = *options_.gauges;
  g.rows = core_.rows_out();
  g.watermark = core_.in().watermark();
  g.fired = core_.fired();
  if (auto later = core_.later_rows_of_receivers(); later != later_) {
    later_ = later;
    if (later.waits_for.size() > most_logs_told)
      later.waits_for.resize(most_logs_told);
    g.later.note(std::move(later));
  }
  g.stalled = is_stalled;
  g.late_at_shard = core_.late_at_shard();
  g.rows_gained += core_.rows_out() - std::exchange(counted_rows_, core_.rows_out());
  g.late_gained += core_.late_at_shard() - std::exchange(counted_late_, core_.late_at_shard());
  const auto& out = core_.out();
  g.retained_bytes = out.retained_bytes();
  g.spilled_bytes = out.spilled_bytes();
  for (auto& [name, bytes] : g.held_by)
    bytes = out.held_by(name);
  if (!std::exchange(will_look_at_size_, true))
    effects_.emplace_back(effects::wake{size_every, wake_up::to_look_at_size});
}

void shard_figures::look_at_size() {
  will_look_at_size_ = false;
  note_flow();
  const auto size = core_.windows().size();
  auto& g = *options_.gauges;
  g.windows_open = size.windows;
  g.keys = size.keys;
  g.bytes = size.bytes;
  g.next_end = core_.windows().next_end(core_.fired()).value_or(no_watermark);
}

void shard_figures::note_flow() {
  const auto& counts = core_.counts();
  options_.flow->gained(counted_, counts);
  counted_ = counts;
  options_.flow->stands(options_.name, counted_);
}

void shard_figures::has_captured(std::chrono::steady_clock::duration pause) {
  options_.gauges->snapshot_pauses.add(std::chrono::ceil<micros>(pause));
}

void shard_figures::waits_for_disk(std::optional<captures::time_point> since) {
  auto& call = options_.gauges->snapshot.now;
  since ? call.begin(*since) : call.end();
}

void shard_figures::is_durable(const captures::answer& a) {
  auto& g = *options_.gauges;
  g.snapshot.takes.add(std::chrono::ceil<micros>(a.took));
  g.snapshot_times.add(std::chrono::ceil<micros>(a.took));
  g.snapshot_at.store(options_.clock->now(), std::memory_order_relaxed);
  g.snapshot_bytes.store(a.bytes, std::memory_order_relaxed);
}

bool shard_lanes::on_ask(const messages::ask_position& m) {
  if (!core_.answers(m.log)) {
    auto& waiting = waiting_[m.log];
    if (m.lane >= waiting.lane)  // an older life of the lane has nothing to wait for
      waiting = m;
    return false;
  }
  const auto answer = core_.ask(m.log, m.lane);
  effects_.emplace_back(effects::tell_lane{m.from, messages::position_answered{m.log, m.receiver, answer}});
  if (!answer)
    return false;  // an older life of the lane: what the newer one has sent stays
  auto& lane = lanes_[m.log] = {m.from, m.receiver, std::nullopt};
  acknowledge(m.log, lane);
  return true;
}

std::vector<log_id> shard_lanes::answer_waiting() {
  std::vector<log_id> answered;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (!core_.answers(at->first)) {
      ++at;
      continue;
    }
    const auto ask = std::move(at->second);
    at = waiting_.erase(at);
    if (on_ask(ask))
      answered.push_back(ask.log);
  }
  return answered;
}

void shard_lanes::return_credit(const messages::take_frame& m, std::size_t bytes) {
  effects_.emplace_back(
      effects::tell_lane{m.from, messages::credit_returned{m.frame->log, m.receiver, m.frame->stamp, bytes}});
}

void shard_lanes::acknowledge() {
  for (auto& [log, lane] : lanes_)
    acknowledge(log, lane);
}

void shard_lanes::acknowledge(const log_id& log, lane_ref& lane) {
  const auto have = core_.acknowledged().find(log);
  if (have == core_.acknowledged().end() || lane.told == have->second.at)
    return;
  lane.told = have->second.at;
  effects_.emplace_back(
      effects::tell_lane{lane.handle, messages::acknowledged{log, lane.receiver, have->second.at}});
}

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
  const auto fired_before = core_->fired_by_earlier_runs();
  const auto out = core_->take(*m.frame);
  if (out.outcome == delivery::intake::outcome::broken)
    throw std::runtime_error(
        fmt::format("{}: a gap or an overlap on the edge from {}", options_.name, m.frame->log));
  if (const auto missed = core_->late_at_shard() - late; missed != 0)
    note_missed(*m.frame, missed, fired_before);
  if (out.taken_bytes != 0)
    lanes_.return_credit(m, out.taken_bytes);
  put_out(before, out);
  tell_complete();
}

/// `fired_before`: shard_core::fired_by_earlier_runs() when the frame came.
void shard::note_missed(const delivery::lane_frame& f, std::uint64_t records, event_micros fired_before) {
  const bool after_end = fired_before != no_watermark;
  options_.losses->note(
      after_end ? stage::loss::late_after_end : stage::loss::late_at_shard, options_.stage, records,
      {f.log, f.from,
       after_end ? fmt::format("an earlier run has ended and has fired its windows up to {}",
                               format_timestamp(fired_before))
                 : std::string("its windows had fired without its partition")},
      time_.now());
}

/// Answers to those who ask for a joined log wait until that it has joined is durable (captured_durable).
void shard::join() {
  if (!core_->join())
    return;
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
