// The lanes that a shard reads from: what they ask and are answered, and what they are told is durable. Pure;
// part of the shard.
#pragma once

#include "actors/stream/shard/shard_effects.hpp"
#include "runtime/delivery/shard.hpp"

#include <map>
#include <optional>
#include <vector>

namespace millrace::shard {

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

}  // namespace millrace::shard
