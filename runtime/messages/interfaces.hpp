// The interfaces of the actors: what each takes, and what it answers. A message to an actor that does not
// take it does not compile. An actor adds to its own what it sends to itself (extend).
//
// Handles go to their process's actors alone; an actor is known by its name and its life (messages.hpp).
#pragma once

#include <caf/typed_actor.hpp>

namespace millrace::control {
struct adopt_snapshots;
}

namespace millrace::messages {

// messages.hpp says what each means.
struct acknowledged;
struct ask_again;
struct ask_position;
struct attempt_failed;
struct attempt_went_well;
struct capture_written;
struct collect_report;
struct completed;
struct credit_returned;
struct fail_now;
struct fenced;
struct furthest_known;
struct keep_value;
struct log_found;
struct others_stand_at;
struct output;
struct output_acknowledged;
struct output_resumed;
struct output_taken;
struct partition_found;
struct partition_started;
struct position_answered;
struct read_segment;
struct receiver_down;
struct receiver_up;
struct remove_segments;
struct report_part;
struct resume_output;
struct segment_read;
struct segment_written;
struct sender_up;
struct set_paused;
struct stage_failed;
struct stands_at;
struct stop;
struct stopped;
struct take_frame;
struct value_kept;
struct write_capture;
struct write_segment;

// --- one end of an edge each

/// Sends frames of a log: a lane, or a sink that forwards refused rows. It takes what their receivers say.
using frame_sender = caf::typed_actor<caf::reacts_to<position_answered>, caf::reacts_to<credit_returned>,
                                      caf::reacts_to<ask_again>, caf::reacts_to<acknowledged>>;
/// Takes frames: a shard, or a sink.
using frame_receiver = caf::typed_actor<caf::reacts_to<ask_position>, caf::reacts_to<take_frame>>;
/// Sends a shard's output.
using output_sender = caf::typed_actor<caf::reacts_to<resume_output>, caf::reacts_to<furthest_known>,
                                       caf::reacts_to<output_taken>, caf::reacts_to<output_acknowledged>>;
/// Takes it: a sink, or a shard of a window downstream.
using output_receiver = caf::typed_actor<caf::reacts_to<output>, caf::reacts_to<output_resumed>>;

// --- whole actors, as others see them

/// Ends after the messages that came before `stop`. Answers go to the sender, as all messages do.
using snapshot_writer = caf::typed_actor<
    caf::reacts_to<control::adopt_snapshots>, caf::replies_to<write_capture>::with<capture_written>,
    caf::replies_to<write_segment>::with<segment_written>, caf::replies_to<read_segment>::with<segment_read>,
    caf::reacts_to<remove_segments>, caf::reacts_to<stop>>;
/// Keeps small values durably; ends likewise.
using state_keeper = caf::typed_actor<caf::replies_to<keep_value>::with<value_kept>, caf::reacts_to<stop>>;
/// Actors say this to the supervisor of their topology.
using supervisor =
    caf::typed_actor<caf::reacts_to<partition_found>, caf::reacts_to<stands_at>,
                     caf::reacts_to<attempt_failed>, caf::reacts_to<attempt_went_well>,
                     caf::reacts_to<completed>, caf::reacts_to<stage_failed>, caf::reacts_to<fenced>,
                     caf::reacts_to<stopped>, caf::reacts_to<report_part>>;

using lane = frame_sender::extend<caf::reacts_to<receiver_up>, caf::reacts_to<receiver_down>,
                                  caf::reacts_to<others_stand_at>, caf::reacts_to<partition_started>,
                                  caf::reacts_to<set_paused>, caf::reacts_to<fail_now>, caf::reacts_to<stop>>;
using shard = frame_receiver::extend_with<output_sender, output_receiver>::extend<
    caf::reacts_to<log_found>, caf::reacts_to<sender_up>, caf::reacts_to<collect_report>,
    caf::reacts_to<fail_now>, caf::reacts_to<stop>>;
/// It hears of the dead-letter sink as a lane does of its receivers.
using sink = frame_receiver::extend_with<frame_sender, output_receiver>::extend<
    caf::reacts_to<log_found>, caf::reacts_to<sender_up>, caf::reacts_to<receiver_up>,
    caf::reacts_to<receiver_down>, caf::reacts_to<collect_report>, caf::reacts_to<fail_now>,
    caf::reacts_to<stop>>;

/// Tells whether a handle of the one kind can be had as one of that interface.
template<class Handle, class Interface>
inline constexpr bool is_one_of = false;
template<class... Signatures, class... Wanted>
inline constexpr bool is_one_of<caf::typed_actor<Signatures...>, caf::typed_actor<Wanted...>> =
    (caf::detail::tl_contains<caf::detail::type_list<Signatures...>, Wanted>::value && ...);

/// Tells whether the actor of this handle takes the message, and answers nothing.
template<class Handle, class Message>
inline constexpr bool takes = is_one_of<Handle, caf::typed_actor<caf::reacts_to<Message>>>;

}  // namespace millrace::messages
