#include "actors/node/host/leader_desk.hpp"

#include "actors/node/host/described.hpp"
#include "actors/node/host/hosted_plan.hpp"
#include "actors/node/host/plan_changes.hpp"
#include "actors/observe/answering.hpp"
#include "actors/observe/history.hpp"
#include "actors/observe/pause.hpp"
#include "actors/observe/report.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/cluster/admission.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace millrace::host {
namespace {

/// A `wait` that came from another node is answered by then; its client asks again.
constexpr std::chrono::seconds wait_patience{20};

/// The keeper of events may wait for its store.
constexpr std::chrono::seconds events_patience{10};
/// Topologies whose letters are replayed: more are refused.
constexpr std::size_t most_replays = 4;

}  // namespace

void waits::add(const node::cluster_described& d, const std::string& topology, const give_answer& to,
                std::shared_ptr<const api::reply> by, clock::time_point now) {
  auto is = topology_of(d, topology);
  if (!is)
    return to(unexpected(is.error()));
  if (observe::is_over(*is))
    return to(api::answers::waited{true, *is});
  all_.push_back({topology, to, std::move(by), now + wait_patience});
}

void waits::look(const node::cluster_described& d, clock::time_point now) {
  all_.remove_if([&](const one& w) {
    if (w.by && !w.by->is_wanted())
      return true;
    if (!d.leads) {
      w.to(outside_error(ec::unavailable, "another node leads the cluster by now; ask again"));
      return true;
    }
    auto t = topology_of(d, w.topology);
    const bool is_done = !t || observe::is_over(*t) || (!w.by && now > w.until);
    if (is_done)
      w.to(std::move(t).map([](api::answers::topology&& x) {
        const bool over = observe::is_over(x);
        return api::answer(api::answers::waited{over, std::move(x)});
      }));
    return is_done;
  });
}

void leader_desk::lead(const question_content& what, const give_answer& to, const asker& by,
                       const std::string& through) {
  if (const auto* const r = std::get_if<api::request>(&what))
    return lead_request(*r, to, by, through);
  lead_apply(std::get<cluster::records::topology_applied>(what), to, through);
}

namespace {

/// Says in what the file differs from the one that the cluster has; empty where the cluster has none.
std::string change_by(const described& d, const cluster::records::topology_applied& r) {
  const auto before = d.state ? d.state->topologies.find(r.topology) : decltype(d.state->topologies.end())();
  if (!d.state || before == d.state->topologies.end())
    return {};
  const auto was = decode_plan(before->second.plan);
  const auto now = decode_plan(r.plan);
  return was && now ? changes_between(was->text, now->text) : std::string();
}

}  // namespace

void leader_desk::lead_apply(const cluster::records::topology_applied& r, const give_answer& to,
                             const std::string& through) {
  const auto applied = [this, to, name = r.topology](const node::cluster_answered& m) {
    if (m.failure)
      return to(unexpected(*m.failure));
    coordinator_.describe(
        [to, name](const described& d) {
          const auto generation =
              d.state && d.state->topologies.contains(name) ? d.state->topologies.at(name).generation : 0;
          to(api::answers::applied{generation});
        },
        to);
  };
  coordinator_.describe(
      [this, r, applied, through](const described& d) {
        coordinator_.record({r, through, change_by(d, r)}, applied);
      },
      to);
}

void leader_desk::lead_request(const api::request& r, const give_answer& to, const asker& by,
                               const std::string& through) {
  coordinator_.describe(
      [this, r, to, by, through](const described& d) {
        if (!d.leads)
          return to(outside_error(ec::unavailable, "another node leads the cluster by now; ask again"));
        if (!insight_.look(d, r, to))
          answer_by(d, r, to, by, through);
      },
      to);
}

struct leader_desk::answerer {
  leader_desk& l;
  const described& d;
  const give_answer& to;
  const asker& by;
  const std::string& through;

