// Deals with the windows upstream of a shard's own: asks their shards for output from where
// it stands, tells them what has left its queue and what is durable. Pure; part of the shard.
#pragma once

#include "actors/stream/shard/shard_effects.hpp"
#include "runtime/delivery/shard.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace millrace::shard {

class shard_input {
public:
  /// The core and the list outlive it; its effects are put behind those that are there. `name` and `now` are the
  /// shard's own.
  shard_input(std::string name, const life& now, delivery::shard_core& core, effect_list& effects)
      : name_(std::move(name)), life_(now), core_(core), effects_(effects) {}

  /// A sender's life begins, or this one does; or the same life has a further stand-in, because the session of a link
  /// that the former one belonged to is over, and what was under way in it is lost. False: nothing new.
  bool on_sender_up(const messages::sender_up& m);
  /// Returns whether this life of the sender was asked. A higher life begins anew once it has been
  /// introduced.
  [[nodiscard]] bool is_from_present_life(const messages::output& m) const;
  /// The frame has left the queue.
  void tell_taken(const delivery::output_frame& f);
  /// Tells each sender what is durable, where it has not been told; after each capture that becomes so.
  void acknowledge();
  /// Called after a receiver of this shard's own output has resumed: senders may have been told too little.
  void tell_furthest();

private:
  struct sender {
    messages::output_sender handle;
    life now;
    std::uint64_t stand_in = 0;    // the handle's number, where it is a stand-in's
    std::optional<position> told;  // the durable position that it was told
    bool knows_furthest = false;
  };

  std::string name_;
  life life_;
  delivery::shard_core& core_;
  effect_list& effects_;
  std::map<log_id, sender> senders_;
};

}  // namespace millrace::shard
