// Drives a sink's life by events, with a target and a clock that the test sets. All that happens stands in one journal, in
// its order: calls to the target, and effects.
#pragma once

#include "actors/stream/sink/sink_life.hpp"
#include "tests/support/fake_target.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::test {

using words = std::vector<std::string>;

/// The error of a target that does not fit.
inline const error misfit{ec::mismatch, fault::user, false, "no such table", {}};

[[nodiscard]] data::schema_ptr number_schema();
[[nodiscard]] data::batch numbers(std::vector<std::int64_t> values);

class driven_sink {
public:
  /// Fed by the lane log "clicks/0", unless `set` says otherwise.
  explicit driven_sink(const std::function<void(sink::sink_settings&)>& set = {},
                       sink::first_commit first = sink::first_commit::goes_untold);
  driven_sink(const driven_sink&) = delete;
  driven_sink& operator=(const driven_sink&) = delete;

  /// Tells the sink, and does all the work that comes of it.
  template<class Tell>
  void tell(Tell what) {
    std::invoke(what, *life_);
    carry_on();
  }
  void open() { tell(&sink::sink_life::open); }
  void stop() { tell(&sink::sink_life::on_stop); }
  void report() { tell(&sink::sink_life::on_report); }
  /// Time passes, and ticks come when they are due.
  void pass(steady_time::clock::duration d);
  /// Returns what has happened since it was asked last.
  [[nodiscard]] words happened() { return std::exchange(journal_, {}); }

  // --- a lane
  /// Returns whether the lane is the newest.
  bool ask(const log_id& log = "clicks/0", life lane = 1);
  /// The next positions up to `to`, under the last answer.
  void send(std::int64_t to, std::vector<std::int64_t> rows, std::size_t bytes = 0);
  void send_frame(delivery::lane_frame f, std::int64_t to, std::size_t bytes = 0);
  void send_end();

  // --- a shard, in its first life
  bool introduce(const log_id& log, life shard = 1, std::uint64_t stand_in = 0);
  void resumes(const log_id& log, position from = lowest_position);
  void send_window(const log_id& log, event_micros since, event_micros end, std::vector<std::int64_t> rows);

  // --- the dead-letter sink
  void letters_answer(position have);
  void letters_acknowledge(position below);

  fake_target target;
  std::chrono::milliseconds call_takes{0};  // each call of the target
  fake_steady_time time;
  fake_clock wall{1'000'000};
  std::shared_ptr<sink::sink_gauges> gauges;
  sink::sink_settings settings;
  std::optional<sink::effects::report> reported;
  std::optional<sink::effects::resume_output> resumed;
  std::optional<delivery::answer> answered;
  std::vector<delivery::lane_frame> refused_frames;
  mark stands;  // the lane's place

private:
  struct tick {
    steady_time::clock::time_point at;
    std::function<void(sink::sink_life&)> tell;
  };
  void carry_on();
  void note(sink::effect& e);
  void later(steady_time::clock::duration wait, std::function<void(sink::sink_life&)> tell);

  words journal_;
  std::vector<tick> ticks_;
  std::optional<sink::sink_life> life_;
};

/// Adds a window stage, by its shards' logs, whose rows the sink writes as they are. Numbered: each window has a commit of its
/// own.
void add_window(sink::sink_settings& s, std::vector<log_id> logs, bool is_numbered = false);

}  // namespace millrace::test
