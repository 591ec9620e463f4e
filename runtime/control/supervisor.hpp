// The supervisor of one process: spawns lanes, shards and sinks by the factories that it is given, tells them
// of each other, restarts alone whatever fails (under a new term, with back-off), and ends the run when every
// sink has everything, when a stop is asked for, or when an error says that trying again will not help.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/control/found_partitions.hpp"
#include "runtime/delivery/lane_log.hpp"
#include "runtime/messages/messages.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace millrace::control {

struct sink_spec {
  std::string name;
  bool takes_dead_letters = false;
  std::vector<log_id> shard_logs;  // whose output it gets
  /// `found`: logs of lanes that feed it as well, since they were found while running.
  std::function<messages::sink(const life& now, const std::map<log_id, mark>& found,
                               const messages::supervisor& supervisor)>
      spawn;
};

struct shard_spec {
  std::string name;
  log_id log;
  std::vector<log_id> upstream;  // outputs of other windows' shards that it gets
  /// Loads the last good snapshot; may block. At the start called for several shards at once, on threads of
  /// their own. `found`: as a sink's.
  std::function<expected<messages::shard>(const life& now, const std::map<log_id, mark>& found,
                                          const messages::supervisor& supervisor)>
      spawn;
};

struct lane_spec {
  std::string name;
  std::string parser;
  std::size_t partitions = 0;          // that it reads from the first
  bool limits_drift = false;           // it is told how far the parser's other lanes are
  std::vector<std::string> receivers;  // names of shards and sinks, by receiver index
  /// `found`: partitions of its parser that were found while running. `failing`: what its earlier lives have
  /// said; records that are given up before this one begins are noted in it. May block.
  std::function<expected<messages::lane>(
      const life& now, delivery::lane_log::start how, const std::vector<found_partition>& found,
      delivery::failing_records& failing, const messages::supervisor& supervisor)>
      spawn;
};

struct supervisor_options {
  /// The term of a life: above all that were given before, also by earlier processes. Called on the
  /// supervisor's thread once for each life, before it is spawned; may block.
  std::function<expected<incarnation>()> next_term;
  std::vector<sink_spec> sinks;
  std::vector<shard_spec> shards;
  std::vector<lane_spec> lanes;
  messages::snapshot_writer snapshot_writer;
  messages::state_keeper state_keeper;  // messages::keep_start goes there
  /// Told of each actor that has failed and will live again; on the supervisor's thread.
  std::function<void(const std::string& actor)> note_restart = [](const std::string&) {};
};

/// To whoever spawned it, once: all actors have stopped.
struct run_ended {
  bool finished = false;  // the bounded sources came to their end
  std::optional<error> failure;
  std::vector<messages::report_part> parts;  // the last report
};
/// To the supervisor: end the run, committing what was taken.
struct end_run {};
/// To the supervisor; answered by report_collected.
struct get_report {};
struct report_collected {
  std::vector<messages::report_part> parts;
};
/// To the supervisor: lanes read nothing from now on, or read again.
struct pause_reading {
  bool is_paused = false;
};
/// To the supervisor: these live anew (director::restart()).
struct restart_members {
  std::string who;
};
/// To the supervisor, tests only: the child of this name fails as by a bug.
struct fail_child {
  std::string name;
};

/// Whoever has spawned a supervisor; and whoever asks for a report.
using run_owner = caf::typed_actor<caf::reacts_to<run_ended>>;
using report_reader = caf::typed_actor<caf::reacts_to<report_collected>>;
/// What its children say to it, and what its process does.
using supervisor_actor =
    messages::supervisor::extend<caf::reacts_to<end_run>, caf::reacts_to<get_report>,
                                 caf::reacts_to<pause_reading>, caf::reacts_to<restart_members>,
                                 caf::reacts_to<fail_child>>;

/// Runs on a thread of its own, since loading snapshots blocks.
[[nodiscard]] supervisor_actor spawn_supervisor(caf::actor_system& system, supervisor_options options,
                                                run_owner owner);

}  // namespace millrace::control

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::run_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::end_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::get_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::report_collected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::pause_reading)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::restart_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::fail_child)
