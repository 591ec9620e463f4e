// A lane (lane.hpp) says by these what is to be done; its owner runs them in their order, before the
// lane hears of anything else. There are a few for each batch and frame, never one a record.
#pragma once

#include "actors/stream/lane/reader_number.hpp"
#include "actors/stream/source/requests.hpp"
#include "actors/stream/stage/log_line.hpp"
#include "runtime/base/attempt.hpp"
#include "runtime/base/error.hpp"
#include "runtime/delivery/frame.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace millrace::lane {

namespace effects {

/// lane::on_wake_up() is called after that long; cannot be taken back.
struct wake_in {
  std::chrono::microseconds wait;
};
/// lane::on_look_now() likewise.
struct look_in {
  std::chrono::microseconds wait;
};
/// The receiver, which is up, is asked where it stands: lane::on_answer().
struct ask {
  std::size_t receiver;
  log_id log;
};
/// The receiver, which is up, gets the frame.
struct send_frame {
  std::size_t receiver;
  delivery::lane_frame frame;
};
/// A reader begins: lane::on_opened(), or on_could_not_open(), before anything else is said to the lane.
struct open {
  reader_number reader;
};
/// The reader reads no more; what it still sends is dropped.
struct close {
  reader_number reader;
};
struct assign {
  reader_number reader;
  source::assign where;
};
/// Answered by lane::on_chunk().
struct read {
  reader_number reader;
  source::read request;
};
/// The live reader is told.
struct tell_durable {
  source::durable durable;
};
/// The live reader looks, and answers by lane::on_looked().
struct look {
  source::look beside;
};
/// A helper, where there are some, parses the chunk on another thread: lane::on_parsed() with this number.
struct parse {
  std::uint64_t number;
  attempt what;
  std::shared_ptr<const source::chunk> chunk;
};
/// The supervisor is told of a partition that nobody reads.
struct tell_found {
  source::partition_info found;
};
/// The parser's other lanes hear where the slowest partition is that has more to read.
struct tell_slowest {
  event_micros watermark;
};
/// The supervisor is told why the life ends.
struct tell_failed {
  error why;
};
/// Work on these records has failed, and this life ends with it: the next one is to know. `settled`: by log,
/// below what every receiver has durable.
struct tell_attempt_failed {
  attempt what;
  std::string error;
  std::map<log_id, position> settled;
};
/// Records had been given up in a row, and the row ends: work from here on went well.
struct tell_went_well {
  log_id log;
  position from;
};
/// A newer life reads the same partitions: this one is stale and ends. No life follows it.
struct end_as_fenced {
  error why;
};
using say = stage::log_line;

}  // namespace effects

using effect =
    std::variant<effects::wake_in, effects::look_in, effects::ask, effects::send_frame, effects::open,
                 effects::close, effects::assign, effects::read, effects::tell_durable, effects::look,
                 effects::parse, effects::tell_found, effects::tell_slowest, effects::tell_failed,
                 effects::tell_attempt_failed, effects::tell_went_well, effects::end_as_fenced, effects::say>;
using effect_list = std::vector<effect>;

}  // namespace millrace::lane
