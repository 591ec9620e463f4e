#include "actors/node/host/insight.hpp"

#include "actors/node/host/described.hpp"
#include "actors/node/host/event_keeper.hpp"
#include "actors/node/host/tracing.hpp"
#include "actors/observe/answering.hpp"
#include "actors/observe/figures_of.hpp"
#include "actors/observe/ledger.hpp"
#include "actors/observe/own_answers.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/visible_text.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace millrace::host {
namespace {

namespace asked = api::requests;

/// A node that has not told its figures by then is named as missing.
constexpr std::chrono::seconds patience{2};

/// Figures have other names for shards than the plan.
std::map<std::string, std::string> places_of(const cluster::topology_state& t) {
  std::map<std::string, std::string> out;
  for (const auto& [actor, a] : t.actors)
    if (a.at)
      out[lasting_name(actor)] = a.at->node;
  return out;
}

std::set<std::string> running_in(const api::answers::topologies& all) {
  std::set<std::string> out;
  for (const auto& t : all.all)
    if (t.state == api::topology_state::running)
      out.insert(t.name);
  return out;
}

unexpected not_here(const std::string& topology) {
  return user_error(ec::not_found, fmt::format("this node has no actors of {}", visible(topology)));
}

}  // namespace

bool insight::tell_own(const api::request& r, const give_answer& to) {
  if (const auto* const own = std::get_if<asked::own_figures>(&r))
    to(figures_here(own->topology).map(observe::document<observe::figures>));
  else if (std::holds_alternative<asked::own_troubles>(r))
    to(observe::document(troubles_here()));
  else if (const auto* const key = std::get_if<asked::own_key_state>(&r))
    look_at_own_key(*key, to);
  else if (const auto* const edge = std::get_if<asked::own_tap>(&r))
    to(tap_here(edge->topology, edge->edge, edge->after).map(observe::document<observe::tapped>));
  else
    return false;
  return true;
}

bool insight::look(const node::cluster_described& d, const api::request& r, const give_answer& to) {
  const auto* const key = std::get_if<asked::key_state>(&r);
  const auto* const edge = std::get_if<asked::tap>(&r);
  const auto name = key != nullptr    ? key->topology
                    : edge != nullptr ? edge->topology
                                      : observe::asks_inside(r);
  if (name.empty())
    return false;
  const auto t = find(d, name);
  if (!t)
    to(unexpected(t.error()));
  else if (key != nullptr)
    look_at_key(d, *t, *key, to);
  else if (edge != nullptr)
    look_at_edge(d, *t, *edge, to);
  else
    look_at_figures(d, *t, r, to);
  return true;
}

std::string insight::shown_node() const { return lone_in(options_) == nullptr ? options_.node : ""; }

observe::process_troubles insight::troubles_here() const {
  auto out = options_.running->troubles();
  for (auto& t : out.all)
    t.node = shown_node();
  return out;
}

insight::told_by_node insight::troubles_of_all() const {
  auto out = troubles_;
  out[shown_node()] = troubles_here();
  return out;
}

std::vector<api::answers::trouble> insight::found_by_leader() const {
  auto out = ledgers_.all();
  const auto& silent = silence_.all();
  out.insert(out.end(), silent.begin(), silent.end());
  return out;
}

void insight::name_own_finds(api::answers::topologies& all) const {
  observe::add_troubles(all, found_by_leader());
}

void insight::look_at_troubles(const node::cluster_described& d) {
  if (!d.leads) {
    health_ = {};
    ledgers_ = {};
    silence_ = {};
    return troubles_.clear();
  }
  const auto all = topologies_of(d);
  const auto running = running_in(all);
  look_at_ledgers(d, running);
  look_at_silence(running);
  note_health(d, all, running);
  std::erase_if(troubles_, [&](const auto& known) { return !d.present.contains(known.first); });
  for (const auto& node : d.present) {
    if (node == options_.node)
      continue;
    const auto take = [this, node](const expected<api::answer>& a) {
      const auto* const json = a ? std::get_if<api::answers::document>(&*a) : nullptr;
      auto told = json == nullptr ? std::nullopt : api::read_json<observe::process_troubles>(json->json);
      troubles_[node] = std::move(told).value_or(observe::process_troubles{});
    };
    others_.ask(
        {node, api::request(asked::own_troubles{}), take, nullptr, questions::clock::now() + patience});
  }
}

