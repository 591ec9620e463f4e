// Every message between the actors of the data plane, each declared once. They are values that share
// immutable content by pointer and stay within one process (remote edges will encode frames). Commands are
// imperative, events past tense.
//
// An actor is known by its name and its life, which the messages carry: a message of a lower life than the
// one that is known is dropped, and no two handles are ever compared. docs/design/lives.md says why.
//
// Who talks to whom (interfaces.hpp: what each actor takes):
//   lane -> shard, sink: asks, frames         shard, sink -> lane: answers, credit, acknowledgements
//   shard -> sink: output                     sink -> shard: resume, acknowledgements
//   shard -> shard of a window downstream: as to a sink, which it is here
//   supervisor -> all: wiring, stop           all -> supervisor: events
//   source, sink, supervisor -> keeper: what is to become durable
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/life.hpp"
#include "runtime/base/segment_id.hpp"
#include "runtime/delivery/failing_records.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/delivery/ledger.hpp"
#include "runtime/messages/interfaces.hpp"
#include "runtime/messages/plain_message.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace::messages {

/// The index of one of a lane's receivers over all edges. The receiver sends it back and need not understand
/// it.
using receiver_index = std::uint32_t;

// --- supervisor -> lane
// Which receivers there are, and which partitions are read.

/// A receiver lives (again) under this handle: ask it. Sent for each receiver at the start and after each
/// restart.
struct receiver_up {
  receiver_index receiver;
  frame_receiver handle;
  millrace::life life;
};
/// This life of a receiver is over: send it nothing until receiver_up.
struct receiver_down {
  receiver_index receiver;
  millrace::life life;
};

/// The parser's other lanes have said this at least by stands_at, under max_drift. Sent at the start of a
/// life and when it changes; a lane that has yet to say something stands before everything.
struct others_stand_at {
  event_micros slowest;
};

/// It reads nothing more until it is told otherwise; what was read waits. Sent to each life of a lane before its first
/// receiver_up, and when it changes.
struct set_paused {
  bool is_paused;
};

/// A partition has been found while running; its start is durable. `lane` reads it from there on. Sent to all
/// lanes of its parser, once shards and sinks know of it.
struct partition_started {
  std::string partition;
  std::string lane;
};

// --- lane -> supervisor
// Partitions that no lane reads yet, and how far its own are.

/// The source has a partition that no lane reads. Said again with each look until partition_started.
struct partition_found {
  std::string lane;  // the lane that has looked
  millrace::life life;
  std::string partition;
  position first;
};

/// The slowest partition that has more to read has this watermark (end_of_time: there is none). Said under
/// max_drift, for the parser's other lanes, when it has changed by enough to matter.
struct stands_at {
  std::string actor;
  millrace::life life;
  event_micros slowest;
};

/// Work on these records has failed, and the lane's life ends with it: the last that it says. Its next life
/// begins with what all of them have said. `settled`: by log, below what every receiver has durable.
struct attempt_failed {
  std::string actor;
  millrace::life life;
  attempt what;
  std::string error;
  std::map<log_id, position> settled;
};

/// Work on records from here on went well: those that were given up before them are no longer in a row. Said
/// once, by a lane whose earlier lives have given some up.
struct attempt_went_well {
  std::string actor;
  millrace::life life;
  log_id log;
  position from;
};

// --- lane -> shard, sink
// The edge itself: docs/design/protocol.md has its rules.

/// Asks a receiver for its vector's entry of this log. The answer is the fence.
struct ask_position {
  log_id log;
  life lane;
  receiver_index receiver;
  frame_sender from;
};
/// The next positions of a log. Sent only within the credit of the receiver.
struct take_frame {
  std::shared_ptr<const delivery::lane_frame> frame;
  receiver_index receiver;
  frame_sender from;
};

// --- shard, sink -> lane
// Answers, credit and acknowledgements go back by it.

/// The answer; nothing for an older life of a lane than the last that asked.
struct position_answered {
  log_id log;
  receiver_index receiver;
  std::optional<delivery::answer> answer;
};
/// Bytes that have left the receiver's queue.
struct credit_returned {
  log_id log;
  receiver_index receiver;
  delivery::fence stamp;  // the frame's fence; an older fence's credit no longer counts
  std::size_t bytes;
};
/// The receiver has gone back to what is durable, or dropped a frame: ask again.
struct ask_again {
  log_id log;
  receiver_index receiver;
};
/// Everything below is durable at the receiver, and will be even if its newest snapshot is damaged.
struct acknowledged {
  log_id log;
  receiver_index receiver;
  position below;
};

// --- shard <-> sink, or shard of a window downstream
// A shard's output: docs/design/protocol.md has its rules.

