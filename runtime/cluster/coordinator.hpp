// The writer of `control`: which lives there are, and where. Pure: it is told what happened, and answers with
// effects that its owner runs in their order. It holds no truth that `control` and the nodes'
// registrations do not give again, so another one can take over at any time. One thread at a time.
//
// No command leaves before its record counts: an effect appends first, and on its acknowledgement
// (on_appended) commands and answers follow. One append is under way at a time.
#pragma once

#include "runtime/base/backoff.hpp"
#include "runtime/cluster/control_state.hpp"
#include "runtime/cluster/node_messages.hpp"
#include "runtime/cluster/node_watch.hpp"
#include "runtime/cluster/placement.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace millrace::cluster {

/// A number that the requester has chosen; the answer has it.
using request_id = std::uint64_t;

/// Anybody may ask for these; numbers that the coordinator gives may be left out.
using request = std::variant<records::topology_applied, records::stop_asked, records::drain_set,
                             records::node_forgotten, records::formats_raised, records::verdict_given,
                             records::verdicts_settled, records::partition_started, records::topology_failed,
                             records::finished, records::pause_set, records::topology_removed>;

namespace coordinator_effects {

/// Append this to `control` under the epoch, then call on_appended().
struct append {
  std::uint64_t number = 0;
  cluster::change what;
};
/// Append the base of state() likewise.
struct write_base {
  std::uint64_t number = 0;
};
struct send {
  std::string node;
  std::uint64_t instance = 0;  // the process's instance; 0: whichever the node has
  node_command what;
};
/// Senders beside the coordinator detach their receivers on that node.
struct detach {
  std::string node;
};
/// The topology's entry in state() has another status, plan, place, start or verdict, or is gone: its director acts.
struct tell_director {
  std::string topology;
};
struct answer {
  request_id request = 0;
  std::optional<error> failure = {};
  std::vector<actor_id> lost = {};  // actors that were pinned to a forgotten node
};
/// Remove these chains, with all that was spilled beside them, from the store, then call on_cleared().
struct clear_chains {
  std::string chains;
};
/// The last one: this epoch is over. `stands_again`: nobody else is known to have a higher one.
struct step_down {
  bool stands_again = false;
  std::string why;
};

}  // namespace coordinator_effects

using coordinator_effect =
    std::variant<coordinator_effects::append, coordinator_effects::write_base, coordinator_effects::send,
                 coordinator_effects::detach, coordinator_effects::tell_director, coordinator_effects::answer,
                 coordinator_effects::clear_chains, coordinator_effects::step_down>;
using coordinator_effect_list = std::vector<coordinator_effect>;

enum class append_outcome : std::uint8_t {
  acknowledged,
  refused,  // a higher epoch is there
  unknown,  // it may count, now or later
};

class coordinator {
public:
  /// `found`: what the opening of `control` under this epoch has read. `is_alone`: the cluster has one node, in the process of
  /// its coordinator, so nobody is waited for, and nobody is away.
  coordinator(epoch mine, control_state found, moment now, const silence& limits = {}, bool is_alone = false);

  /// Once, first. `cluster` and `formats` are for one that nobody has founded yet.
  [[nodiscard]] coordinator_effect_list begin(const std::string& cluster, std::uint32_t formats, moment now);
  /// Once, before begin(): the node of its own process. The lead is handed over when that one drains or leaves.
  void lives_on(std::string node) { own_ = std::move(node); }
  /// This node was not heard since then, which is before this epoch: nobody waits for it twice.
  void silent_since(const std::string& node, micros then) { watch_.silent_since(node, then); }
  [[nodiscard]] coordinator_effect_list on_appended(std::uint64_t number, append_outcome how, moment now);
  /// Called at least every 100 ms.
  [[nodiscard]] coordinator_effect_list tick(moment now);
  [[nodiscard]] coordinator_effect_list on_request(request_id id, request what, moment now);

  /// Any process may have cleared them: chains of a removed topology may go twice, and by two coordinators at once, since nobody
  /// gets their name again.
  [[nodiscard]] coordinator_effect_list on_cleared(const std::string& chains, bool is_done, moment now);

  // --- nodes
  [[nodiscard]] coordinator_effect_list on_link_up(const std::string& node, moment now);
  [[nodiscard]] coordinator_effect_list on_registered(const registration& r, moment now);
  /// A sign of life.
  [[nodiscard]] coordinator_effect_list on_heard(const std::string& node, cluster::session session,
                                                 moment now);
  [[nodiscard]] coordinator_effect_list on_life_began(const std::string& node, const life_began& e,
                                                      moment now);
  [[nodiscard]] coordinator_effect_list on_life_ended(const std::string& node, const life_ended& e,
                                                      moment now);
  [[nodiscard]] coordinator_effect_list on_link_lost(const std::string& node, cluster::session session,
                                                     moment now);
  /// Its process is known to be gone: a reconnect was refused.
  [[nodiscard]] coordinator_effect_list on_node_dead(const std::string& node, cluster::session session,
                                                     moment now);
  /// Its process ends in order, and says so with each word until that is recorded. The own one goes last: after those that leave
  /// at the same time, and, for a moment, after another one has taken the lead.
  [[nodiscard]] coordinator_effect_list on_node_left(const std::string& node, cluster::session session,
                                                     moment now);
  /// A node or a word of another coordinator names a higher epoch.
  [[nodiscard]] coordinator_effect_list on_higher_epoch(const epoch& other, moment now);

