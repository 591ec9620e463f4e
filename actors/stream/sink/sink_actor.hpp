// The sink actor: owns a writer on a thread of its own, takes rows from lanes and whole windows from shards
// (delivery::sink_core decides which are new), commits rows and progress in one step, and tells senders what
// is durable. A target that stays away slows its senders; every reopening goes on from what the target has.
#pragma once

#include "actors/stream/sink/commit_histograms.hpp"
#include "actors/stream/sink/rows_to_write.hpp"
#include "actors/stream/sink/sink.hpp"
#include "actors/stream/stage/flow.hpp"
#include "actors/stream/stage/losses.hpp"
#include "config/plan.hpp"
#include "runtime/base/pace.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/time.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace::sink {

/// A commit with rows; with `updates` it is a tick.
struct commit_note {
  std::uint64_t batch = 0;  // its number, `_batch`
  event_micros at = 0;      // the time of the commit, by the wall clock
  std::uint64_t rows = 0;
  std::uint64_t wait_micros = 0;  // time from its first row to its beginning
  std::uint64_t commit_micros = 0;
};

/// The newest commits of a sink. The sink alone adds; anyone reads.
class commit_history {
public:
  static constexpr std::size_t most = 100;

  void add(const commit_note& c) {
    const std::lock_guard lock(mutex_);
    newest_.push_back(c);
    if (newest_.size() > most)
      newest_.pop_front();
  }
  /// Oldest first.
  [[nodiscard]] std::vector<commit_note> all() const {
    const std::lock_guard lock(mutex_);
    return {newest_.begin(), newest_.end()};
  }

private:
  mutable std::mutex mutex_;  // taken once a commit
  std::deque<commit_note> newest_;
};

/// The call to a target that is under way: its opening, rows that are written, a commit, or one that keeps it alive. The
/// sink alone begins and ends it; anyone reads.
class call_under_way {
public:
  using clock = std::chrono::steady_clock;

  void begin(clock::time_point now) {
    began_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  void end() { began_.store(none, std::memory_order_relaxed); }
  /// Its age; none: no call is under way.
  [[nodiscard]] std::optional<micros> age(clock::time_point now) const {
    const auto began = began_.load(std::memory_order_relaxed);
    if (began == none)
      return std::nullopt;
    const auto since = now - clock::time_point(clock::duration(began));
    return std::max(micros(0), std::chrono::duration_cast<micros>(since));
  }

private:
  static constexpr auto none = clock::duration::rep(-1);
  std::atomic<clock::duration::rep> began_{none};
};

/// Written by the sink, read by anyone.
struct sink_gauges {
  std::atomic<std::uint64_t> rows{0};  // committed in this process
  std::atomic<std::uint64_t> commits{0};
  std::atomic<std::uint64_t> row_commits{0};    // commits with rows
  std::atomic<std::uint64_t> wait_micros{0};    // time from a batch's first row to the beginning of its
                                                // commit
  std::atomic<std::uint64_t> commit_micros{0};  // time that commits with rows took
  // The values of the newest commit with rows; with `updates` that is a tick.
  std::atomic<std::uint64_t> batch{0};  // its number, `_batch`; 0: there was none yet
  std::atomic<std::uint64_t> last_rows{0};
  std::atomic<std::uint64_t> last_micros{0};
  std::atomic<std::uint64_t> held_frames{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<bool> away{false};
  std::atomic<bool> reached{false};     // the target has been opened once
  std::atomic<std::uint64_t> life{0};   // the number of the newest, which rises with each opening
  std::atomic<std::uint64_t> bytes{0};  // bytes of the committed rows, as they came
  commit_histogram commit_times;        // times of commits with rows
  latency_histogram
      latency;  // lag of a commit's end after the event time of its rows, once for each log in it
  commit_history history;
  call_under_way call;
  usual_time in_target;  // time of all calls for a commit with rows

  /// Compares the call that is under way with what is usual here.
  [[nodiscard]] pace pace_at(call_under_way::clock::time_point now) const {
    return pace_of(call.age(now).value_or(micros(0)), in_target.mean());
  }
};

struct sink_options {
  std::string name;
  std::shared_ptr<const config::topology> topology;
  std::uint32_t stage = 0;
  data::schema_ptr schema;  // the schema of the rows that the writer gets
  config::row_order order;
  bool takes_dead_letters = false;  // the dead-letter sink: schema is dead_letter_schema()
  claim who;                        // the claim, without `life`
  std::function<expected<std::unique_ptr<writer>>()> make_writer;
  /// Says whether an earlier life has committed under this state id, by the state folder.
  bool has_committed = false;
  messages::state_keeper keeper = {};  // the state folder's: told of the first commit; null: nothing is kept
  std::map<log_id, mark> lane_logs;    // logs that feed it, and where each starts
  std::vector<window_input> windows;
  std::uint64_t run = 0;  // the topology's run (actors/deployment/next_run.hpp)
  micros commit_every{100'000};
  std::chrono::milliseconds start_timeout{30'000};  // bound of the first open; after that a target is waited
                                                    // for
  /// Later, too, no longer than that: the run would end but for this target, and nobody mends it (standard
  /// output).
  bool gives_up_later = false;
  const wall_clock* clock = &system_clock();
  std::shared_ptr<sink_gauges> gauges = std::make_shared<sink_gauges>();
  std::shared_ptr<stage::losses> losses = std::make_shared<stage::losses>();  // the dead-letter sink's
  std::shared_ptr<stage::flow> flow = std::make_shared<stage::flow>();

  [[nodiscard]] std::string in_logs() const { return name_in_logs(who.topology, name); }
};

/// The value of the state folder that is there once this sink has committed.
[[nodiscard]] inline std::string committed_name(const std::string& sink) { return "committed/" + sink; }

/// `now`: higher than any earlier life of this sink; each opening of the target raises its count. Senders
/// come by messages::sender_up (shards) and by asking (lanes); the dead-letter sink by receiver_up.
[[nodiscard]] messages::sink spawn_sink(caf::actor_system& system, sink_options options, const life& now,
                                        messages::supervisor supervisor);

}  // namespace millrace::sink
