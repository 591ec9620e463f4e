// The effects of a sink: all that it does but calls to its target. sink_life gives them; the shell
// (sink_shell.cpp) runs them in this order, before the next step of work begins.
#pragma once

#include "actors/stream/sink/commit_clock.hpp"
#include "actors/stream/stage/log_line.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/base/life.hpp"
#include "runtime/delivery/frame.hpp"
#include "runtime/delivery/ledger.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace millrace::sink {

namespace effects {

// --- to the lane whose message the event is

/// Tells the lane where it goes on; an older life of it gets none.
struct answer_position {
  log_id log;
  std::optional<delivery::answer> answer;
};
/// The target has the rows of so many bytes, or nobody wants them.
struct return_credit {
  log_id log;
  delivery::fence stamp;
  std::size_t bytes = 0;
};

// --- to the lane that sends this log

/// The target was opened anew, or the log is known now.
struct ask_again {
  log_id log;
};
/// Everything below is committed.
struct acknowledge {
  log_id log;
  position below{};
};

// --- to the shard that sends this log

/// This life of the sink begins at what the target has.
struct resume_output {
  log_id log;
  millrace::life life;
  std::optional<position> at;
  position taken{};
};
/// The target has the rows up to here.
struct tell_taken {
  log_id log;
  millrace::life life;
  position at{};
};
/// Everything up to here is committed.
struct acknowledge_output {
  log_id log;
  position at{};
};

// --- to the dead-letter sink

/// It is asked how many of the refused rows it has.
struct ask_dead_letter_sink {
  log_id log;
  millrace::life life;
};
/// It gets refused rows, or hears of their end.
struct send_refused {
  std::shared_ptr<const delivery::lane_frame> frame;
};

// --- to the keeper of the state folder

/// It notes that the sink has committed, and answers.
struct keep_commit {
  millrace::life life;
};

// --- to the supervisor

struct report {
  millrace::life life;
  delivery::ledger counts;
  std::uint64_t rejected = 0;
  std::map<log_id, mark> vector;
};
/// All of its logs have come to their end, and are committed.
struct tell_complete {
  millrace::life life;
  std::uint64_t found = 0;  // logs that were found while it ran
};
/// The run ends with this error.
struct tell_failed {
  millrace::life life;
  error why;
};
/// A newer life holds the target.
struct tell_fenced {
  millrace::life life;
  error why;
};
/// The stop was carried out.
struct tell_stopped {
  millrace::life life;
};

// --- to itself, after a while

struct open_later {
  commit_clock::clock::duration wait{0};
};
struct look_later {
  commit_clock::tick tick;
};
struct keep_alive_later {
  commit_clock::clock::duration wait{0};
};

using say = stage::log_line;
/// The actor ends. The last effect.
struct end {};

}  // namespace effects

using effect =
    std::variant<effects::answer_position, effects::return_credit, effects::ask_again, effects::acknowledge,
                 effects::resume_output, effects::tell_taken, effects::acknowledge_output,
                 effects::ask_dead_letter_sink, effects::send_refused, effects::keep_commit, effects::report,
                 effects::tell_complete, effects::tell_failed, effects::tell_fenced, effects::tell_stopped,
                 effects::open_later, effects::look_later, effects::keep_alive_later, effects::say,
                 effects::end>;
using effect_list = std::vector<effect>;

}  // namespace millrace::sink