  [[nodiscard]] const epoch& mine() const { return epoch_; }
  /// Holds what counts.
  [[nodiscard]] const control_state& state() const { return state_; }
  [[nodiscard]] const node_watch& nodes() const { return watch_; }
  [[nodiscard]] bool is_over() const { return is_over_; }
  /// Returns whether that node may have the lead: the own one drains or leaves, and that one does not.
  [[nodiscard]] bool yields_to(const std::string& node) const;
  /// The actors that no node can have, as placement says.
  [[nodiscard]] std::vector<actor_id> waiting(moment now) const;

private:
  struct wish {
    std::optional<request_id> request;
    record what;
  };
  struct under_way {
    std::uint64_t number = 0;
    cluster::change what = {};
    std::optional<request_id> request = {};
    std::vector<actor_id> lost = {};
  };
  struct moving {
    actor_id actor;
    incarnation term = 0;
  };
  /// An actor that is fenced off gets a new term at once twice, then after a wait that doubles.
  struct fence_count {
    int times = 0;
    backoff waits{{.first = std::chrono::milliseconds(200), .longest = std::chrono::seconds(30), .jitter = 0},
                  0};
    micros last{};
    micros until{};  // no new term before

    void note(micros at);
  };

  /// Decides what follows from all that is known: the next record, if none is under way.
  coordinator_effect_list advance(moment now);
  void admit_next(moment now);
  [[nodiscard]] std::optional<error> refusal(const wish& w) const;
  void append(cluster::change what, std::optional<request_id> request = {}, std::vector<actor_id> lost = {});
  void wish_for(record what) { wishes_.push_back({std::nullopt, std::move(what)}); }
  void answer(std::optional<request_id> request, std::optional<error> failure = {},
              std::vector<actor_id> lost = {});
  void end_epoch(bool stands_again, std::string why);

  /// Chains of removed topologies, one after the other; what fails is tried again.
  void clear(moment now);
  void place(moment now);
  [[nodiscard]] cluster::change grants(moment now) const;
  [[nodiscard]] bool is_fenced_off(const actor_id& actor, moment now) const;
  void note_fenced(const actor_id& actor, micros at);
  [[nodiscard]] bool is_moving();
  [[nodiscard]] std::vector<offered_node> offered(moment now) const;
  [[nodiscard]] std::vector<placeable_actor> placeable(moment now) const;
  [[nodiscard]] bool may_begin(const actor_state& a, moment now) const;

  [[nodiscard]] expected<void> acknowledge(const record& r);
  void take_effect(const records::topology_applied& r);
  void take_effect(const records::session_given& r);
  void take_effect(const records::session_ended& r);
  void take_effect(const records::node_forgotten& r);
  void take_effect(const records::placed& r);
  void take_effect(const records::term_granted& r);
  void take_effect(const records::topology_failed& r) { tell_director(r.topology); }
  void take_effect(const records::finished& r) { tell_director(r.topology); }
  void take_effect(const records::stop_asked& r) { tell_director(r.topology); }
  void take_effect(const records::pause_set& r) { tell_director(r.topology); }
  void take_effect(const records::verdict_given& r) { tell_director(r.topology); }
  void take_effect(const records::partition_started& r) { tell_director(r.topology); }
  void take_effect(const records::topology_removed& r) { tell_director(r.topology); }
  void take_effect(const records::chains_cleared& r);
  void take_effect(const records::crash_told& r) { tell_director(r.actor.topology); }
  void take_effect(const auto&) {}
  /// Stops actors that the record ends where they run; called before the record is folded.
  void stop_what_ends(const record& r);
  /// Tells the director once, after all other effects of the same change.
  void tell_director(const std::string& topology) { changed_.insert(topology); }

  void compare(const registration& r);
  void detach(const std::string& node);
  void leave(const std::string& node, std::uint64_t instance, std::string why);
  /// Tells the present process of that name to leave.
  void dismiss(const std::string& node, const std::string& why);
  /// The own node is to leave: whether others still need this coordinator.
  [[nodiscard]] bool is_needed(moment now);
  template<class Command>
  void send(const std::string& node, cluster::session session, Command what);

  epoch epoch_;
  control_state state_;
  bool is_alone_ = false;
  node_watch watch_;
  std::string own_;                  // the node of its process; empty: it is not known
  std::optional<micros> leaves_at_;  // the own one at the latest, for all that stay
  std::deque<wish> wishes_;
  std::optional<under_way> under_way_;
  std::uint64_t number_ = 0;
  std::size_t since_base_ = 0;                    // records
  std::map<std::string, std::uint64_t> joining_;  // instances whose session is wished for
  std::set<actor_id> wanted_;                     // need a new term where they are
  std::map<actor_id, fence_count> fences_;        // counted under this coordinator
  std::set<std::string> changed_;                 // topologies whose directors are to be told
  std::optional<std::string> clearing_;           // set until that is recorded, or has failed
  std::string cleared_last_;                      // tried last: others come first
  micros clears_at_{};
  std::optional<moving> moving_;  // the one that changes its node with reason, not need
  bool is_over_ = false;
  coordinator_effect_list out_;
};

}  // namespace millrace::cluster
