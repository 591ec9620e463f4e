// Carries a shard actor's output: sends it to sinks as far as the outbox lets it, has the snapshot
// writer spill and read back segments, and says when and for whom output is kept. Part of the shard actor, in
// its thread.
#pragma once

#include "actors/stream/shard/whole_shard.hpp"
#include "runtime/delivery/decision_gate.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace millrace::shard {

class shard_output {
public:
  shard_output(whole_shard::pointer self, const shard_options& options, delivery::shard_core& core,
               const delivery::decision_gate& gate, const life& now, messages::supervisor supervisor)
      : self_(self), options_(options), core_(core), gate_(gate), life_(now),
        supervisor_(std::move(supervisor)) {}

  void on_resume(const messages::resume_output& m);
  void on_taken(const messages::output_taken& m);
  void on_segment_written(const messages::segment_written& m);
  void on_segment_read(const messages::segment_read& m);
  void on_spill_tick();
  void on_read_tick();
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
  void update_gauges() const;

private:
  using clock = std::chrono::steady_clock;
  bool spill();
  bool read_back();
  void show(const delivery::output_frame& f);

  whole_shard::pointer self_;
  const shard_options& options_;
  delivery::shard_core& core_;
  const delivery::decision_gate& gate_;
  life life_;
  messages::supervisor supervisor_;
  std::map<std::string, messages::output_receiver> sinks_;
  position shown_ = lowest_position;  // the position that others see
  bool cannot_spill_ = false;         // the disk has refused; tried again at the next spill_tick
  bool cannot_read_ = false;          // the store does not answer; tried again at the next read_tick
  bool has_told_ = false;             // has named the receiver that it waits for, in this stall
  clock::time_point tell_again_at_{};
};

}  // namespace millrace::shard
