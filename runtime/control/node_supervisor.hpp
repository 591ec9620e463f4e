// The supervisor's hands: it gives each life of an actor its term, makes the actors of this process by the
// factories that it is given, restarts with back-off whatever fails, and carries out what the director
// orders. Its actor calls it, on its own thread.
#pragma once

#include "runtime/base/backoff.hpp"
#include "runtime/control/director.hpp"
#include "runtime/control/supervisor.hpp"

#include <caf/event_based_actor.hpp>

#include <chrono>
#include <deque>
#include <map>

namespace millrace::control {

/// Sent to itself.
struct restart_child {
  std::string name;
};
struct stop_took_too_long {
  std::uint64_t number;
};
struct report_took_too_long {
  std::uint64_t number;
};

class node_supervisor {
public:
  node_supervisor(caf::event_based_actor* self, supervisor_options options, caf::actor owner);

  void start();
  void on_restart(const std::string& name);
  /// Its start is durable before anybody knows of it; its receivers know of it before a lane asks them.
  void on_partition_found(const messages::partition_found& m);
  void on_start_kept(const messages::start_kept& m);
  void on_stands_at(const messages::stands_at& m) {
    carry_out(director_.stands_at(m.actor, m.life, m.slowest));
  }
  /// Kept for the lane's next life.
  void on_attempt_failed(const messages::attempt_failed& m);
  void on_went_well(const messages::attempt_went_well& m);
  void on_completed(const messages::completed& m) { carry_out(director_.completed(m.actor, m.life)); }
  void on_failed(const messages::stage_failed& m) { carry_out(director_.failed(m.actor, m.life, m.why)); }
  void on_fenced(const messages::fenced& m) { carry_out(director_.fenced(m.actor, m.life, m.why)); }
  void begin_stop() { carry_out(director_.end()); }
  void on_report_request(const caf::actor& to);
  void on_part(const messages::report_part& part) { carry_out(director_.part(part)); }
  void on_report_timeout(std::uint64_t number) { carry_out(director_.reports_are_due(number)); }
  void on_stopped(const messages::stopped& m) { carry_out(director_.stopped(m.actor, m.life)); }
  void on_stop_timeout(std::uint64_t number) { carry_out(director_.stops_are_due(number)); }
  void on_recovered(const messages::recovered& m);
  void on_fail_child(const std::string& name);

private:
  using clock = std::chrono::steady_clock;
  static constexpr backoff_options restart_backoff{.first = std::chrono::milliseconds(50)};

  struct child {
    member_kind what = member_kind::lane;
    std::size_t index = 0;
    caf::actor handle;  // while it lives
    backoff waits{restart_backoff};
    clock::time_point since{};
    std::string last_failure = {};           // why it is down, for the log
    delivery::failing_records failing = {};  // a lane's: what its lives have said
  };

  /// Those of one kind, at the start; shards side by side, since each reads its snapshots first. False: one
  /// of them could not be made.
  bool spawn_all(member_kind what);
  [[nodiscard]] expected<life> next_life();
  /// On any thread; changes nothing but this child.
  [[nodiscard]] expected<caf::actor> make(const std::string& name, child& c, const life& now,
                                          delivery::lane_log::start how) const;
  /// Where it could not be made the run ends.
  void begin_life(const std::string& name, const expected<life>& now, expected<caf::actor> made);
  void begin_again(const std::string& name);
  void begin_later(const std::string& name);
  void on_down(const caf::down_msg& m);
  /// Whether it was this one; then the run ends, since nothing more becomes durable.
  bool has_lost(caf::actor& keeper, const caf::down_msg& m, const std::string& what);

  void carry_out(order_list orders);
  void carry_out(const order& o);
  template<class Message>
  void tell(const std::string& name, Message m);
  [[nodiscard]] caf::actor handle_of(const std::string& name) const { return children_.at(name).handle; }

  caf::event_based_actor* self_;
  supervisor_options options_;
  caf::actor owner_;
  std::map<std::string, child> children_;
  director director_;
  std::deque<order> orders_;  // given, and not yet carried out
  bool carrying_out_ = false;
  std::vector<caf::actor> report_for_;
};

}  // namespace millrace::control

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::restart_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::stop_took_too_long)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::report_took_too_long)
