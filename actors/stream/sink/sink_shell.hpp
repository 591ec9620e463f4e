// The shell of a sink: the actor's state, and how it runs effects. sink_actor.cpp has the handlers of its messages.
#pragma once

#include "actors/stream/sink/sink_life.hpp"
#include "runtime/control/actor_time.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <string>

namespace millrace::sink {

/// Sent to itself: open the target; look whether a commit is due; see to the target while nothing is
/// committed.
struct open_tick {};
struct commit_tick {
  std::uint64_t number = 0;  // commit_clock says whether it counts
};
struct keep_alive_tick {};

}  // namespace millrace::sink

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::sink::open_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::sink::commit_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::sink::keep_alive_tick)

namespace millrace::sink {

/// The sink's interface, the keeper's replies and its own timers.
using whole_sink = messages::sink::extend<caf::reacts_to<messages::value_kept>, caf::reacts_to<open_tick>,
                                          caf::reacts_to<commit_tick>, caf::reacts_to<keep_alive_tick>>;

/// A lane, as a message of it names it.
struct lane_ref {
  messages::frame_sender handle;
  messages::receiver_index receiver = 0;
};

/// The sink's neighbours and its life. It ends with the actor.
struct sink_state {
  static constexpr const char* name = "sink";

  std::string sink;
  messages::supervisor supervisor;
  messages::state_keeper keeper;
  std::map<log_id, lane_ref> lanes;
  std::map<log_id, messages::output_sender> shards;
  messages::frame_receiver dead_letter_sink;
  std::optional<control::actor_time> time;
  std::optional<sink_life> life;
  effect_list effects;  // kept for its room
};
using self_ptr = whole_sink::stateful_pointer<sink_state>;

/// Call it after the life was told of an event: runs the effects of that, then does the work that it has left, step by
/// step. Effects that a step gave before it threw are run, too. `speaker`: the lane whose message the event is.
void carry_on(self_ptr self, const lane_ref* speaker = nullptr);

}  // namespace millrace::sink
