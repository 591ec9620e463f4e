#include "actors/stream/shard/shard_actor.hpp"

#include "actors/stream/shard/shard_input.hpp"
#include "actors/stream/shard/shard_lanes.hpp"
#include "actors/stream/shard/shard_output.hpp"
#include "runtime/base/flight_recorder.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/delivery/completion.hpp"
#include "runtime/delivery/decision_gate.hpp"
#include "runtime/delivery/stalled_input.hpp"
#include "runtime/delivery/ticks.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <deque>
#include <stdexcept>

namespace millrace::shard {
namespace {

/// The delay after a failed capture, where no snapshots are taken by time.
constexpr std::chrono::seconds capture_again{1};
/// Looking costs about as much as a small frame: not for each.
constexpr std::chrono::milliseconds size_every{200};
/// Bounds what the disk has refused and the snapshot writer keeps; from there on changes are gathered in the
/// state alone.
constexpr std::size_t most_unwritten{4U << 20U};

class shard {
public:
  shard(whole_shard::pointer self, shard_options options, std::shared_ptr<delivery::shard_core> core,
        const life& now, messages::supervisor supervisor)
      : self_(self), options_(std::move(options)), core_(std::move(core)), life_(now),
        supervisor_(std::move(supervisor)), lanes_(self, *core_), input_(self, options_, *core_, now),
        output_(self, options_, *core_, gate_, now, supervisor_) {
    counted_ = core_->counts();
    counted_rows_ = core_->rows_out();
    counted_late_ = core_->late_at_shard();
    options_.flow->stands(options_.name, counted_);
    options_.gauges->door.lead_to(self_);
    schedule_snapshot();
    join();
    if (options_.tick_every)
      schedule_update(delivery::first_tick_in(options_.clock->now(), *options_.tick_every, core_->ticked()));
    after_output();
  }

  void on_found(const messages::log_found& m) {
    end_is_kept_ = false;
    completion_.found(m.log);
    core_->found(m.log, m.start);
    join();
    tell_complete();
  }

  void on_ask(const messages::ask_position& m) {
    if (lanes_.on_ask(m))
      stalled_.drop(m.log);
  }

  void on_frame(const messages::take_frame& m) {
    if (core_->is_stale(*m.frame))
      return take(m);
    take_or_hold(m, stalled_);
  }

  void on_sender_up(const messages::sender_up& m) {
    if (input_.on_sender_up(m))
      stalled_output_.drop(m.log);
  }
  void on_output(const messages::output& m) {
    if (input_.is_from_present_life(m))
      take_or_hold(m.frame, stalled_output_);
  }

  void on_resume(const messages::resume_output& m) {
    output_.on_resume(m);
    after_receiver_is_known();
  }
  void on_furthest(const messages::furthest_known& m) {
    core_->receiver_has(m.sink, m.taken);
    after_receiver_is_known();
  }
  void on_output_taken(const messages::output_taken& m) { output_.on_taken(m); }
  void on_output_acknowledged(const messages::output_acknowledged& m) {
    core_->out().acknowledge(m.sink, m.at);
    output_.pump();
    after_output();
  }
  void on_segment_written(const messages::segment_written& m) {
    output_.on_segment_written(m);
    after_output();
  }
  void on_segment_read(const messages::segment_read& m) { output_.on_segment_read(m); }
  void on_spill_tick() { output_.on_spill_tick(); }
  void on_read_tick() { output_.on_read_tick(); }

  void on_firing_turn() {
    will_fire_on_ = false;
    after_output();
  }

  void on_tick() {
    schedule_snapshot();
    if ((!core_->changed() && !failing_) || captures_under_way_ != 0)
      return;
    if (unwritten_ < most_unwritten)
      capture(false);
    else
      write_again();
  }

  /// Ticks are the multiples of `every` in time, the same for all shards. While the last one is not durable
  /// none is taken: a slow disk makes them fewer.
  void on_update_tick() {
    schedule_update(delivery::next_tick_in(options_.clock->now(), *options_.tick_every));
    if (stopping_ || gate_.limit() || core_->out().full())
      return;
    const auto every = options_.tick_every->count();
    auto t = options_.clock->now() / every * every;
    if (t <= core_->ticked()) {
      if (core_->ticked() - t <= every || core_->ticked() == end_of_time)
        return;
      t = core_->ticked() + 1;  // the clock was set back
    }
    const auto before = core_->out().sent();
    put_out(before, core_->tick(t));
    update_gauges();
  }

