#include "actors/node/control/coordinator_hands.hpp"

#include "actors/node/stores/chain_store.hpp"
#include "runtime/base/random.hpp"
#include "runtime/control/actor_error.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/data/log_line.hpp"
#include "runtime/messages/plain_message.hpp"

#include <boost/json/array.hpp>
#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace millrace::node {
namespace {

// Removes the chains of a removed topology from the store: on a thread of its own, which it has for one call.

/// Answered by chains_went, after which the clearer ends.
struct clear_these {
  std::string chains;
};
struct chains_went {
  std::string chains;
  std::optional<error> failure;
};

using chain_clearer = caf::typed_actor<caf::replies_to<clear_these>::with<chains_went>>;

chain_clearer::behavior_type clearer_behaviour(chain_clearer::pointer self,
                                               const std::shared_ptr<chain_store>& store) {
  return {[=](const clear_these& m) -> chains_went {
    const auto done = store->clear(m.chains);
    self->quit();
    return {m.chains, done ? std::nullopt : std::optional(done.error())};
  }};
}

chain_clearer spawn_chain_clearer(caf::actor_system& system, std::shared_ptr<chain_store> store) {
  return control::spawn_blocking(system, clearer_behaviour, std::move(store));
}

constexpr std::chrono::milliseconds tick_every{100};
/// A store that takes longer has not answered: what it was asked for may count, now or later. The others take
/// over meanwhile only if this process falls silent, so it must not wait for ever.
constexpr std::chrono::seconds store_patience{30};
/// Chains may be gigabytes in a topic that is read as a whole. A caller that has waited this long asks again.
constexpr std::chrono::minutes clear_patience{30};

}  // namespace

coordinator_hands::coordinator_hands(whole_coordinator::pointer self,
                                     std::shared_ptr<const node_options> options, control_keeper keeper)
    : self_(self), options_(std::move(options)), keeper_(std::move(keeper)),
      random_(options_->seed != 0 ? options_->seed : random_bits()),
      candidate_(options_->silence, now(), jitter()), is_refused_(!options_->may_lead),
      claims_(options_->silence) {
  if (options_->is_alone)
    candidate_.stand_at_once(now());
}

micros coordinator_hands::jitter() {
  return micros(static_cast<std::int64_t>(
      random_() % static_cast<std::uint64_t>(options_->silence.away_after.count() / 2)));
}

void coordinator_hands::meet(const meet_others& m) {
  others_ = m;
  on_tick();
}

void coordinator_hands::on_tick() {
  self_->delayed_send(self_, tick_every, tick_due{});
  if (leads_) {
    give_words();
    run(leads_->tick(now()));
    if (leads_)
      tell(history_->look(leads_->state(), leads_->nodes()));
    return;
  }
  if (now().running - heard_leader_at_ > options_->silence.away_after)
    tell_lost_leader("it is silent");
  const bool is_lost = leaves_ && is_lost_to_all();
  if (is_lost && !is_refused_ && !std::exchange(has_stood_alone_, true))
    candidate_.stand_at_once(now());
  if (!is_refused_ && candidate_.tick(now()))
    look();
  else if (is_lost && candidate_.now() != cluster::candidate::phase::standing)
    self_->send(others_.agent, nobody_leads{});
}

/// Nobody leads, and nobody will soon, unless it is this process: all that could are gone, or none has taken the lead in its time.
bool coordinator_hands::is_lost_to_all() {
  const bool is_leader_gone = !leads_there_ || *leads_there_ == options_->mine;
  return (is_leader_gone && linked_.empty()) ||
         now().running - heard_leader_at_ >= 2 * options_->silence.away_after;
}

// --- the log

const coordinator_hands::asker* coordinator_hands::asker_of(const cluster::told_event& e) const {
  const auto& about = e.topology.empty() ? e.node : e.topology;
  const auto by = std::ranges::find(askers_, about, [](const auto& a) { return a.second.about; });
  return by == askers_.end() ? nullptr : &by->second;
}

