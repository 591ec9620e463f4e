// The hands of cluster::candidate and cluster::coordinator in one process: they ask the keeper, send envelopes,
// answer requests and tell the director, in the order of the effects. Their actor calls them, on its own
// thread.
#pragma once

#include "actors/node/control/post.hpp"
#include "runtime/cluster/candidate.hpp"
#include "runtime/cluster/history.hpp"
#include "runtime/cluster/lived_time.hpp"

#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

namespace millrace::node {

using whole_coordinator = coordinator_actor::extend<caf::reacts_to<meet_others>, caf::reacts_to<tick_due>>;

class coordinator_hands {
public:
  using promise = caf::typed_response_promise<cluster_answered>;

  coordinator_hands(whole_coordinator::pointer self, std::shared_ptr<const node_options> options,
                    control_keeper keeper);

  void meet(const meet_others& m);
  void on_tick();
  void on_envelope(const envelope_came& m);
  void on_known(const cluster_known& m);
  void on_up(const link_up& m);
  void on_lost(const link_lost& m);
  void on_dead(const process_dead& m);
  void on_leaves() { leaves_ = true; }
  void on_over(const node_is_over& m);
  promise on_ask(const ask_cluster& m);
  [[nodiscard]] cluster_described describe();

private:
  void look();
  [[nodiscard]] bool is_lost_to_all();
  void open(const seen_control& seen);
  void begin(const cluster::epoch& mine, cluster::control_state found);
  void lose_in_silence();
  void lose(const std::string& why);
  /// A store that cannot be read by this version, or at all, or that has lost the cluster, does not heal by itself: said
  /// as an error, once, as any failure of it is where no other node could lead. It stands again later: somebody may
  /// restore the store.
  void lose(const error& why);

  void run(const cluster::coordinator_effect_list& all);
  void run(const cluster::coordinator_effect& d);
  void append(const cluster::coordinator_effects::append& d);
  void write_base(const cluster::coordinator_effects::write_base& d);
  void clear(const std::string& chains);
  void on_cleared(const std::string& chains, const std::string& why);
  /// Asks the keeper for this change, or for a base, whose change is empty.
  template<class Request>
  void write_control(Request asked, cluster::change what);
  void on_appended(const control_appended& m, const cluster::change& what);
  void confirm_departures(const cluster::change& what);
  void step_down(const cluster::coordinator_effects::step_down& d);

  void on_word(const cluster::process_id& from, const cluster::signs::word& w);
  void on_left(const cluster::process_id& from, const cluster::signs::left& l);
  void on_heard(const cluster::signs::heard& h);
  void pass_on(const cluster::process_id& leader, const cluster::epoch& of);
  void on_alive(const cluster::process_id& from, const cluster::signs::alive& a);
  void on_event(const cluster::process_id& from, const cluster::node_event& e);
  void on_registration(const cluster::process_id& from, const cluster::registration& r);
  /// The session under which the process is known; 0: none.
  [[nodiscard]] cluster::session session_of(const cluster::process_id& who) const;
  /// One line each: info, but for warnings and errors. Alone, where nobody else sees a node, they are for debugging.
  /// The owner of the process keeps them.
  void tell(std::vector<cluster::told_event> all) const;
  /// Returns null where nobody has asked for it.
  struct asker;
  [[nodiscard]] const asker* asker_of(const cluster::told_event& e) const;
  /// A node that does not lead says who does, and when that one is lost.
  void tell_leader(const std::string& node);
  void tell_lost_leader(std::string_view why);
  /// Stops waiting for the words of a leader whose process is over.
  void on_process_over(const cluster::process_id& who);
  void give_words();
  void write(const std::string& node, std::uint64_t instance, envelope_content what);

  /// Silences are measured by the time that this process has lived through.
  [[nodiscard]] cluster::moment now() { return lived_.at(options_->clock()); }
  [[nodiscard]] micros jitter();

  whole_coordinator::pointer self_;
  std::shared_ptr<const node_options> options_;
  control_keeper keeper_;
  meet_others others_;
  std::mt19937_64 random_;
  cluster::lived_time lived_;
  cluster::candidate candidate_;
  std::optional<cluster::coordinator> leads_;
  std::optional<cluster::node_history> history_;    // set while it leads
  std::string told_leader_;                         // the log has it as the one that leads; empty: none
  std::string leader_;                              // the node whose word was heard last
  std::optional<cluster::process_id> leads_there_;  // its process, once a word of it was heard
  micros heard_leader_at_{};
  std::string known_;             // the cluster's id, once it was read or founded here
  std::string told_;              // the last error of the store that was said as one
  bool leaves_ = false;           // the process ends in order
  bool has_stood_alone_ = false;  // it stood alone when it began to leave
  bool is_refused_ = false;       // it does not stand: it was not told to, or the store is not this cluster's
  std::set<cluster::process_id> linked_;
  std::map<std::string, cluster::process_id> dead_;  // keyed by node; until a process of it is linked
  micros passes_on_at_{};
  cluster::name_claims claims_;
  struct asker {
    std::string about;  // a topology or node
    std::string through, change;
  };
  std::map<cluster::request_id, promise> asked_;
  std::map<cluster::request_id, asker> askers_;  // until they are answered
  cluster::request_id requests_ = 0;
  bool has_led_ = false;
  std::set<cluster::request_id> first_wishes_;  // wishes in node_options::begins_with, until they are
                                                // answered
  std::set<std::string> skewed_;                // nodes that were warned of
};

[[nodiscard]] whole_coordinator spawn_coordinator(caf::actor_system& system,
                                                  std::shared_ptr<const node_options> options,
                                                  control_keeper keeper);

}  // namespace millrace::node
