// The lanes that a shard reads from: what they ask and are answered, and what they are told is durable. Part
// of the shard actor, in its thread.
#pragma once

#include "actors/stream/shard/whole_shard.hpp"
#include "runtime/delivery/shard.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <vector>

namespace millrace::shard {

class shard_lanes {
public:
  /// Both outlive it.
  shard_lanes(whole_shard::pointer self, delivery::shard_core& core) : self_(self), core_(core) {}

  /// Answers, or keeps the question until its log has joined. True: a new life of the lane was answered, and
  /// what an older one has sent is void.
  bool on_ask(const messages::ask_position& m);
  /// Answers what can be answered by now; the logs of those that were answered.
  [[nodiscard]] std::vector<log_id> answer_waiting();

  /// Tells all lanes what they do not know yet.
  void acknowledge();

private:
  struct lane_ref {
    messages::frame_sender handle;
    messages::receiver_index receiver = 0;
    std::optional<position> told;
  };
  void acknowledge(const log_id& log, lane_ref& lane);

  whole_shard::pointer self_;
  delivery::shard_core& core_;
  std::map<log_id, lane_ref> lanes_;
  std::map<log_id, messages::ask_position> waiting_;  // one a log
};

}  // namespace millrace::shard
