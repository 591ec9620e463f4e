// A shard, as actors/stream/shard uses delivery::shard_core, without CAF, over the real windows. Its work on the
// output of an upstream window stands in shard_series.cpp.
#pragma once

#include "runtime/delivery/decision_gate.hpp"
#include "runtime/delivery/stalled_input.hpp"
#include "tests/property/delivery/capture_store.hpp"
#include "tests/property/delivery/scene.hpp"
#include "tests/property/delivery/segment_store.hpp"
#include "tests/property/delivery/tracked_windows.hpp"

namespace millrace::delivery::trial {

class shard_double {
public:
  shard_double(scene& s, std::size_t index);

  inbox in;
  void take_message();
  /// Time for a capture.
  void tick();
  /// Takes a tick with `updates`.
  void update_tick(event_micros t);
  /// The writer gets on by one capture.
  void write_capture();
  /// Or by one segment of spilled output.
  void write_segment();
  /// A new life from what is durable.
  void crash();

  [[nodiscard]] incarnation life() const { return life_; }
  /// It has left an idle partition out, and no durable capture holds that yet.
  [[nodiscard]] bool decision_at_stake() const { return at_stake_; }
  [[nodiscard]] fence fence_of(std::size_t log) const;
  [[nodiscard]] const shard_core& core() const { return *core_; }
  [[nodiscard]] const tracked_windows& windows() const { return *windows_; }
  [[nodiscard]] bool stalled() const { return !stalled_.empty() || !stalled_output_.empty(); }

private:
  struct lane_ref {
    incarnation lane = 0;
    std::size_t receiver = 0;
    std::optional<position> told;
  };

  void start();
  void on_ask(const message& m);
  void join();
  void on_frame(const message& m);
  void on_resume(const message& m);
  void take(const message& m);
  void take(const output_ptr& f);
  void fire_on();
  void take_stalled();
  /// A turn of a firing, or of a tick.
  template<class F>
  void go_on(bool tick, F&& turn);
  void put_out(position before, const shard_core::output& out, bool tick);
  void on_sender_up(const message& m);
  void on_output(const message& m);
  void after_receiver_is_known();
  void acknowledge_front();
  [[nodiscard]] std::unique_ptr<window_state> make_windows();
  void pump();
  void remove_unneeded();
  void send(const output_frame& f, std::size_t sink);
  void capture(bool twice);
  void acknowledge(std::size_t log);
  [[nodiscard]] shard_core::setup setup() const;

  struct front_ref {
    incarnation life = 0;
    std::optional<position> told;
    bool knows_furthest = false;
  };

  scene& scene_;
  std::size_t index_;  // counts over both levels
  std::size_t level_;
  incarnation life_ = 0;                // and its name as a sender
  tracked_windows* windows_ = nullptr;  // set on the first level
  std::unique_ptr<shard_core> core_;
  capture_store store_;
  bool failing_ = false;
  bool at_stake_ = false;
  bool will_fire_on_ = false;
  bool dirty_ = false;  // something has happened since the last capture
  std::map<std::size_t, lane_ref> lanes_;
  std::map<std::size_t, front_ref> fronts_;  // shards of the upstream window
  std::map<std::size_t, fence> fences_;
  std::map<std::size_t, incarnation> sinks_;  // their lives, as this shard knows them
  std::map<std::size_t, message> waiting_asks_;
  stalled_input<message> stalled_;
  stalled_output stalled_output_;
  decision_gate gate_;
  segment_store segments_;
  outbox_limits limits_;
};

}  // namespace millrace::delivery::trial
