// The effects of a shard: its actor runs them, in this order, before the next event. Handles are values here,
// which the shard has from its neighbours' messages and never compares.
#pragma once

#include "actors/stream/stage/log_line.hpp"
#include "runtime/base/time.hpp"
#include "runtime/messages/messages.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::shard {

/// The shard's own timers: to go on with a firing or a tick; for a snapshot; for changed rows; to look how large
/// the state is; to try again to spill; to try again to read back.
enum class wake_up : std::uint8_t {
  to_fire_on,
  to_capture,
  to_tick,
  to_look_at_size,
  to_spill,
  to_read_back
};

namespace effects {

/// A lane gets the answer to its question, its credit, or the position up to which its log is durable here.
struct tell_lane {
  messages::frame_sender to;
  std::variant<messages::position_answered, messages::credit_returned, messages::acknowledged> what;
};
/// An upstream shard is asked for output, which comes to this actor (`from` is left out), or hears how far it was
/// taken.
struct tell_sender {
  messages::output_sender to;
  std::variant<messages::resume_output, messages::furthest_known, messages::output_taken,
               messages::output_acknowledged>
      what;
};
/// A receiver gets output. The shard keeps the name's characters.
struct tell_receiver {
  std::string_view name;
  messages::output_receiver to;
  std::variant<messages::output_resumed, messages::output> what;
};
/// The writer answers captures and segments by an event each, in its order.
struct tell_writer {
  std::variant<messages::write_capture, messages::write_segment, messages::read_segment,
               messages::remove_segments>
      what;
};
/// The supervisor hears how far this life is, or why it cannot go on.
struct tell_supervisor {
  std::variant<messages::completed, messages::report_part, messages::stage_failed, messages::fenced,
               messages::stopped>
      what;
};
/// on_wake_up(what) is called after this time; none: once all has been heard that has come by now.
struct wake {
  micros after{0};
  wake_up what = wake_up::to_fire_on;
};
/// The actor writes the shard's name before it.
using say = stage::log_line;
/// This life is over: no event comes after it.
struct end {};

}  // namespace effects

using effect =
    std::variant<effects::tell_lane, effects::tell_sender, effects::tell_receiver, effects::tell_writer,
                 effects::tell_supervisor, effects::wake, effects::say, effects::end>;
using effect_list = std::vector<effect>;

}  // namespace millrace::shard