  void on_size_tick() {
    will_look_at_size_ = false;
    note_flow();
    const auto size = core_->windows().size();
    options_.gauges->windows_open = size.windows;
    options_.gauges->keys = size.keys;
    options_.gauges->bytes = size.bytes;
    options_.gauges->next_end = core_->windows().next_end(core_->fired()).value_or(no_watermark);
  }

  void on_written(const messages::capture_written& m) {
    --captures_under_way_;
    note_written(m.failure.has_value());
    if (m.failure) {
      if (m.failure->code == ec::fenced)  // no fault: another life has its place
        return output_.fail(*m.failure);
      ++options_.gauges->snapshot_failures;
      if (!failing_)
        spdlog::error("{}: no snapshot could be written: {}; output goes on, trying again",
                      options_.in_logs(), m.failure->message);
      failing_ = true;
      core_->capture_failed();
      gate_.capture_failed();
      report();
      // One that is still being written has the changes of this one, too.
      if (stopping_ && captures_under_way_ == 0) {
        self_->send(supervisor_, messages::stage_failed{options_.name, life_, *m.failure});
        finish_stop();
      }
      // The next tick writes it together with what has changed since.
      if (!options_.snapshot_every)
        self_->delayed_send(self_, capture_again, snapshot_tick{});
      return;
    }
    if (failing_)
      spdlog::info("{}: snapshots are written again", options_.in_logs());
    failing_ = false;
    unwritten_ = 0;
    core_->captured_durable(m.twice);
    lanes_.acknowledge();
    input_.acknowledge();
    gate_.capture_durable(m.twice);
    output_.remove_unneeded();
    output_.pump();
    for (const auto& log : lanes_.answer_waiting())
      stalled_.drop(log);
    if (report_is_owed_ && captures_under_way_ == 0) {
      end_is_kept_ = true;
      report();
    }
    if (stopping_ && captures_under_way_ == 0)
      finish_stop();
  }

  /// The report of a shard that has come to its end says that this is durable: a next run begins from it, on a
  /// cluster also where the shard's node dies before the stop (docs/design/next-run.md).
  void on_report() {
    report_is_owed_ = true;
    if (core_->ended() && !end_is_kept_ && !stopping_ && !failing_) {
      if (core_->changed())
        capture(false);
      if (captures_under_way_ != 0)
        return;
    }
    report();
  }
  void report() {
    if (!std::exchange(report_is_owed_, false))
      return;
    messages::report_part part;
    part.actor = options_.name;
    part.life = life_;
    part.counts = core_->counts();
    part.rows = core_->rows_out();
    part.late_at_shard = core_->late_at_shard();
    part.vector = core_->in().vector();
    part.vector[options_.name] = {core_->out().sent(), core_->fired()};
    self_->send(supervisor_, std::move(part));
  }

  [[nodiscard]] key_found on_look_up(const look_up_key& m) const {
    return {core_->windows().look_up(m.key, core_->fired(), m.most), core_->in().watermark(), core_->fired()};
  }

  void on_stop() {
    stopping_ = true;
    if (core_->changed() || (failing_ && captures_under_way_ == 0))
      capture(core_->out().has_outlived_files());  // the last one: in two copies, no later life falls back to
                                                   // before it
    if (captures_under_way_ == 0)
      finish_stop();
  }

private:
  /// Answers to those who ask for a joined log wait until that it has joined is durable (on_written).
  void join() {
    if (!core_->join())
      return;
    spdlog::info("{}: partitions that were found later have joined", options_.in_logs());
    capture(true);
  }

  void after_receiver_is_known() {
    join();
    input_.tell_furthest();
    after_output();
  }

  template<class frame, class queue>
  void take_or_hold(const frame& f, queue& held) {
    if (!holds_input() && core_->takes_input()) {
      take(f);
    } else {
      if (!holds_input())
        output_.stall_begins();
      held.push(f);
      take_stalled();
    }
    update_gauges();
  }
  [[nodiscard]] bool holds_input() const { return !stalled_.empty() || !stalled_output_.empty(); }

  void take(const delivery::output_ptr& f) {
    const in_hand noted(delivery::records_of(*f));
    const auto before = core_->out().sent();
    const auto out = core_->take(*f);
    if (out.outcome == delivery::intake::outcome::broken)
      throw std::runtime_error(fmt::format("{}: a gap on the edge from {}", options_.name, f->log));
    input_.tell_taken(*f);
    put_out(before, out);
    tell_complete();
  }