void insight::look_at_ledgers(const node::cluster_described& d, const std::set<std::string>& running) {
  for (const auto& name : ledgers_.due(running, observe::ledger_watch::clock::now()))
    self_
        ->request(
            options_.directors, parts_patience,
            ask_for_report{name, cluster::chains_of(name, d.state->topologies.at(name).first_generation)})
        .then(
            [this, name](const report_given& m) {
              ledgers_.told(name, observe::ledger_of(m.json), system_clock().now(),
                            observe::ledger_watch::clock::now());
            },
            [](const caf::error&) {});  // it is asked again
}

void insight::look_at_silence(const std::set<std::string>& running) {
  std::map<std::string, observe::silence> told;
  for (auto& [node, of_node] : troubles_of_all())
    told[node] = of_node.silence;
  for (const auto& n : silence_.look(told, running, system_clock().now(),
                                     observe::silence_watch::clock::now(), options_.running->limits().silent))
    spdlog::log(n.is_warning ? spdlog::level::warn : spdlog::level::info, "{}", n.text);
}

void insight::note_health(const node::cluster_described& d, const api::answers::topologies& all,
                          const std::set<std::string>& running) {
  const auto told = troubles_of_all();
  auto troubles = found_by_leader();
  for (const auto& t : all.all)
    troubles.insert(troubles.end(), t.troubles.begin(), t.troubles.end());
  for (const auto& [_, of_node] : told)
    troubles.insert(troubles.end(), of_node.all.begin(), of_node.all.end());
  note_events noted;
  for (auto& e : health_.look(troubles, running, observe::health_history::clock::now()))
    noted.what.push_back(observe::event_of(std::move(e), d.now));
  if (!noted.what.empty())
    self_->send(options_.events, std::move(noted));
}

void insight::name_titles(const node::cluster_described& d, api::answers::topologies& all) {
  for (auto& t : all.all)
    if (const auto plan = plan_of(d, t.name))
      t.title = plan->title;
}

void insight::name_troubles(api::answers::topologies& all) const {
  const auto told = troubles_of_all();
  for (const auto& [_, of_node] : told)
    observe::add_troubles(all, of_node.all);
  observe::add_troubles(all, found_by_leader());
}

expected<insight::known_topology> insight::find(const node::cluster_described& d, const std::string& name) {
  const auto t = d.state->topologies.find(name);
  if (t == d.state->topologies.end())
    return unexpected(topology_of(d, name).error());
  ASSIGN_OR_RETURN(const auto planned, options_.plans->of(name, t->second));
  return known_topology{t->second, planned->topology};
}

std::shared_ptr<const config::topology> insight::plan_of(const node::cluster_described& d,
                                                         const std::string& name) {
  const auto t = find(d, name);
  return t ? t->plan : nullptr;
}

expected<observe::figures> insight::figures_here(const std::string& topology) const {
  if (const auto t = options_.running->find(topology))
    return observe::figures_of(*t, options_.node, system_clock().now());
  return not_here(topology);
}

void insight::look_at_figures(const node::cluster_described& d, const known_topology& t,
                              const api::request& r, const give_answer& to) {
  const auto& name = t.plan->name;
  auto own = figures_here(name).value_or(observe::figures{});
  own.topology = name;
  own.at = {system_clock().now()};
  own.is_running = t.state.is_active();
  if (const auto now = topology_of(d, name)) {
    own.state = api::to_string(now->state);
    own.ended_at = now->ended_at;
  }
  own.failed_stage = stage_of_actor(t.state.failed_actor);
  own.crashes = crashes_of(d, name);
  if (own.is_running)
    own.not_placed = waiting_of(d, name);
  if (!t.state.is_active() && lone_in(options_) == nullptr)
    return look_back(std::move(own), t, r, to);
  const auto places = places_of(t.state);
  gather(
      d, api::request(asked::own_figures{name}),
      std::make_shared<gatherer<observe::figures>>(
          std::move(own), others_of(places, options_.node),
          [](observe::figures& sum, observe::figures&& more) { observe::add(sum, std::move(more)); },
          [this, r, to, places, plan = t.plan, is_alone = lone_in(options_) != nullptr](observe::figures f) {
            if (!is_alone)  // no other node has had them
              keep_where_they_are(f, places);
            answer(r, plan, std::move(f), to);
          }));
}