void coordinator_hands::tell(std::vector<cluster::told_event> all) const {
  for (auto& e : all) {
    const auto* const by = asker_of(e);
    if (by != nullptr)
      e.through = by->through;
    const auto level = e.how == cluster::weight::error     ? spdlog::level::err
                       : e.how == cluster::weight::warning ? spdlog::level::warn
                                                           : spdlog::level::info;
    boost::json::object about;
    if (!e.topology.empty())
      about["topology"] = e.topology;
    if (!e.node.empty())
      about["about_node"] = e.node;
    if (!e.actors.empty())
      about["actors"] = boost::json::array(e.actors.begin(), e.actors.end());
    if (!e.through.empty())
      about["through"] = e.through;
    // A pause is news of a run, too.
    data::log_with(e.kind == cluster::event_kind::pause ? level : level_among_nodes(*options_, level), e.text,
                   about);
    // The node that was asked has the change in its log.
    if (by != nullptr && e.kind == cluster::event_kind::apply && !by->change.empty())
      e.text += ": " + by->change;
  }
  if (options_->on_told && leads_ && !all.empty())
    options_->on_told(leads_->mine(), all);
}

void coordinator_hands::tell_leader(const std::string& node) {
  if (std::exchange(told_leader_, node) != node && node != options_->mine.node)
    spdlog::info("node {} leads the cluster", node);
}

void coordinator_hands::tell_lost_leader(std::string_view why) {
  if (const auto lost = std::exchange(told_leader_, {}); !lost.empty() && lost != options_->mine.node)
    spdlog::warn("node {}, which leads the cluster, is lost: {}", lost, why);
}

// --- standing

void coordinator_hands::look() {
  self_->request(keeper_, store_patience, look_at_control{})
      .then(
          [this](const control_seen& m) {
            if (m.failure)
              return lose(*m.failure);
            if (auto good = cluster::check_name(options_->cluster, m.what.state, options_->store->shown());
                !good) {
              is_refused_ = true;
              lose(good.error().message);
              return self_->send(others_.agent, store_is_foreign{good.error().message});
            }
            if (auto good = cluster::check_known(known_, m.what.state, options_->store->shown()); !good)
              return lose(good.error());
            open(m.what);
          },
          [this](const caf::error&) { lose_in_silence(); });
}

void coordinator_hands::open(const seen_control& seen) {
  const auto mine = candidate_.choose(seen.highest, static_cast<std::uint32_t>(random_()));
  self_->request(keeper_, store_patience, open_control{mine})
      .then(
          [this, mine](const control_opened& m) {
            if (m.failure)
              return lose(*m.failure);
            // R2: somebody may have opened it since, and be heard already.
            if (candidate_.must_give_up(candidate_.highest()))
              return lose("another coordinator was heard meanwhile");
            begin(mine, m.state);
          },
          [this](const caf::error&) { lose_in_silence(); });
}

void coordinator_hands::lose(const std::string& why) {
  spdlog::log(level_among_nodes(*options_, spdlog::level::info), "node {} does not lead: {}",
              options_->mine.node, why);
  candidate_.on_lost(now(), jitter());
}

void coordinator_hands::lose_in_silence() {
  spdlog::warn("node {} does not lead: {} has not answered for {} s; it is asked again", options_->mine.node,
               options_->store->shown(), store_patience.count());
  candidate_.on_lost(now(), jitter());
}

void coordinator_hands::lose(const error& why) {
  if (why.code == ec::fenced)
    return lose("another node was faster");
  const bool heals = why.code != ec::unsupported && why.code != ec::corrupt && why.code != ec::mismatch;
  if (heals && !options_->is_alone)  // no other node does the work meanwhile if it is alone
    return lose(why.message);
  if (std::exchange(told_, why.message) != why.message)
    spdlog::error("node {} cannot lead: {}", options_->mine.node, why.message);
  candidate_.on_lost(now(), jitter());
}

/// A cluster that this process has read itself, or founded, counts more.
void coordinator_hands::on_known(const cluster_known& m) {
  if (known_.empty())
    known_ = m.id;
}

