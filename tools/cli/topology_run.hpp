// One topology of `run`, from its state folder to its end. Several share a process and an actor system; each
// has a thread that waits for it, so that one that fails, or whose servers are away, holds up none of the
// others.
#pragma once

#include "actors/api/cluster_view.hpp"
#include "actors/node/host/lone_topology.hpp"
#include "actors/observe/loss_log.hpp"
#include "actors/observe/running.hpp"
#include "tools/cli/outcome.hpp"
#include "tools/cli/signal_watch.hpp"

#include <caf/actor_system.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace millrace::cli {

struct run_settings {
  std::chrono::milliseconds start_timeout{30'000};
  unsigned threads = 1;
  bool fresh = false;
  bool adopt = false;
};

/// The plan keeps this of how a topology was given.
struct given_topology {
  std::shared_ptr<const config::topology> topology;
  std::string text =
      {};  // its file in JSON, filled in (host::hosted_plan); empty: nodes cannot go on by themselves
  std::string command = {};  // the value of last_command.hpp
};

/// The paths and globs that a topology reads, for people; empty where it reads none.
[[nodiscard]] std::string files_of(const config::topology& t);

class topology_run {
public:
  /// Opens the state folder and checks that it fits; where it has ended, looks for files and lines
  /// that are new, and begins the run that takes them. Contacts nothing.
  [[nodiscard]] static expected<std::unique_ptr<topology_run>>
  open(given_topology given, const std::string& folder, const run_settings& settings);

  /// A bounded topology that has ended in an earlier process: nothing is left to do, neither
  /// replayed records nor anything new in its files.
  [[nodiscard]] bool was_finished() const { return was_finished_; }
  /// An earlier start has asked its sources, and this one goes on from there.
  [[nodiscard]] bool goes_on() const { return goes_on_; }
  /// It has ended: durable when this returns.
  [[nodiscard]] expected<void> mark_finished();
  [[nodiscard]] const config::topology& topology() const { return *topology_; }
  [[nodiscard]] const std::shared_ptr<const config::topology>& topology_ptr() const { return topology_; }
  [[nodiscard]] const std::string& folder() const { return folder_->folder(); }

  /// Connects, spawns, and blocks until it has ended; tells `board` what it can show meanwhile. Once.
  void run(caf::actor_system& system, const std::shared_ptr<observe::running_topologies>& board);

  /// Commits what was taken, and ends. Any thread may call, also before run().
  void stop();
  /// Returns its node's answers about it, from its start until leave(); null where there is none. Any thread
  /// may call.
  [[nodiscard]] std::shared_ptr<api::cluster_view> view();
  /// Asks its actors; once it has ended, returns what they said last. Any thread may call.
  struct standing {
    std::vector<messages::report_part> parts;
    bool finished = false;
  };
  [[nodiscard]] standing report();
  /// Returns the last report without blocking; none before the end.
  [[nodiscard]] standing last_report();
  /// Returns how it has ended; no value before that. Any thread may call.
  [[nodiscard]] std::optional<api::answers::topology> ended();
  /// Tells `to` how it has ended, at once or as soon as it has. Any thread may call.
  void wait(api::reply to);
  /// Ends its node, so that nobody answers for it any more. Called after run(), and before the end of its
  /// system.
  void leave();

  /// Reads what earlier processes of this state worked on when they ended, and lets the flight recorder go on
  /// from there for as long as this lives. Called before run(). One a process.
  void record_flight();

  // Valid after run().
  [[nodiscard]] const std::optional<error>& failure() const { return end_.failure; }
  /// The failure was found before anything outside was contacted.
  [[nodiscard]] bool found_wrong() const { return found_wrong_; }
  /// Gives the job's outcome (tools/cli/outcome.hpp), also after run(); of one that had ended
  /// before, what it came to then.
  [[nodiscard]] job_counts counts() const;
  /// Names the place of the dead letters for people.
  [[nodiscard]] std::string letters_lie_in() const {
    return observe::where_letters_lie(*topology_, folder() + "/dead_letters.jsonl");
  }
  /// Spawned: there is something to report.
  [[nodiscard]] bool was_started() const { return started_; }
  [[nodiscard]] const host::topology_end& end() const { return end_; }

private:
  topology_run() = default;
  void run_to_its_end(caf::actor_system& system, const std::shared_ptr<observe::running_topologies>& board);
  [[nodiscard]] deployment::pipeline_options how_to_run(std::optional<noted_work>& at_work);
  [[nodiscard]] std::shared_ptr<host::lone_topology> running();
  [[nodiscard]] api::answers::topology outcome() const;

  std::shared_ptr<const config::topology> topology_;
  std::shared_ptr<const host::run_folder> folder_;
  run_settings settings_;
  std::unique_ptr<flight_recorder> recorder_;
  std::optional<host::begun_run> begun_;          // until it starts
  std::shared_ptr<node::topology_state> values_;  // what the state keeps by name
  bool goes_on_ = false;
  bool was_finished_ = false;
  std::uint64_t run_ = 0;       // its number
  std::uint64_t replayed_ = 0;  // batches that were there before it started
  told_end before_;             // the last time when it came to its end
  std::mutex mutex_;  // guards stopping_, running_, waits_, ended_at_ and, until run() has returned, end_
  bool stopping_ = false;
  std::shared_ptr<host::lone_topology> running_;  // null: its node does not run
  std::vector<api::reply> waits_;                 // replies that wait for the end
  bool found_wrong_ = false;
  bool started_ = false;
  std::optional<event_micros> ended_at_;  // none: it is not over
  host::topology_end end_;
};

}  // namespace millrace::cli