  void operator()(const api::requests::history& r) const {
    l.self_->request(l.options_.events, events_patience, tell_events{})
        .then([to = to, most = r.newest](
                  const events_told& m) { to(observe::document(observe::newest_of(m.all, most))); },
              [to = to](const caf::error&) {
                to(outside_error(ec::unavailable, "the store takes too long; ask again"));
              });
  }
  void operator()(const api::requests::list&) const {
    auto all = topologies_of(d);
    l.insight_.name_titles(d, all);
    l.insight_.name_troubles(all);
    to(std::move(all));
  }
  void operator()(const api::requests::nodes&) const { to(nodes_of(d, l.options_.node)); }
  void operator()(const api::requests::status&) const {
    const auto& me = l.options_.node;
    const auto n = d.state->nodes.find(me);
    to(api::answers::status{d.state->cluster, me, n == d.state->nodes.end() ? 0 : n->second.session, me});
  }
  void operator()(const api::requests::wait& w) const {
    l.waits_.add(d, w.topology, to, by, waits::clock::now());
  }
  void operator()(const api::requests::report& r) const { l.report_of(d, r, to); }
  void operator()(const api::requests::ledger& r) const { l.report_of(d, r, to); }
  void operator()(const api::requests::stop& r) const {
    l.accept(cluster::records::stop_asked{r.topology}, to, through);
  }
  void operator()(const api::requests::remove& r) const {
    l.accept(cluster::records::topology_removed{r.topology}, to, through);
  }
  void operator()(const api::requests::pause& r) const {
    l.accept(cluster::records::pause_set{r.topology, true}, to, through);
  }
  void operator()(const api::requests::resume& r) const {
    l.accept(cluster::records::pause_set{r.topology, false}, to, through);
  }
  void operator()(const api::requests::restart& r) const { l.restart(d, r, to, through); }
  void operator()(const api::requests::replay& r) const { l.replay(d, r, to, through); }
  void operator()(const api::requests::drain& r) const { l.drain(d, r.node, to, through); }
  void operator()(const api::requests::undrain& r) const {
    l.accept(cluster::records::drain_set{r.node, false}, to, through);
  }
  void operator()(const api::requests::forget& r) const { l.forget(r.node, to, through); }
  void operator()(const auto&) const { to(our_error("a node was asked for what another one answers")); }
};

void leader_desk::answer_by(const described& d, const api::request& what, const give_answer& to,
                            const asker& by, const std::string& through) {
  std::visit(answerer{*this, d, to, by, through}, what);
}

void leader_desk::look() {
  replays_.look(std::chrono::steady_clock::now());
  // A failure answers no client for good: the waits are looked at again.
  if (!waits_.is_empty())
    coordinator_.describe([this](const described& d) { waits_.look(d, waits::clock::now()); },
                          [](const auto&) {});
}

/// The letters that went in count once `control` has recorded where lanes begin with them.
void leader_desk::on_replayed(const replay_ended& m) {
  auto waits = std::make_shared<recording>(recording{m.topology, m.result.what, m.result.starts.size()});
  if (m.result.starts.empty())
    return replays_.ended(m.topology, m.result.what);
  for (const auto& start : m.result.starts)
    coordinator_.record({start}, [this, waits](const node::cluster_answered& a) {
      if (a.failure && waits->outcome)
        waits->outcome = unexpected(*a.failure);
      if (--waits->left == 0)
        replays_.ended(waits->topology, waits->outcome);
    });
}

void leader_desk::on_down(const caf::down_msg& m) {
  if (const auto replayed = replayers_.extract(m.source); !replayed.empty() && m.reason)
    replays_.ended(replayed.mapped(),
                   our_error("the dead letters could not be replayed: this node has failed in it"));
}

/// `r` asks for the report, or for the ledger.
template<class R>
void leader_desk::report_of(const described& d, const R& r, const give_answer& to) {
  const auto t = d.state->topologies.find(r.topology);
  if (t == d.state->topologies.end())
    return to(unexpected(topology_of(d, r.topology).error()));
  self_
      ->request(options_.directors, parts_patience,
                ask_for_report{r.topology, cluster::chains_of(r.topology, t->second.first_generation)})
      .then(
          [this, to, r,
           is_finished = t->second.status == cluster::topology_status::finished](const report_given& m) {
            if (!m.is_known)
              return to(outside_error(ec::unavailable,
                                      "no report is there: none was written to the store when the "
                                      "topology ended"));
            const auto shown =
                lone_in(options_) != nullptr ? options_.running->find(r.topology) : std::nullopt;
            to(observe::report_answer(
                r,
                shown ? observe::report_text(*shown->topology, m.parts, is_finished, &shown->flow) : m.json));
          },
          [to](const caf::error&) { to(outside_error(ec::unavailable, "no report could be collected")); });
}

