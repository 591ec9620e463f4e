// Deals with the windows upstream of a shard's own: asks their shards for output from where
// it stands, tells them what has left its queue and what is durable. Part of the shard actor, in its thread.
#pragma once

#include "actors/stream/shard/whole_shard.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <string>

namespace millrace::shard {

class shard_input {
public:
  shard_input(whole_shard::pointer self, const shard_options& options, delivery::shard_core& core,
              const life& now)
      : self_(self), options_(options), core_(core), life_(now) {}

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

  whole_shard::pointer self_;
  const shard_options& options_;
  delivery::shard_core& core_;
  life life_;
  std::map<log_id, sender> senders_;
};

}  // namespace millrace::shard
