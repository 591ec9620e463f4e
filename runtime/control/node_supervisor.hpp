// The supervisor's hands: it gives each life of an actor its term, makes the actors of this process by the
// factories that it is given, restarts with back-off whatever fails, and carries out what the director
// orders. Its actor calls it, on its own thread.
#pragma once

#include "runtime/control/any_actor.hpp"
#include "runtime/control/director.hpp"
#include "runtime/control/life_backoff.hpp"
#include "runtime/control/supervisor.hpp"

#include <caf/typed_event_based_actor.hpp>

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

/// With what the keeper answers, and it sends to itself.
using whole_supervisor =
    supervisor_actor::extend<caf::reacts_to<messages::start_kept>, caf::reacts_to<restart_child>,
                             caf::reacts_to<stop_took_too_long>, caf::reacts_to<report_took_too_long>>;

class node_supervisor {
public:
  node_supervisor(whole_supervisor::pointer self, supervisor_options options, run_owner owner);

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
  void on_completed(const messages::completed& m) {
    carry_out(director_.completed(m.actor, m.life, m.found));
  }
  void on_failed(const messages::stage_failed& m) { carry_out(director_.failed(m.actor, m.life, m.why)); }
  void on_fenced(const messages::fenced& m) { carry_out(director_.fenced(m.actor, m.life, m.why)); }
  void on_set_paused(bool is_paused) { carry_out(director_.set_paused(is_paused)); }
  void on_restart_asked(const std::string& who) { carry_out(director_.restart(who)); }
  void begin_stop() { carry_out(director_.end()); }
  void on_report_request(const report_reader& to);
  void on_part(const messages::report_part& part) { carry_out(director_.part(part)); }
  void on_report_timeout(std::uint64_t number) { carry_out(director_.reports_are_due(number)); }
  void on_stopped(const messages::stopped& m) { carry_out(director_.stopped(m.actor, m.life)); }
  void on_stop_timeout(std::uint64_t number) { carry_out(director_.stops_are_due(number)); }
  void on_recovered(const messages::recovered& m);
  void on_fail_child(const std::string& name);

private:
  struct child {
    member_kind what = member_kind::lane;
    std::size_t index = 0;
    any_actor handle;  // none: it does not live
    life_backoff waits;
    std::string last_failure = {};           // why it is down, for the log
    delivery::failing_records failing = {};  // a lane's: what its lives have said
  };

  /// Those of one kind, at the start; shards side by side, since each reads its snapshots first. False: one
  /// of them could not be made.
  bool spawn_all(member_kind what);
  [[nodiscard]] expected<life> next_life();
  /// On any thread; changes nothing but this child.
  [[nodiscard]] expected<any_actor> make(const std::string& name, child& c, const life& now,
                                         delivery::lane_log::start how) const;
  /// Where it could not be made the run ends.
  void begin_life(const std::string& name, const expected<life>& now, expected<any_actor> made);
  void begin_again(const std::string& name);
  void begin_later(const std::string& name);
  [[nodiscard]] micros now_running() const;
  void on_down(const caf::down_msg& m);
  /// Whether it was this one; then the run ends, since nothing more becomes durable.
  template<class Keeper>
  bool has_lost(Keeper& keeper, const caf::down_msg& m, const std::string& what);

  void carry_out(order_list orders);
  void carry_out(const order& o);
  /// Nothing where it does not live.
  template<class Message>
  void tell(const std::string& name, Message m);
  /// The present life's, as one of this interface; null where it does not live.
  template<class Interface>
  [[nodiscard]] Interface handle_of(const std::string& name) const;

  whole_supervisor::pointer self_;
  supervisor_options options_;
  run_owner owner_;
  std::map<std::string, child> children_;
  director director_;
  std::deque<order> orders_;  // given, and not yet carried out
  bool carrying_out_ = false;
  std::vector<report_reader> report_for_;
};

}  // namespace millrace::control

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::restart_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::stop_took_too_long)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(millrace::control::report_took_too_long)