/// Output rows, or progress, of this life of the shard.
struct output {
  std::shared_ptr<const delivery::output_frame> frame;
  millrace::life life;
};
/// A sink's life begins, or begins again, at this durable position of the log (nothing: it has none). A
/// shard's is not durable: it acknowledges what is. Up to `taken` it has taken what the shard's earlier lives
/// have sent; from now on it takes nothing of theirs. Each opening of its target is a life. A shard that does
/// not know yet what its own earlier lives have taken leaves `taken` out, and says it by furthest_known.
struct resume_output {
  log_id log;
  std::string sink;
  millrace::life life;
  std::optional<position> at;
  std::optional<position> taken;
  output_receiver from;
  bool durable = true;
};
struct furthest_known {
  log_id log;
  std::string sink;
  position taken;
};
/// Frames from `from` on follow, of this life of the shard.
struct output_resumed {
  log_id log;
  millrace::life life;
  position from;
};
struct output_acknowledged {
  log_id log;
  std::string sink;
  position at;
};
/// Rows up to here have left the sink's queue: more may be sent to this life of it. Sent for each frame with
/// rows, also if the sink had them before.
struct output_taken {
  log_id log;
  std::string sink;
  millrace::life life;
  position at;
};
/// supervisor -> sink, shard: the shard that writes this log lives (again) under this handle. The same life comes again
/// with each stand-in of a link: what was under way by the one before is lost with its session.
struct sender_up {
  log_id log;
  output_sender handle;
  millrace::life life;
  std::uint64_t stand_in = 0;  // rises with each stand-in; 0: the handle is the shard's own
};

// --- shard <-> snapshot writer
// A shard's writes to the disk, and reads from it. A life whose successor has the snapshots gets ec::fenced,
// under the same term as well.

/// Make these changes durable. Answered by capture_written, in order.
struct write_capture {
  std::string actor;
  millrace::life life;
  std::shared_ptr<const std::string> bytes;
  bool twice;  // a decision: in two copies
};
struct capture_written {
  bool twice;
  std::optional<error> failure;  // the bytes are kept and written with the next capture
};
/// Make these frames durable as a file of spilled output. Answered by segment_written.
struct write_segment {
  std::string actor;
  millrace::life life;
  segment_id id;
  std::shared_ptr<const std::vector<delivery::output_ptr>> frames;
};
struct segment_written {
  segment_id id;
  std::optional<error> failure;  // the segment was not kept
};
/// Read them back. Answered by segment_read.
struct read_segment {
  std::string actor;
  millrace::life life;
  segment_id id;
  log_id log;
};
struct segment_read {
  segment_id id;
  std::vector<delivery::output_ptr> frames;
  std::optional<error> failure;
};
/// No snapshot that can be fallen back to needs them. Gets no answer: the next start removes what is left.
struct remove_segments {
  std::string actor;
  millrace::life life;
  std::vector<segment_id> ids;
};

// --- source, sink, supervisor <-> keeper of the state folder
// Values that become durable while the topology runs, beside snapshots. A sender that needs the value durable
// goes on with the answer.

/// Keep this value under this name, for `life` of this actor; the one that is there already costs no write.
/// Answered by value_kept, in order; ec::fenced for a life below one that has kept something.
struct keep_value {
  std::string actor;
  millrace::life life;
  std::string name;
  std::string value;
};
struct value_kept {
  std::string name;
  std::optional<error> failure;  // the value that was there before still is
};

// --- all -> supervisor
// How far an actor is, or why it cannot go on. Each names the life that says it.

/// A sink has everything that will ever come durable; a shard has taken all of it. It says so again where a log was found
/// since (delivery::completion).
struct completed {
  std::string actor;
  millrace::life life;
  std::uint64_t found = 0;  // logs of which log_found has told this life, once each
};
/// Trying again will not help: the run ends with this error, after what came before it is committed.
struct stage_failed {
  std::string actor;
  millrace::life life;
  error why;
};
/// The actor's chain, or its target's claim, belongs to a newer life: this one has ended, and nothing that it
/// had under way counts. `why` is the store's or the target's answer.
struct fenced {
  std::string actor;
  millrace::life life;
  error why;
};
/// A stop was carried out: everything taken is durable.
struct stopped {
  std::string actor;
  millrace::life life;
};

// --- supervisor -> all
// News, the stop, and reports.

/// supervisor -> shard, sink: a log that feeds them as well, found while running.
struct log_found {
  log_id log;
  mark start;
};
/// Lanes stop reading, shards capture, sinks commit; each answers `stopped` and quits.
struct stop {};
/// Answered by report_part.
struct collect_report {};
/// Tells what one actor knows for the report: its counters (part of its state) and where it stands.
struct report_part {
  std::string actor;
  millrace::life life = {};
  delivery::ledger counts;
  std::uint64_t rows = 0;  // a shard's emitted rows
  std::uint64_t late_at_shard = 0;
  std::uint64_t rejected = 0;
  std::map<log_id, mark> vector;  // the positions of its counters; a shard's own log too, as far as it goes
  std::string missing = {};       // the director's: who did not answer this time; the rest is older
};
/// Makes the actor fail as by a bug, so that it restarts: somebody has asked for that, or a test.
struct fail_now {
  std::string reason;
};
inline constexpr std::string_view restart_was_asked = "a restart was asked for";

}  // namespace millrace::messages