void coordinator_hands::begin(const cluster::epoch& mine, cluster::control_state found) {
  candidate_.on_won();
  leader_ = options_->mine.node;
  told_leader_ = leader_;
  askers_.clear();
  history_.emplace(found, options_->mine.node);
  leads_.emplace(mine, std::move(found), now(), options_->silence, options_->is_alone);
  leads_->lives_on(options_->mine.node);
  tell({{cluster::event_kind::lead,
         cluster::weight::normal,
         fmt::format("node {} leads the cluster {} under epoch {}", options_->mine.node, options_->cluster,
                     mine.term),
         {},
         options_->mine.node}});
  if (options_->director)
    options_->director->leads(mine, leads_->state());
  if (!leads_->state().cluster.empty()) {
    known_ = leads_->state().cluster;
    self_->send(others_.post, cluster_known{known_});
  }
  run(leads_->begin(cluster::cluster_id(options_->cluster, random_()), options_->formats, now()));
  if (!std::exchange(has_led_, true))
    for (const auto& what : options_->begins_with) {
      first_wishes_.insert(++requests_);
      run(leads_->on_request(requests_, what, now()));
    }
  // The process that led has been silent for its time already, and nobody waits for those to register that are over.
  if (leads_there_ && session_of(*leads_there_) != 0)
    leads_->silent_since(leads_there_->node, heard_leader_at_);
  for (const auto& [node, who] : dead_)
    if (const auto session = session_of(who); session != 0)
      run(leads_->on_node_dead(node, session, now()));
  give_words();
}

// --- leading

/// Runs them in their order; a further list comes with a later event only.
void coordinator_hands::run(const cluster::coordinator_effect_list& all) {
  for (const auto& d : all)
    run(d);
}

void coordinator_hands::run(const cluster::coordinator_effect& d) {
  struct hands {
    coordinator_hands& h;
    void operator()(const cluster::coordinator_effects::append& x) const { h.append(x); }
    void operator()(const cluster::coordinator_effects::write_base& x) const { h.write_base(x); }
    void operator()(const cluster::coordinator_effects::send& x) const {
      h.write(x.node, x.instance, x.what);
    }
    void operator()(const cluster::coordinator_effects::detach& x) const {
      h.self_->send(h.others_.agent, detach_node{x.node});
    }
    void operator()(const cluster::coordinator_effects::tell_director& x) const {
      const auto found = h.leads_->state().topologies.find(x.topology);
      if (!h.options_->director)
        return;
      if (found != h.leads_->state().topologies.end())
        h.options_->director->changed(x.topology, found->second);
      else
        h.options_->director->removed(x.topology);
    }
    void operator()(const cluster::coordinator_effects::clear_chains& x) const { h.clear(x.chains); }
    void operator()(const cluster::coordinator_effects::answer& x) const {
      h.askers_.erase(x.request);
      if (h.first_wishes_.erase(x.request) != 0 && x.failure)
        h.self_->send(h.others_.agent, store_is_foreign{x.failure->message});
      if (auto asked = h.asked_.extract(x.request); !asked.empty())
        asked.mapped().deliver(cluster_answered{x.failure, x.lost});
    }
    void operator()(const cluster::coordinator_effects::step_down& x) const { h.step_down(x); }
  };
  std::visit(hands{*this}, d);
}

void coordinator_hands::clear(const std::string& chains) {
  const auto worker = spawn_chain_clearer(self_->system(), options_->store);
  self_->request(worker, clear_patience, clear_these{chains})
      .then([this](const chains_went& m) { on_cleared(m.chains, m.failure ? m.failure->message : ""); },
            [this, chains](const caf::error& e) { on_cleared(chains, control::words_of(e)); });
}

/// A clearing that an earlier coordinator of this process began counts as well.
void coordinator_hands::on_cleared(const std::string& chains, const std::string& why) {
  const auto topology = chains.substr(0, chains.find('@'));  // cluster::chains_of
  if (why.empty())
    spdlog::info("{}: its former state is gone from the store", topology);
  else
    spdlog::warn("{}: its former state is still in the store, and its removal is tried again: {}", topology,
                 why);
  if (leads_)
    run(leads_->on_cleared(chains, why.empty(), now()));
}

template<class Request>
void coordinator_hands::write_control(Request asked, cluster::change what) {
  // R3: without an answer it is not known whether it counts.
  const control_appended unknown{asked.by, asked.number, cluster::append_outcome::unknown};
  self_->request(keeper_, store_patience, std::move(asked))
      .then([this, what = std::move(what)](const control_appended& m) { on_appended(m, what); },
            [this, unknown](const caf::error&) { on_appended(unknown, {}); });
}

