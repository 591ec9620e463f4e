// Decides about a run as a whole: who is told of whom, which partitions were found on the way, what a report
// holds, when everything has ended, and in which order lanes, shards and sinks stop. Pure: it is
// told what happened to members, by their names and lives, and gives effects; a supervisor runs them in their
// order, and spawns and restarts actors. News of a life that is not a member's present one is dropped here.
#pragma once

#include "runtime/base/error.hpp"
#include "runtime/control/found_partitions.hpp"
#include "runtime/messages/messages.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::control {

enum class member_kind : std::uint8_t { lane, shard, sink };

struct member {
  std::string name;
  member_kind kind = member_kind::lane;
  std::string parser = {};                  // a lane's
  std::vector<std::string> receivers = {};  // a lane's: names of shards and sinks, by receiver index
  std::size_t partitions = 0;               // a lane's: that it reads from the first
  log_id log = {};                          // a shard's: of its output
  std::vector<log_id> upstream = {};        // a shard's or sink's: outputs of shards that it gets
  bool takes_dead_letters = false;          // a sink's
  bool limits_drift = false;                // a lane's: it waits for slower partitions of other lanes
};

namespace director_effects {

/// A lane is told that its receiver of this index lives, or that it does not.
struct tell_receiver {
  std::string to;
  std::uint32_t index = 0;
  std::string receiver;
  bool lives = false;
  millrace::life life = {};  // the receiver's present or last one
  friend bool operator==(const tell_receiver&, const tell_receiver&) = default;
};
/// A shard or sink is told who gives it this log.
struct tell_sender {
  std::string to;
  log_id log;
  std::string sender;
  millrace::life life = {};  // the sender's
  friend bool operator==(const tell_sender&, const tell_sender&) = default;
};
/// A sink is told where its refused rows go.
struct tell_dead_letter_sink {
  std::string to;
  std::string sink;
  millrace::life life = {};  // that sink's life
  friend bool operator==(const tell_dead_letter_sink&, const tell_dead_letter_sink&) = default;
};
/// A shard or sink is told of a log that feeds it as well.
struct tell_log {
  std::string to;
  log_id log;
  mark start;
  friend bool operator==(const tell_log&, const tell_log&) = default;
};
/// A lane is told which one reads a partition from now on.
struct tell_partition {
  std::string to;
  std::string partition;
  std::string reader;
  friend bool operator==(const tell_partition&, const tell_partition&) = default;
};
/// A lane is told how far the slowest of its parser's other lanes is.
struct tell_slowest {
  std::string to;
  event_micros slowest = no_watermark;
  friend bool operator==(const tell_slowest&, const tell_slowest&) = default;
};
/// A lane is told whether it reads.
struct tell_paused {
  std::string to;
  bool is_paused = false;
  friend bool operator==(const tell_paused&, const tell_paused&) = default;
};
/// Its life ends as by a failure, and its next one begins.
struct restart {
  std::string who;
  friend bool operator==(const restart&, const restart&) = default;
};
/// It gives its part of the report.
struct collect {
  std::string from;
  friend bool operator==(const collect&, const collect&) = default;
};
struct stop {
  std::string who;
  friend bool operator==(const stop&, const stop&) = default;
};
/// It did not stop in time, and the others go on without it.
struct leave_behind {
  std::string who;
  friend bool operator==(const leave_behind&, const leave_behind&) = default;
};
/// reports_are_due() is called with the number after a while, stops_are_due() likewise.
struct wait_for_reports {
  std::uint64_t number = 0;
  friend bool operator==(const wait_for_reports&, const wait_for_reports&) = default;
};
struct wait_for_stops {
  std::uint64_t number = 0;
  friend bool operator==(const wait_for_stops&, const wait_for_stops&) = default;
};
/// The actor that has asked for the report gets parts().
struct give_report {
  friend bool operator==(const give_report&, const give_report&) = default;
};
/// All have stopped: the owner gets finished(), failure() and parts(). The last effect.
struct end_run {
  friend bool operator==(const end_run&, const end_run&) = default;
};

}  // namespace director_effects

using director_effect =
    std::variant<director_effects::tell_receiver, director_effects::tell_sender,
                 director_effects::tell_dead_letter_sink, director_effects::tell_log,
                 director_effects::tell_partition, director_effects::tell_slowest,
                 director_effects::tell_paused, director_effects::restart, director_effects::collect,
                 director_effects::stop, director_effects::leave_behind, director_effects::wait_for_reports,
                 director_effects::wait_for_stops, director_effects::give_report, director_effects::end_run>;
/// They run one after the other, before anything else is said to the director; news meanwhile (began())
/// gives effects that come after them.
using director_effect_list = std::vector<director_effect>;

class director {
public:
  /// `all_begin`: the first life of each member begins in this process, or the run fails. A lane then waits
  /// for receivers that have yet to begin; else it goes on without receivers that do not live.
  explicit director(const std::vector<member>& members, bool all_begin = false);

  // --- lives
  /// A life of it has begun, higher than all before: it and those that work with it are introduced.
  [[nodiscard]] director_effect_list began(const std::string& name, const life& now);
  /// It hears of all partitions that were found: some may have come after its life was prepared.
  [[nodiscard]] director_effect_list tell_of_found(const std::string& name) const;
  /// Its present life and those that work with it are introduced once more; so is all else that it was told, of partitions
  /// that were found and of the end.
  [[nodiscard]] director_effect_list introduce_again(const std::string& name) const;
  /// The run ends with this error, for good.
  [[nodiscard]] director_effect_list could_not_begin(const std::string& name, const error& why);
  /// Its present life is over. Its node begins the next one unasked, or the coordinator gives it another place; began()
  /// or could_not_begin() says how that went.
  [[nodiscard]] director_effect_list is_down(const std::string& name);
  /// This life was refused, because a higher one holds its chain or its target's claim. A successor in this
  /// run needs nothing more. If it is the newest life that this run has given, the state folder or the target
  /// belongs to another process: the run ends with the error, and nobody raises the number to get it back.
  [[nodiscard]] director_effect_list fenced(const std::string& name, const life& refused, const error& why);
  [[nodiscard]] bool lives(const std::string& name) const;
  /// It is the member's present life, with any count: a sink raises that with each opening of its target.
  [[nodiscard]] bool is_present(const std::string& name, const life& l) const;

