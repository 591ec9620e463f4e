// The supervisor's state: which children live, who is told of whom, how a run ends. Its actor calls it, on
// its own thread; the children's part is in supervisor_children.cpp, the reports' and the end's in
// supervisor_end.cpp.
#pragma once

#include "runtime/base/backoff.hpp"
#include "runtime/control/supervisor.hpp"

#include <caf/event_based_actor.hpp>

#include <chrono>
#include <map>
#include <set>

namespace millrace::control {

/// Sent to itself.
struct restart_child {
  std::string name;
};
struct stop_took_too_long {
  int phase;
};
struct report_took_too_long {
  std::uint64_t number;
};

class supervisor {
public:
  supervisor(caf::event_based_actor* self, supervisor_options options, caf::actor owner);

  void start();
  void on_restart(const std::string& name);
  /// Its start is durable before anybody knows of it; its receivers know of it before a lane asks them.
  void on_partition_found(const messages::partition_found& m);
  void on_completed(const std::string& name);
  void on_failed(const messages::stage_failed& m);
  void begin_stop();
  void on_report_request(const caf::actor& to);
  void on_part(const messages::report_part& part);
  void on_report_timeout(std::uint64_t number);
  void on_stopped(const std::string& name);
  void on_stop_timeout(int phase);
  void on_recovered(const std::string& name);
  void on_fail_child(const std::string& name);
  /// What is in hand is of an actor that is taken for dead: another one has its name.
  [[nodiscard]] bool is_from_former_life(const std::string& name) const;

private:
  using clock = std::chrono::steady_clock;
  enum class kind : std::uint8_t { lane, shard, sink };
  static constexpr backoff_options restart_backoff{.first = std::chrono::milliseconds(50)};

  struct child {
    kind what = kind::lane;
    std::size_t index = 0;
    caf::actor handle;
    bool lives = false;
    backoff waits{restart_backoff};
    clock::time_point since{};
  };

  /// Those of one kind, at the start; shards side by side, since each reads its snapshots first.
  bool spawn_all(kind what);
  bool spawn(const std::string& name, child& c, delivery::lane_log::start how);
  /// On any thread; changes nothing here.
  [[nodiscard]] expected<caf::actor> make(const std::string& name, const child& c,
                                          delivery::lane_log::start how) const;
  /// False: the run ends, since it could not be made.
  bool begin_life(const std::string& name, child& c, expected<caf::actor> made);
  /// Tells a child whom it works with, and them of it.
  void introduce(const std::string& name, child& c);
  void introduce_receiver(const child& lane, const std::string& receiver, std::size_t index);
  void introduce_to_lane(const child& lane, const std::string& receiver, const child& c);
  /// To a sink, or a shard of a window behind, that gets its output.
  void introduce_shard(const child& shard, const child& to);
  void introduce_dead_letter_sink(const child& sink, const child& dead);
  void on_down(const caf::down_msg& m);
  /// It failed while the run ends: gives it one life more if its counts are missing. False: it stays down.
  bool revive_at_end(const std::string& name, child& c);
  void on_snapshot_writer_down();
  void collect();
  void collected();
  /// Lanes, shards, sinks; then the run is over.
  void next_phase();
  void end(std::vector<messages::report_part> parts);

  caf::event_based_actor* self_;
  supervisor_options options_;
  caf::actor owner_;
  std::map<std::string, child> children_;
  found_partitions found_;
  std::set<std::string> completed_;
  std::optional<error> failure_;
  bool finished_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  int phase_ = -1;
  std::set<std::string> waiting_for_;
  std::map<std::string, messages::report_part> parts_;
  std::set<std::string> collecting_;
  std::set<std::string> reported_at_end_;  // since the stop began
  std::set<std::string> revived_at_end_;
  std::vector<caf::actor> report_for_;
  std::uint64_t report_number_ = 0;
};

}  // namespace millrace::control

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::restart_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::stop_took_too_long)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::report_took_too_long)
