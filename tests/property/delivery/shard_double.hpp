// A shard, as actors/window/shard_actor.cpp uses delivery::shard_core, without CAF, over the real windows.
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
  shard_double(scene& s, std::uint32_t index);

  inbox in;
  void take_message();
  /// Time for a capture.
  void tick();
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
  [[nodiscard]] bool stalled() const { return !stalled_.empty(); }

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
  void take_stalled();
  void pump();
  void remove_unneeded();
  void send(const output_frame& f, std::size_t sink);
  void capture(bool twice);
  void acknowledge(std::size_t log);
  [[nodiscard]] shard_core::setup setup() const;

  scene& scene_;
  std::uint32_t index_;
  incarnation life_ = 0;  // and its name as a sender
  tracked_windows* windows_ = nullptr;
  std::unique_ptr<shard_core> core_;
  capture_store store_;
  bool failing_ = false;
  bool at_stake_ = false;
  std::map<std::size_t, lane_ref> lanes_;
  std::map<std::size_t, fence> fences_;
  std::map<std::size_t, incarnation> sinks_;  // their lives, as this shard knows them
  std::map<std::size_t, message> waiting_asks_;
  stalled_input<message> stalled_;
  decision_gate gate_;
  segment_store segments_;
  outbox_limits limits_;
};

}  // namespace millrace::delivery::trial
