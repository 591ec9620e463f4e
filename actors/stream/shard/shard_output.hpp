// Carries a shard's output: gives it to sinks as far as the outbox lets it, has the snapshot writer spill and
// read back segments, and says when and for whom output is kept. Pure; part of the shard.
#pragma once

#include "actors/stream/shard/shard_effects.hpp"
#include "actors/stream/shard/shard_options.hpp"
#include "runtime/base/steady_time.hpp"
#include "runtime/delivery/decision_gate.hpp"
#include "runtime/delivery/shard.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace millrace::shard {

class shard_output {
public:
  /// They all outlive it; its effects are put behind those that are there.
  shard_output(const shard_options& options, const life& now, delivery::shard_core& core,
               const delivery::decision_gate& gate, const steady_time& time, effect_list& effects)
      : options_(options), life_(now), core_(core), gate_(gate), time_(time), effects_(effects) {}

  void on_resume(const messages::resume_output& m);
  void on_taken(const messages::output_taken& m);
  void on_segment_written(const messages::segment_written& m);
  void on_segment_read(const messages::segment_read& m);
  void spill_again();
  void read_again();
  /// Sends what may leave, spills and reads back what is due. Called after every change.
  void pump();
  /// Called after a capture has become durable.
  void remove_unneeded();
  /// This life cannot go on. If a newer one holds the chain it ends in silence, and the supervisor decides
  /// what that means; else the run ends with the error.
  void fail(error why);
  /// The shard begins to wait: for the disk, a moment, or because too much is kept.
  void stall_begins();
  /// Names the receiver that the shard waits for, once a stall. Called while it waits.
  void tell_who_holds_it();

private:
  void say(stage::log_level level, std::string text);
  bool spill();
  bool read_back();
  void show(const delivery::output_frame& f);

  const shard_options& options_;
  life life_;
  delivery::shard_core& core_;
  const delivery::decision_gate& gate_;
  const steady_time& time_;
  effect_list& effects_;
  std::map<std::string, messages::output_receiver> sinks_;
  position shown_ = lowest_position;  // the position that others see
  bool cannot_spill_ = false;         // the disk has refused; tried again at the next wake-up
  bool cannot_read_ = false;          // the store does not answer; tried again at the next wake-up
  bool has_told_ = false;             // has named the receiver that it waits for, in this stall
  std::chrono::steady_clock::time_point tell_again_at_{};
};

}  // namespace millrace::shard