void coordinator_hands::append(const cluster::coordinator_effects::append& d) {
  write_control(append_to_control{leads_->mine(), d.number, d.what}, d.what);
}

void coordinator_hands::write_base(const cluster::coordinator_effects::write_base& d) {
  write_control(write_control_base{leads_->mine(), d.number, leads_->state()}, {});
}

/// An answer to an epoch that is over says nothing to a later one, whose numbers begin again.
void coordinator_hands::on_appended(const control_appended& m, const cluster::change& what) {
  if (!leads_ || leads_->mine() != m.by)
    return;
  const auto was_known = !leads_->state().cluster.empty();
  if (m.how == cluster::append_outcome::acknowledged)
    tell(cluster::events_of(leads_->state(), what));
  run(leads_->on_appended(m.number, m.how, now()));
  if (!leads_ || m.how != cluster::append_outcome::acknowledged)
    return;
  if (!was_known && !leads_->state().cluster.empty()) {
    known_ = leads_->state().cluster;
    self_->send(others_.post, cluster_known{known_});
    give_words();
  }
  confirm_departures(what);
}

/// A process that leaves in order waits until that is recorded: else its successor would mean that it has died.
void coordinator_hands::confirm_departures(const cluster::change& what) {
  for (const auto& r : what)
    if (const auto* const e = std::get_if<cluster::records::session_ended>(&r); e != nullptr && !e->has_died)
      if (const auto n = leads_->state().nodes.find(e->node); n != leads_->state().nodes.end())
        write(e->node, n->second.instance, cluster::signs::left{e->session});
}

void coordinator_hands::step_down(const cluster::coordinator_effects::step_down& d) {
  // The process of one node that does not stand again ends, and says why.
  const auto level = d.stands_again ? spdlog::level::warn : level_among_nodes(*options_, spdlog::level::warn);
  spdlog::log(level, "node {} leads no more: {}", options_->mine.node, d.why);
  candidate_.on_stepped_down(d.stands_again, now(), jitter());
  leads_.reset();
  if (options_->is_alone && !d.stands_again) {  // two that take it from each other would never get on
    is_refused_ = true;
    self_->send(others_.agent,
                store_is_foreign{fmt::format("another process has opened {} since, and goes on with it",
                                             options_->store->shown())});
  }
  if (options_->director)
    options_->director->stepped_down(d.why);
}

void coordinator_hands::give_words() {
  if (leads_->state().cluster.empty())
    return;
  cluster::signs::word w{leads_->mine(), now().wall};
  write(options_->mine.node, options_->mine.instance, w);
  for (const auto& p : linked_) {
    w.yields = leads_->yields_to(p.node);
    write(p.node, p.instance, w);
  }
}

void coordinator_hands::write(const std::string& node, std::uint64_t instance, envelope_content what) {
  self_->send(others_.post, post_envelope{node, instance, std::move(what)});
}

namespace {

whole_coordinator::behavior_type
coordinator_behaviour(whole_coordinator::stateful_pointer<std::optional<coordinator_hands>> self,
                      const std::shared_ptr<const node_options>& options, const control_keeper& keeper) {
  auto* const hands = &self->state.emplace(self, options, keeper);
  self->set_down_handler([hands](caf::down_msg&) { hands->on_over({"its agent has failed"}); });
  return {
      [=](const meet_others& m) {
        self->monitor(m.agent);
        hands->meet(m);
      },
      [=](const tick_due&) { hands->on_tick(); },
      [=](const envelope_came& m) { hands->on_envelope(m); },
      [=](const cluster_known& m) { hands->on_known(m); },
      [=](const link_up& m) { hands->on_up(m); },
      [=](const link_lost& m) { hands->on_lost(m); },
      [=](const process_dead& m) { hands->on_dead(m); },
      [=](const node_leaves&) { hands->on_leaves(); },
      [=](const node_is_over& m) { hands->on_over(m); },
      [=](const ask_cluster& m) { return hands->on_ask(m); },
      [=](const describe_cluster&) { return hands->describe(); },
  };
}

}  // namespace

whole_coordinator spawn_coordinator(caf::actor_system& system, std::shared_ptr<const node_options> options,
                                    control_keeper keeper) {
  return system.spawn(coordinator_behaviour, std::move(options), std::move(keeper));
}

}  // namespace millrace::node