  void take(const messages::take_frame& m) {
    const in_hand noted(delivery::records_of(*m.frame));
    const auto before = core_->out().sent();
    const auto late = core_->late_at_shard();
    auto out = core_->take(*m.frame);
    if (out.outcome == delivery::intake::outcome::broken)
      throw std::runtime_error(
          fmt::format("{}: a gap or an overlap on the edge from {}", options_.name, m.frame->log));
    if (const auto missed = core_->late_at_shard() - late; missed != 0)
      options_.losses->note(stage::loss::late_at_shard, options_.stage, missed,
                            {m.frame->log, m.frame->from, "its windows had fired without its partition"},
                            self_->clock().now());
    if (out.taken_bytes != 0)
      self_->send(m.from,
                  messages::credit_returned{m.frame->log, m.receiver, m.frame->stamp, out.taken_bytes});
    put_out(before, out);
    tell_complete();
  }

  void put_out(position before, const delivery::shard_core::output& out) {
    if (out.decision)
      gate_.decided(before);
    output_.pump();
    if (out.decision)
      capture(true);
    if (core_->goes_on() && !std::exchange(will_fire_on_, true))
      self_->send(self_, firing_turn{});
  }

  /// Windows that are over and had no room, or whose turn it is, and a tick that is under way. The next life
  /// fires what a stop leaves, and takes an unfinished tick anew.
  void fire_on() {
    if (stopping_ || will_fire_on_ || !core_->goes_on())
      return;
    const auto before = core_->out().sent();
    put_out(before, core_->fire_on());
    tell_complete();
  }

  /// All that waits, while there is room; and what cannot fire in any case: its log goes on for the sake of
  /// other shards, and what they fire may be what the sinks wait for.
  void take_stalled() {
    fire_on();
    const auto may = [this](const auto& f) { return core_->takes_input() || core_->cannot_fire(f); };
    for (bool any = true; any;) {
      any = false;
      for (auto m = stalled_.take(may); m; m = stalled_.take(may), any = true)
        take(*m);
      for (auto f = stalled_output_.take(may); f; f = stalled_output_.take(may), any = true)
        take(f);
    }
  }
  void after_output() {
    take_stalled();
    if (holds_input())
      output_.tell_who_holds_it();
    update_gauges();
    tell_complete();
  }

  /// The end of all inputs was reached, in this life.
  void tell_complete() {
    if (!core_->ended())
      return;
    if (const auto found = completion_.news())
      self_->send(supervisor_, messages::completed{options_.name, life_, *found});
  }

  void capture(bool twice) {
    const auto begun = std::chrono::steady_clock::now();
    auto bytes = std::make_shared<const std::string>(core_->capture_changes());
    options_.gauges->snapshot_pauses.add(std::chrono::ceil<micros>(std::chrono::steady_clock::now() - begun));
    unwritten_ += bytes->size();
    write(std::move(bytes), twice);
  }

  /// The writer holds as much as it may of what the disk has refused: it is asked to write that, and what
  /// changes meanwhile stays in the state.
  void write_again() {
    core_->capture_again();
    write(std::make_shared<const std::string>(), false);
  }

  void write(std::shared_ptr<const std::string> bytes, bool twice) {
    ++captures_under_way_;
    writing_.push_back({std::chrono::steady_clock::now(), bytes->size()});
    gate_.capture_begun();
    self_->send(options_.snapshot_writer,
                messages::write_capture{options_.name, life_, std::move(bytes), twice});
  }

  void schedule_snapshot() {
    if (options_.snapshot_every)
      self_->delayed_send(self_, *options_.snapshot_every, snapshot_tick{});
  }

  void schedule_update(micros wait) { self_->delayed_send(self_, wait, update_tick{}); }

  void finish_stop() {
    note_flow();
    self_->send(supervisor_, messages::stopped{options_.name, life_});
    self_->quit();
  }

  void note_flow() {
    const auto& counts = core_->counts();
    options_.flow->gained(counted_, counts);
    counted_ = counts;
    options_.flow->stands(options_.name, counted_);
  }

  /// Captures are answered in their order. The time of one that failed is in no bucket.
  void note_written(bool failed) {
    if (writing_.empty())
      return;
    const auto w = writing_.front();
    writing_.pop_front();
    if (failed)
      return;
    auto& g = *options_.gauges;
    g.snapshot_times.add(std::chrono::ceil<micros>(std::chrono::steady_clock::now() - w.begun));
    g.snapshot_at.store(options_.clock->now(), std::memory_order_relaxed);
    g.snapshot_bytes.store(w.bytes, std::memory_order_relaxed);
  }

