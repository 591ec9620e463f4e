// Carries frames between lanes, delivery::shard_core and sinks, and captures to the snapshot writer. Output that
// depends on a decision waits until that is durable. It takes each message of its actor's and appends what is to
// be done to a list; its parts do so, too: lanes, input (windows upstream), output, and figures, beside captures and
// held input, which decide alone. Its actor (shard_actor.cpp) runs the list after each event and each work().
#pragma once

#include "actors/stream/shard/captures.hpp"
#include "actors/stream/shard/held_input.hpp"
#include "actors/stream/shard/shard_effects.hpp"
#include "actors/stream/shard/shard_input.hpp"
#include "actors/stream/shard/shard_options.hpp"
#include "actors/stream/shard/shard_output.hpp"
#include "runtime/base/steady_time.hpp"
#include "runtime/delivery/completion.hpp"
#include "runtime/delivery/decision_gate.hpp"
#include "runtime/delivery/shard.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace millrace::shard {

/// Keeps a shard's gauges, and its ledger in the flow of its topology. Part of the shard.
class shard_figures {
public:
  /// They outlive it; its effects are put behind those that are there.
  shard_figures(const shard_options& options, delivery::shard_core& core, effect_list& effects);

  /// Called after each event that changes anything. `is_stalled`: no input is taken.
  void update(bool is_stalled);
  /// wake_up::to_look_at_size has come.
  void look_at_size();
  /// The counts until now go into the flow; called at the stop, too.
  void note_flow();

  /// No frame was taken for so long.
  void has_captured(std::chrono::steady_clock::duration pause);
  void is_durable(const captures::answer& a);
  /// The disk has yet to answer captures since then; none: it has answered all.
  void waits_for_disk(std::optional<captures::time_point> since);
  void has_failed(const error& why) {
    options_.gauges->why_no_snapshot.note(why.message);
    ++options_.gauges->snapshot_failures;
  }

private:
  const shard_options& options_;
  delivery::shard_core& core_;
  effect_list& effects_;
  delivery::ledger counted_;        // the counts that options_.flow knows
  std::uint64_t counted_rows_ = 0;  // the rows that the gauges know
  std::uint64_t counted_late_ = 0;
  delivery::later_rows later_;  // the gauge
  bool will_look_at_size_ = false;
};

/// The lanes that a shard reads from: what they ask and are answered, and what they are told is durable. Pure;
/// part of the shard.
class shard_lanes {
public:
  /// Both outlive it; its effects are put behind those that are there.
  shard_lanes(delivery::shard_core& core, effect_list& effects) : core_(core), effects_(effects) {}

  /// Answers, or keeps the question until its log has joined. True: a new life of the lane was answered, and
  /// what an older one has sent is void.
  bool on_ask(const messages::ask_position& m);
  /// Answers what can be answered by now; the logs of those that were answered.
  [[nodiscard]] std::vector<log_id> answer_waiting();

  /// The frame has left the queue: its bytes may be sent again.
  void return_credit(const messages::take_frame& m, std::size_t bytes);
  /// Tells all lanes what they do not know yet.
  void acknowledge();

private:
  struct lane_ref {
    messages::frame_sender handle;
    messages::receiver_index receiver = 0;
    std::optional<position> told;
  };
  void acknowledge(const log_id& log, lane_ref& lane);

  delivery::shard_core& core_;
  effect_list& effects_;
  std::map<log_id, lane_ref> lanes_;
  std::map<log_id, messages::ask_position> waiting_;  // one a log
};

class shard {
public:
  /// A life begins, with effects and work. `core` is restored. `time` outlives it.
  shard(shard_options options, std::shared_ptr<delivery::shard_core> core, const life& now,
        const steady_time& time);
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;

  // --- neighbours
  void on_found(const messages::log_found& m);
  void on_ask(const messages::ask_position& m);
  void on_frame(const messages::take_frame& m);
  void on_sender_up(const messages::sender_up& m);
  void on_output(const messages::output& m);
  void on_resume(const messages::resume_output& m);
  void on_furthest(const messages::furthest_known& m);
  void on_output_taken(const messages::output_taken& m);
  void on_output_acknowledged(const messages::output_acknowledged& m);
  // --- the snapshot writer
  void on_capture_written(const messages::capture_written& m);
  void on_segment_written(const messages::segment_written& m);
  void on_segment_read(const messages::segment_read& m);
  // --- itself
  void on_wake_up(wake_up what);
  // --- the supervisor, and who looks into it
  void on_report();
  void on_stop();
  [[nodiscard]] key_found look_up(const look_up_key& m) const;

  /// Long work goes by steps: a capture, a firing, a tick, a frame of held input. work() is called after each event
  /// until there is none, so that effects leave between two steps, and no event comes.
  [[nodiscard]] bool has_work() const { return decision_is_due() || rest_.now != rest::none; }
  void work();

  /// Gives what is to be done by now, in place of what `into` holds.
  void take_effects(effect_list& into);

private:
  /// The work that an event has left.
  struct rest {
    enum phase : std::uint8_t { none, snapshot, tick, fires, takes_held };
    phase now = none;
    bool all = false;  // once held input has been taken: all that follows output, not figures alone
  };

  // --- frames
  template<class Frame>
  void take_or_hold(const Frame& f);
  void take(const messages::take_frame& m);
  void note_missed(const delivery::lane_frame& f, std::uint64_t records, event_micros fired_before);
  void take(const delivery::output_ptr& f);
  void join();
  void after_receiver_is_known();
  // --- what comes of them (shard_firing.cpp)
  void put_out(position before, const delivery::shard_core::output& out);
  void fire_on();
  void tick();
  void after_output() { rest_ = {rest::fires, true}; }
  void take_held();
  void tell_complete();
  // --- what is to be durable (shard_durable.cpp)
  void take_snapshot();
  /// One capture holds all decisions that were made while another was written: each would wait for the disk in its turn.
  [[nodiscard]] bool decision_is_due() const { return has_decided_ && !captures_.oldest(); }
  void make(captures::due what, bool twice = false);
  void capture(bool twice);
  void write(std::shared_ptr<const std::string> bytes, bool twice);
  void capture_failed(const error& why);
  void captured_durable(bool twice);
  void give_report();
  void stop_if_due();

  void update_figures();
  void wake(micros after, wake_up what) { effects_.emplace_back(effects::wake{after, what}); }
  void say(stage::log_level level, std::string text);
  template<class Message>
  void tell_supervisor(Message m) {
    effects_.emplace_back(effects::tell_supervisor{std::move(m)});
  }

  shard_options options_;
  std::shared_ptr<delivery::shard_core> core_;
  life life_;
  const steady_time& time_;
  effect_list effects_;
  delivery::decision_gate gate_;
  delivery::completion completion_;
  captures captures_;
  held_input held_;
  shard_lanes lanes_;
  shard_input input_;
  shard_output output_;
  shard_figures figures_;
  bool will_fire_on_ = false;  // wake_up::to_fire_on is under way
  bool has_decided_ = false;   // a decision was made, and its capture has yet to begin
  rest rest_;
};

}  // namespace millrace::shard
