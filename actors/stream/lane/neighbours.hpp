// A lane speaks to these: its receivers, the readers of its source, its supervisor, and the time. The lane
// (lane.hpp) decides; its owner does what it says, at once and in this order, so that a source reads on and
// receivers work while the lane is busy with the rest of a chunk. The lane actor implements it with messages,
// tests with lists. A call a batch or a frame, never one a record.
#pragma once

#include "actors/stream/source/requests.hpp"
#include "runtime/base/error.hpp"
#include "runtime/delivery/failing_records.hpp"
#include "runtime/delivery/frame.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace millrace::lane {

/// The lane's own reader, or one that rereads the log for a receiver that is behind. No number is used twice.
using reader_number = std::uint64_t;
inline constexpr reader_number live_reader = 0;

enum class urgency : std::uint8_t { info, warning, error };

class neighbours {
public:
  using clock = std::chrono::steady_clock;

  virtual ~neighbours() = default;

  [[nodiscard]] virtual clock::time_point now() const = 0;
  /// lane::on_wake_up() is called after that long; cannot be taken back.
  virtual void wake_in(std::chrono::microseconds d) = 0;
  /// lane::on_look_now() likewise.
  virtual void look_in(std::chrono::microseconds d) = 0;

  // --- receivers, each only while it is up
  /// Asks where the receiver stands: lane::on_answer().
  virtual void ask(std::size_t receiver, const log_id& log) = 0;
  virtual void send(std::size_t receiver, delivery::lane_frame frame) = 0;

  // --- readers
  [[nodiscard]] virtual expected<void> open(reader_number reader) = 0;
  /// It reads no more; what it still sends is dropped.
  virtual void close(reader_number reader) = 0;
  virtual void assign(reader_number reader, source::assign where) = 0;
  /// Answered by lane::on_chunk().
  virtual void read(reader_number reader, source::read request) = 0;
  /// The live reader is told.
  virtual void tell_durable(source::durable what) = 0;
  /// The live reader looks, and answers by lane::on_looked().
  virtual void look(source::look beside) = 0;

  // --- helpers, where there are some
  /// Has a chunk parsed on another thread: lane::on_parsed() with this number.
  virtual void parse(std::uint64_t number, attempt what, std::shared_ptr<const source::chunk> chunk) = 0;

  // --- the supervisor
  virtual void tell_found(const source::partition_info& found) = 0;
  /// The parser's other lanes hear where the slowest partition is that has more to read.
  virtual void tell_slowest(event_micros watermark) = 0;
  virtual void tell_failed(error why) = 0;
  /// Work on these records has failed, and this life ends with it: the next one is to know. `settled`: by
  /// log, below what every receiver has durable.
  virtual void tell_attempt_failed(const attempt& what, std::string_view error,
                                   std::map<log_id, position> settled) = 0;
  /// Records had been given up in a row, and the row ends: work from here on went well.
  virtual void tell_went_well(const log_id& log, position from) = 0;
  /// A newer life reads the same partitions: this one is stale and ends. No life follows it.
  virtual void end_as_fenced(error why) = 0;

  /// It goes to the log, for people.
  virtual void say(urgency how, const std::string& text) = 0;
};

}  // namespace millrace::lane