void insight::answer(const api::request& r, const std::shared_ptr<const config::topology>& plan,
                     observe::figures f, const give_answer& to) {
  const auto* const trace = std::get_if<asked::trace>(&r);
  if (trace == nullptr)
    return to(observe::answer_of(r, *plan, f));
  begin_trace(self_->system(),
              {*trace, plan, std::move(f), [view = whole_view(self_), to](expected<api::answer> a) {
                 caf::anon_send(view, record_traced{to, std::move(a)});
               }});
}

/// No node has its actors any more: the report of its end has their counts.
void insight::look_back(observe::figures f, const known_topology& t, const api::request& r,
                        const give_answer& to) {
  const auto tell = [this, r, to, plan = t.plan, f = std::move(f)](const std::string& report) {
    auto all = f;
    all.counted = observe::counted_by(report);
    keep_where_they_are(all, {});
    answer(r, plan, std::move(all), to);
  };
  const auto& name = t.plan->name;
  self_
      ->request(options_.directors, patience,
                ask_for_report{name, cluster::chains_of(name, t.state.first_generation)})
      .then([tell](const report_given& m) { tell(m.json); }, [tell](const caf::error&) { tell({}); });
}

template<class T>
void insight::gather(const node::cluster_described& d, const api::request& what,
                     const std::shared_ptr<gatherer<T>>& all) {
  for (const auto& node : std::set(all->waits_for())) {
    if (!d.present.contains(node)) {
      all->answered(node, busy());
      continue;
    }
    const auto take = [all, node](const expected<api::answer>& a) {
      all->answered(node, a.and_then([](const api::answer& x) -> expected<std::string> {
        const auto* const json = std::get_if<api::answers::document>(&x);
        return json == nullptr ? expected<std::string>(busy()) : json->json;
      }));
    };
    others_.ask({node, what, take, nullptr, questions::clock::now() + patience});
  }
}

void insight::look_at_key(const node::cluster_described& d, const known_topology& t,
                          const asked::key_state& r, const give_answer& to) {
  const auto at = observe::find_key(*t.plan, r.stage, r.key);
  if (!at)
    return to(unexpected(at.error()));
  const auto places = places_of(t.state);
  const auto place = places.find(at->shard);
  if (!t.state.is_active() || place == places.end())
    return to(observe::no_shard(r.topology, at->shard));
  const asked::own_key_state own{r.topology, r.stage, r.key};
  if (place->second == options_.node)
    look_at_own_key(own, to);
  else if (!d.present.contains(place->second))
    to(outside_error(ec::unavailable, fmt::format("node {}, which has {}, is out of reach; ask again",
                                                  place->second, at->shard)));
  else
    others_.ask({place->second, api::request(own), to, nullptr, questions::clock::now() + patience});
}

void insight::look_at_own_key(const asked::own_key_state& r, const give_answer& to) {
  const auto t = options_.running->find(r.topology);
  if (!t)
    return to(not_here(r.topology));
  const auto key = observe::look_up_key(*t, r.stage, r.key);
  if (!key)
    return to(unexpected(key.error()));
  self_->request(key->shard, patience, key->question)
      .then([to, at = key->at, stage = r.stage, plan = t->topology, node = options_.node](
                const shard::key_found& m) { to(observe::key_answer(*plan, stage, at, m, node)); },
            [to, shard = key->at.shard](const caf::error&) { to(observe::no_answer(shard)); });
}

void insight::look_at_edge(const node::cluster_described& d, const known_topology& t, const asked::tap& r,
                           const give_answer& to) {
  const auto edge = observe::edge_of(*t.plan, r.edge);
  if (!edge)
    return to(unexpected(edge.error()));
  auto own = tap_here(r.topology, *edge, r.after).value_or(observe::tapped{*edge, {}, 0, {}, false, {}});
  gather(d, api::request(asked::own_tap{r.topology, *edge, r.after}),
         std::make_shared<gatherer<observe::tapped>>(
             std::move(own), others_of(places_of(t.state), options_.node),
             [](observe::tapped& sum, observe::tapped&& more) { observe::add(sum, std::move(more)); },
             [to, is_active = t.state.is_active()](observe::tapped all) {
               all.is_over = all.is_over || !is_active;
               to(observe::document(all));
             }));
}

expected<observe::tapped> insight::tap_here(const std::string& topology, const std::string& edge,
                                            const std::string& after) const {
  const auto t = options_.running->find(topology);
  return t ? observe::tapped_at(*t, edge, options_.node, after) : not_here(topology);
}

}  // namespace millrace::host