void leader_desk::note(cluster::event_kind kind, std::string text, const std::string& topology,
                       const std::string& through) {
  cluster::told_event e{kind, cluster::weight::normal, std::move(text), topology};
  e.through = through;
  self_->send(options_.events, note_events{{}, {observe::event_of(std::move(e), system_clock().now())}});
}

void leader_desk::restart(const described& d, const api::requests::restart& r, const give_answer& to,
                          const std::string& through) {
  const auto t = d.state->topologies.find(r.topology);
  if (t == d.state->topologies.end())
    return to(unexpected(topology_of(d, r.topology).error()));
  if (!t->second.is_active())
    return to(cluster::does_not_run(r.topology, t->second));
  const auto who = meant_actor(r.topology, r.stage);
  if (std::ranges::none_of(t->second.actors, [&](const auto& a) { return is_meant_by(who, a.first); }))
    return to(unexpected(observe::nothing_to_restart(r.topology, r.stage, groups_of(t->second))));
  self_->send(options_.directors, restart_asked{r.topology, who});
  note(cluster::event_kind::restart,
       fmt::format("topology {}: a restart of {} is asked for", r.topology, visible(r.stage)), r.topology,
       through);
  to(api::answers::accepted{});
}

void leader_desk::replay(const described& d, const api::requests::replay& r, const give_answer& to,
                         const std::string& through) {
  const auto t = d.state->topologies.find(r.topology);
  if (t == d.state->topologies.end())
    return to(unexpected(topology_of(d, r.topology).error()));
  const bool is_full = replays_.under_way() >= most_replays;
  if (!replays_.ask(r, to, std::chrono::steady_clock::now()))
    return;
  if (is_full)
    return replays_.ended(r.topology, busy());
  note(cluster::event_kind::replay,
       fmt::format("topology {}: {} to go in again at {}", r.topology,
                   r.letters.empty() ? "all dead letters are"
                                     : fmt::format("{} dead letters are", r.letters.size()),
                   visible(r.into)),
       r.topology, through);
  const auto replayer =
      spawn_replayer(self_->system(), {options_.letters, r, is_over_, options_.plans, t->second.is_active()},
                     replay_listener(whole_view(self_)));
  self_->monitor(replayer);
  replayers_[replayer.address()] = r.topology;
  self_->send(replayer, replay_now{});
}

/// Its own node may lead no more by the time that this is recorded.
void leader_desk::drain(const described& d, const std::string& node, const give_answer& to,
                        const std::string& through) {
  const api::answers::drains out{
      staying_on(d, node, [&](const std::string& name) { return insight_.plan_of(d, name); })};
  coordinator_.record(
      {cluster::records::drain_set{node, true}, through},
      [to, out](const node::cluster_answered& m) { m.failure ? to(unexpected(*m.failure)) : to(out); });
}

void leader_desk::forget(const std::string& node, const give_answer& to, const std::string& through) {
  coordinator_.record({cluster::records::node_forgotten{node}, through},
                      [to](const node::cluster_answered& m) {
                        if (m.failure)
                          return to(unexpected(*m.failure));
                        api::answers::forgotten out;
                        for (const auto& id : m.lost)
                          out.lost.push_back(id.topology + "/" + lasting_name(id.name));
                        to(std::move(out));
                      });
}

void leader_desk::accept(cluster::request what, const give_answer& to, const std::string& through) {
  coordinator_.record({std::move(what), through}, [to](const node::cluster_answered& m) {
    if (m.failure)
      return to(unexpected(*m.failure));
    to(api::answers::accepted{});
  });
}

}  // namespace millrace::host
