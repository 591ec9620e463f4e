// The hands of cluster::node_agent: it begins and ends lives through the factory, restarts with back-off
// what has failed, tells the coordinator of the newest epoch, and takes a session only once its own look at
// the store shows it (J2). Its actor calls it, on its own thread.
#pragma once

#include "actors/node/control/post.hpp"
#include "runtime/cluster/node_agent.hpp"
#include "runtime/control/life_backoff.hpp"

#include <map>
#include <optional>
#include <random>
#include <set>

namespace millrace::node {

using whole_agent =
    agent_actor::extend<caf::reacts_to<meet_others>, caf::reacts_to<restart_due>, caf::reacts_to<end_is_due>>;

class agent_hands {
public:
  agent_hands(whole_agent::pointer self, std::shared_ptr<const node_options> options, control_keeper keeper);

  void meet(const meet_others& m) { others_ = m; }
  void on_envelope(const envelope_came& m);
  void on_life_over(const life_over& m);
  void on_life_recovered(const life_recovered& m);
  void on_detach(const detach_node& m) { options_->lives->detach(m.node); }
  void on_foreign_store(const store_is_foreign& m);
  void on_leave(const leave_cluster& m);
  void on_restart(const restart_due& m);
  void on_end_due() { end_process(); }
  void on_nobody_leads();
  /// One of the actors of this process has failed.
  void on_lost_colleague(const std::string& why);
  /// Says why the process is over; whoever asks may outlive this actor.
  [[nodiscard]] std::shared_ptr<const std::string> why_over() const { return why_over_; }

private:
  struct waiting_life {
    std::uint64_t generation = 0;
    life now;
  };
  using lives_begun = std::set<std::pair<cluster::actor_id, life>>;
  struct boss {
    cluster::process_id who;
    cluster::epoch of;
  };

  void obey(const boss& b);
  void on_word(const cluster::process_id& from, const cluster::signs::word& w);
  void on_command(const cluster::process_id& from, const cluster::node_command& c);
  void prove_session(const cluster::process_id& from, const cluster::node_command& c,
                     const cluster::commands::welcome& w);
  /// `why`: a life has failed, and another one of the actor is among the effects.
  void run(const cluster::agent_effect_list& all, const boss& asked_by, const std::string& why = {});
  void begin(const cluster::agent_effects::begin& o);
  void begin_later(const cluster::agent_effects::begin& o, const std::string& why);
  /// The entry of this life, whose count may have risen since it began.
  [[nodiscard]] lives_begun::const_iterator find_alive(const cluster::actor_id& actor, const life& l) const;
  void end(const cluster::agent_effects::end& o);
  void leave(const std::string& why);
  void end_if_all_have();
  void end_process();
  void write(const cluster::process_id& to, envelope_content what);
  [[nodiscard]] event_micros wall() const { return options_->clock().wall; }

  whole_agent::pointer self_;
  std::shared_ptr<const node_options> options_;
  control_keeper keeper_;
  meet_others others_;
  cluster::node_agent agent_;
  std::mt19937_64 random_;
  std::optional<boss> boss_;  // the leader of the highest epoch that was heard of
  bool is_proving_ = false;
  lives_begun alive_;                                   // begun, and not reported as over
  std::map<cluster::actor_id, waiting_life> restarts_;  // lives to begin after a while
  std::map<cluster::actor_id, control::life_backoff> waits_;
  std::optional<std::string> leaves_;  // the reason why it leaves
  std::shared_ptr<std::string> why_over_ = std::make_shared<std::string>("its agent has failed");
  bool is_cut_off_ = false;  // nobody can record that it leaves
  bool is_over_ = false;
};

[[nodiscard]] whole_agent spawn_agent(caf::actor_system& system, std::shared_ptr<const node_options> options,
                                      control_keeper keeper);

}  // namespace millrace::node