  void update_gauges() {
    auto& g = *options_.gauges;
    g.rows = core_->rows_out();
    g.watermark = core_->in().watermark();
    g.fired = core_->fired();
    g.stalled = holds_input() && !will_fire_on_;
    g.late_at_shard = core_->late_at_shard();
    g.rows_gained += core_->rows_out() - std::exchange(counted_rows_, core_->rows_out());
    g.late_gained += core_->late_at_shard() - std::exchange(counted_late_, core_->late_at_shard());
    output_.update_gauges();
    if (!std::exchange(will_look_at_size_, true))
      self_->delayed_send(self_, size_every, size_tick{});
  }

  whole_shard::pointer self_;
  shard_options options_;
  std::shared_ptr<delivery::shard_core> core_;
  life life_;
  messages::supervisor supervisor_;
  shard_lanes lanes_;
  delivery::stalled_input<messages::take_frame> stalled_;
  delivery::stalled_output stalled_output_;
  delivery::decision_gate gate_;
  shard_input input_;
  shard_output output_;
  struct capture_under_way {
    std::chrono::steady_clock::time_point begun;
    std::size_t bytes;
  };
  int captures_under_way_ = 0;
  std::deque<capture_under_way> writing_;  // captures under way, the oldest first
  delivery::ledger counted_;               // the counts that options_.flow knows
  std::uint64_t counted_rows_ = 0;         // the rows that the gauges know
  std::uint64_t counted_late_ = 0;
  bool failing_ = false;
  std::size_t unwritten_ = 0;  // bytes of captures since the last durable one
  bool stopping_ = false;
  delivery::completion completion_;
  bool report_is_owed_ = false;
  bool end_is_kept_ = false;  // a durable capture has it
  bool will_look_at_size_ = false;
  bool will_fire_on_ = false;  // a firing_turn is under way
};

whole_shard::behavior_type shard_behaviour(whole_shard::pointer self, shard_options options,
                                           std::shared_ptr<delivery::shard_core> core, const life& now,
                                           messages::supervisor supervisor) {
  auto state = std::make_shared<shard>(self, std::move(options), std::move(core), now, std::move(supervisor));
  return {
      [=](const messages::log_found& m) { state->on_found(m); },
      [=](const messages::ask_position& m) { state->on_ask(m); },
      [=](const messages::take_frame& m) { state->on_frame(m); },
      [=](const messages::sender_up& m) { state->on_sender_up(m); },
      [=](const messages::output& m) { state->on_output(m); },
      [](const messages::output_resumed&) {},  // a shard always names its own position
      [=](const messages::resume_output& m) { state->on_resume(m); },
      [=](const messages::furthest_known& m) { state->on_furthest(m); },
      [=](const messages::output_taken& m) { state->on_output_taken(m); },
      [=](const messages::output_acknowledged& m) { state->on_output_acknowledged(m); },
      [=](const messages::segment_written& m) { state->on_segment_written(m); },
      [=](const messages::segment_read& m) { state->on_segment_read(m); },
      [=](const spill_tick&) { state->on_spill_tick(); },
      [=](const read_tick&) { state->on_read_tick(); },
      [=](const messages::capture_written& m) { state->on_written(m); },
      [=](const firing_turn&) { state->on_firing_turn(); },
      [=](const snapshot_tick&) { state->on_tick(); },
      [=](const update_tick&) { state->on_update_tick(); },
      [=](const size_tick&) { state->on_size_tick(); },
      [=](const messages::collect_report&) { state->on_report(); },
      [=](const look_up_key& m) { return state->on_look_up(m); },
      [=](const messages::fail_now& m) { throw std::runtime_error(m.reason); },
      [=](const messages::stop&) { state->on_stop(); },
  };
}

}  // namespace

messages::shard spawn_shard(caf::actor_system& system, shard_options options,
                            std::shared_ptr<delivery::shard_core> core, const life& now,
                            messages::supervisor supervisor) {
  const auto topology = options.topology;
  const auto name = options.name;
  return control::spawn_recorded<whole_shard>(
      system, topology, name,
      [options = std::move(options), core = std::move(core), now,
       supervisor = std::move(supervisor)](whole_shard::pointer self) mutable {
        return shard_behaviour(self, std::move(options), std::move(core), now, std::move(supervisor));
      });
}

}  // namespace millrace::shard