  // --- partitions that are found while running
  /// Returns whether the partition is news: then its start is made durable, with the lane that
  /// found().next_reader() names, and start() called.
  [[nodiscard]] bool is_new(const std::string& lane, const life& of, const std::string& partition) const;
  [[nodiscard]] director_effect_list start(found_partition f);
  [[nodiscard]] const found_partitions& found() const { return found_; }

  // --- max_drift
  /// A lane's slowest partition that has more to read is there.
  [[nodiscard]] director_effect_list stands_at(const std::string& lane, const life& of, event_micros slowest);

  // --- requests from outside
  /// Lanes read nothing while it is paused; their later lives neither. The end comes all the same where it is asked for.
  [[nodiscard]] director_effect_list set_paused(bool is_paused);
  [[nodiscard]] bool is_paused() const { return is_paused_; }
  /// The members of a stage that live, or the one of this name: `who` is a parser, window, sink or actor. Empty: there is
  /// none, or the run ends.
  [[nodiscard]] director_effect_list restart(const std::string& who) const;

  // --- the end
  /// `found`: the partitions found of which it had heard by then. It is not complete yet if these are not
  /// all.
  [[nodiscard]] director_effect_list completed(const std::string& name, const life& of, std::uint64_t found);
  /// A member says that it cannot go on.
  [[nodiscard]] director_effect_list failed(const std::string& name, const life& of, const error& why);
  /// A member is given up, or anything else is gone that the run cannot do without.
  [[nodiscard]] director_effect_list given_up(const std::string& name, const error& why);
  [[nodiscard]] director_effect_list end();
  [[nodiscard]] director_effect_list stopped(const std::string& name, const life& of);
  [[nodiscard]] director_effect_list stops_are_due(std::uint64_t number);
  [[nodiscard]] bool is_ending() const { return phase_ != phase::running; }
  [[nodiscard]] bool has_ended() const { return phase_ == phase::ended; }
  /// The bounded sources came to their end, and everybody has everything.
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] const std::optional<error>& failure() const { return failure_; }

  // --- reports
  [[nodiscard]] director_effect_list report();
  [[nodiscard]] director_effect_list part(const messages::report_part& p);
  [[nodiscard]] director_effect_list reports_are_due(std::uint64_t number);
  /// The newest of each shard and sink, by name; `missing` names one that did not answer when it was last asked.
  [[nodiscard]] std::vector<messages::report_part> parts() const;

private:
  /// The end goes through these phases: members that wait for their next life begin it, since they have
  /// counts, too; all report while everybody lives; lanes stop, then shards, then sinks.
  enum class phase : std::uint8_t {
    running,
    restarting,
    reporting,
    stopping_lanes,
    stopping_shards,
    stopping_sinks,
    ended
  };
  struct state {
    member what;
    bool lives = false;
    life now = {};                                    // the present one, or the last
    event_micros slowest = no_watermark;              // a lane's last word, of whichever life
    std::optional<event_micros> told_of_others = {};  // this life of a lane
  };

  [[nodiscard]] bool has_stop_phase() const {
    return phase_ >= phase::stopping_lanes && phase_ != phase::ended;
  }
  void introduce(const state& m, director_effect_list& out) const;
  void introduce_to_lane(const state& lane, const state& receiver, director_effect_list& out) const;
  static void introduce_to_lane(const state& lane, const state& receiver, std::uint32_t index,
                                director_effect_list& out);
  void introduce_shard(const state& shard, const state& to, director_effect_list& out) const;
  void introduce_dead_letter_sink(const state& sink, const state& dead, director_effect_list& out) const;
  void tell_lanes_of(const std::string& parser, director_effect_list& out);
  void note_failure(const std::string& name, const error& why);
  void begin_end(director_effect_list& out);
  void restarted(const std::string& name, director_effect_list& out);
  /// Returns true if its next life is waited for, since its counts are missing.
  bool restart_at_end(const std::string& name);
  void collect(director_effect_list& out);
  void no_longer_collects(const std::string& name, director_effect_list& out);
  void collected(director_effect_list& out);
  void has_stopped(const std::string& name, director_effect_list& out);
  void next_phase(director_effect_list& out);

  std::map<std::string, state> members_;
  std::size_t receivers_ = 0;  // shards and sinks
  found_partitions found_;
  phase phase_ = phase::running;
  bool is_paused_ = false;
  std::set<std::string> completed_;
  std::optional<error> failure_;
  bool finished_ = false;
  std::set<std::string> restarting_;
  bool all_begin_;
  std::set<std::string> waiting_for_;  // members that have to stop in this phase
  std::uint64_t stop_number_ = 0;
  std::set<std::string> collecting_;
  std::set<std::string> answered_;  // members that have answered since all were asked
  std::uint64_t report_number_ = 0;
  std::map<std::string, messages::report_part> parts_;
  std::set<std::string> reported_at_end_;  // members that have reported since the end began
  std::set<std::string> restarted_at_end_;
};

}  // namespace millrace::control
