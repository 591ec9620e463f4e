#include "actors/host/view.hpp"

#include "actors/host/apply_worker.hpp"
#include "actors/host/described.hpp"
#include "actors/host/insight.hpp"
#include "actors/host/left_batches.hpp"
#include "actors/host/questions.hpp"
#include "actors/host/whole_view.hpp"
#include "actors/observe/answering.hpp"
#include "actors/observe/own_answers.hpp"
#include "actors/observe/pause.hpp"
#include "actors/observe/report.hpp"
#include "actors/replay/waiting_replays.hpp"
#include "runtime/base/shard_name.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <list>
#include <map>
#include <set>
#include <utility>

namespace millrace::host {
namespace {

constexpr std::chrono::milliseconds waits_every{200};
/// Longer than the store may take for a record.
constexpr std::chrono::seconds answer_patience{40};
constexpr std::chrono::seconds parts_patience{12};
/// The leader tells other nodes by then what they are asked for. A prober waits little longer.
constexpr std::chrono::milliseconds probe_patience{700};
/// A `wait` that came from another node is answered by then; its client asks again.
constexpr std::chrono::seconds wait_patience{20};
/// Topologies that are prepared, and letters that are read: more are refused.
constexpr std::size_t most_prepared = 4;
constexpr std::size_t most_readers = 4;
constexpr std::size_t most_replays = 4;
constexpr int waits_a_sample = 5;

class viewing {
public:
  viewing(whole_view::pointer self, view_options options)
      : self_(self), options_(std::move(options)),
        others_([this](const std::string& node, std::string bytes) {
          self_->send(options_.board, send_mail{node, mail::question, std::move(bytes)});
        }),
        insight_(self, options_, others_), left_(self, options_.store) {
    self_->set_down_handler([this](const caf::down_msg& m) { on_worker_down(m); });
    look();
  }

  void on_asked(const api_asked& m) {
    const auto to = [to = m.to](expected<api::answer> a) { (*to)(std::move(a)); };
    if (tell_of_this_process(m.what, to))
      return;
    if (const auto* const a = std::get_if<api::requests::apply>(&m.what))
      return prepare(a->topology, a->plan, {to, m.to});
    if (const auto* const s = std::get_if<api::requests::start>(&m.what))
      return prepare(s->topology, std::nullopt, {to, m.to});
    if (observe::asks_for_letters(m.what) != nullptr)
      return read_letters(m.what, m.to);
    ask_leader(m.what, to, m.to);
  }

  // --- mail
  void on_mail(const mail_came& m) {
    if (m.kind == mail::answer)
      return others_.on_answer(m.bytes);
    auto q = decode_question(m.bytes);
    if (!q)
      return;
    const auto back = [this, from = m.from, number = q->number](const expected<api::answer>& a) {
      self_->send(options_.board, send_mail{from, mail::answer, encode_answer(number, a)});
    };
    if (const auto* const r = std::get_if<api::request>(&q->what);
        r != nullptr && tell_of_this_process(*r, back))
      return;
    std::visit([&](auto& what) { lead(std::move(what), back, asker{}); }, q->what);
  }
  void on_lost(const questions_lost& m) { others_.on_lost(m.node); }
  void on_look() {
    look();
    if (++looks_ % waits_a_sample == 0 && lone_in(options_) == nullptr) {
      options_.running->sample(observe::flow_meter::clock::now());
      describe([this](const described& d) {
        left_.look(d);
        insight_.look_at_sinks(d);
      });
    }
    others_.look(questions::clock::now());
    replays_.look(std::chrono::steady_clock::now());
    if (!waits_.empty())
      describe([this](const node::cluster_described& d) { end_waits(d); });
  }
  void on_prepared(const apply_prepared& m) {
    auto found = preparing_.extract(m.number);
    if (found.empty())
      return;
    const auto& asker = found.mapped();
    if (!m.what)
      return asker.to(unexpected(m.what.error()));
    ask_leader(*m.what, asker.to, asker.by);
  }

  /// The letters that went in count once `control` has recorded where lanes begin with them.
  void on_replayed(const replay_ended& m) {
    auto waits = std::make_shared<recording>(recording{m.topology, m.result.what, m.result.starts.size()});
    if (m.result.starts.empty())
      return replays_.ended(m.topology, m.result.what);
    for (const auto& start : m.result.starts)
      record(start, [this, waits](const node::cluster_answered& a) {
        if (a.failure && waits->outcome)
          waits->outcome = unexpected(*a.failure);
        if (--waits->left == 0)
          replays_.ended(waits->topology, waits->outcome);
      });
  }
  void on_left(const left_batches_found& m) {
    left_.found(!m.failure || !m.failure->retry);
    if (m.failure)
      spdlog::warn("replayed records of an earlier leader may not be taken in: {}", m.failure->message);
    if (!m.starts.empty())
      spdlog::info("batches of replayed records that an earlier leader has left are recorded: {}",
                   m.starts.size());
    for (const auto& start : m.starts)
      record(start, [this](const node::cluster_answered& a) {
        if (a.failure)
          left_.look_again();
      });
  }
  void stop() {
    is_over_->store(true);
    self_->quit();
  }

private:
  using described = node::cluster_described;
  struct recording {
    std::string topology;
    expected<api::answers::replayed> outcome;
    std::size_t left = 0;
  };
  using asker = std::shared_ptr<const api::reply>;  // null: another node

  struct waiting {
    std::string topology;
    give_answer to;
    asker by;
    std::chrono::steady_clock::time_point until;  // of one of another node
  };
  struct applying {
    give_answer to;
    asker by;
  };
  void look() { self_->delayed_send(self_, waits_every, look_at_waits{}); }

  /// Metrics, health and what its own actors show; false where something else is asked for.
  bool tell_of_this_process(const api::request& r, const give_answer& to) {
    using namespace api::requests;
    const auto page = [this, r](const observe::cluster_standing& cluster) {
      return observe::page_of_process(r, *options_.running, cluster);
    };
    if (std::holds_alternative<metrics>(r))
      describe([this, to, page](const described& d) { to(*page(standing_of(d))); });
    else if (std::holds_alternative<readyz>(r))
      find_topologies([this, to, page](const api::answers::topologies& known) {
        probe(*page({options_.node, true, known, {}}), to);
      });
    else if (std::holds_alternative<healthz>(r))
      probe(*page({}), to);
    else if (const auto alive = page({}))
      to(*alive);
    else
      return insight_.tell_own(r, to);
    return true;
  }

  /// Without the cluster and its store a node can do none of its work.
  void probe(const api::answers::page& own, const give_answer& to) {
    auto text = own.is_good ? std::string() : own.text;
    if (options_.sign && options_.sign->is_silent(store_sign::clock::now()))
      text = "the store of the cluster does not answer\n" + text;
    describe([to, text](const described& d) {
      const auto all = (d.leader.empty() ? "no coordinator is heard\n" : "") + text;
      to(api::answers::page{all.empty(), (all.empty() ? "ok\n" : all) + crash_lines(d)});
    });
  }

  /// The node that leads knows all topologies and nodes.
  [[nodiscard]] observe::cluster_standing standing_of(const described& d) const {
    const bool is_heard = !d.leader.empty();
    if (d.leads)
      return {options_.node, is_heard, topologies_of(d), nodes_of(d, options_.node)};
    return {options_.node, is_heard, {}, {}};
  }

  /// Gives the topologies of the cluster, whoever leads it; none where nobody says in time.
  void find_topologies(const std::function<void(const api::answers::topologies&)>& then) {
    ask_of_leader(api::requests::list{}, [then](const expected<api::answer>& a) {
      const auto* const all = a ? std::get_if<api::answers::topologies>(&*a) : nullptr;
      then(all == nullptr ? api::answers::topologies{} : *all);
    });
  }
  void ask_of_leader(const api::request& what, const give_answer& to) {
    describe([this, what, to](const described& d) {
      if (d.leads)
        std::visit([&](const auto& w) { answer(d, w, to, {}); }, what);
      else if (d.leader.empty() || d.leader == options_.node)
        to(busy());
      else
        others_.ask({d.leader, what, to, nullptr, questions::clock::now() + probe_patience});
    });
  }

  /// Whoever leads tells of them; they are no fault of its own.
  static std::string crash_lines(const described& d) {
    std::string out;
    if (d.leads)
      for (const auto& [name, _] : d.state->topologies)
        for (const auto& c : crashes_of(d, name))
          out += fmt::format("{}: {}\n", name, c.text);
    return out;
  }

  template<class F>
  void describe(F then) {
    self_->request(options_.coordinator, answer_patience, node::describe_cluster{})
        .then(then, [](const caf::error&) {});
  }

  // --- apply
  void prepare(const std::string& topology, const std::optional<std::string>& plan, const applying& asker) {
    if (preparing_.size() >= most_prepared)
      return asker.to(busy());
    const auto number = ++numbers_;
    preparing_.emplace(number, asker);
    const auto worker =
        spawn_apply_worker(self_->system(), {options_, topology, plan, number}, whole_view(self_));
    self_->monitor(worker);
    workers_[worker.address()] = number;
    self_->send(worker, prepare_now{});
  }
  void on_worker_down(const caf::down_msg& m) {
    readers_.erase(m.source);
    if (const auto replayed = replayers_.extract(m.source); !replayed.empty() && m.reason)
      replays_.ended(replayed.mapped(),
                     our_error("the dead letters could not be replayed: this node has failed in it"));
    const auto number = workers_.extract(m.source);
    if (!number.empty() && m.reason)
      on_prepared(
          {number.mapped(), our_error("the topology could not be prepared: this node has failed in it")});
  }

  /// Every node reaches the store, so nobody else is asked.
  void read_letters(const api::request& what, const asker& by) {
    if (readers_.size() >= most_readers)
      return (*by)(busy());
    const auto reader = spawn_letter_reader(self_->system(), options_.letters, what, by);
    self_->monitor(reader);
    readers_.insert(reader.address());
    self_->send(reader, read_letters_now{});
  }

  // --- asking the leader
  void ask_leader(question_content what, const give_answer& to, const asker& by) {
    describe([this, what = std::move(what), to, by](const node::cluster_described& d) {
      if (d.leads)
        return std::visit([&](const auto& w) { lead(w, to, by); }, what);
      if (const auto* const r = std::get_if<api::request>(&what);
          r != nullptr && std::holds_alternative<api::requests::status>(*r))
        return tell_status(d, to);
      if (d.leader.empty() || d.leader == options_.node)
        return to(outside_error(ec::unavailable, "nobody leads the cluster yet; ask again"));
      others_.ask({d.leader, what, to, by});
    });
  }

  /// Asks the leader, which knows the session of a node that does not lead.
  void tell_status(const described& d, const give_answer& to) {
    ask_of_leader(api::requests::nodes{}, [to, me = options_.node, cluster = d.cluster,
                                           leader = d.leader](const expected<api::answer>& a) {
      api::answers::status out{cluster, me, 0, leader};
      if (const auto* const all = a ? std::get_if<api::answers::nodes>(&*a) : nullptr)
        for (const auto& n : all->all)
          if (n.name == me)
            out.session = n.session;
      to(std::move(out));
    });
  }

  // --- leading
  void lead(const cluster::records::topology_applied& r, const give_answer& to, const asker&) {
    record(r, [this, to, name = r.topology](const node::cluster_answered& m) {
      if (m.failure)
        return to(unexpected(*m.failure));
      describe([to, name](const node::cluster_described& d) {
        const auto generation =
            d.state && d.state->topologies.contains(name) ? d.state->topologies.at(name).generation : 0;
        to(api::answers::applied{generation});
      });
    });
  }
  void lead(const api::request& r, const give_answer& to, const asker& by) {
    describe([this, r, to, by](const node::cluster_described& d) {
      if (!d.leads)
        return to(outside_error(ec::unavailable, "another node leads the cluster by now; ask again"));
      if (insight_.look(d, r, to))
        return;
      std::visit([&](const auto& what) { answer(d, what, to, by); }, r);
    });
  }
  void answer(const described& d, const api::requests::list&, const give_answer& to, const asker&) {
    auto all = topologies_of(d);
    insight_.name_late_sinks(all);
    to(std::move(all));
  }
  void answer(const described& d, const api::requests::nodes&, const give_answer& to, const asker&) {
    to(nodes_of(d, options_.node));
  }
  void answer(const described& d, const api::requests::status&, const give_answer& to, const asker&) {
    const auto me = d.state->nodes.find(options_.node);
    to(api::answers::status{d.state->cluster, options_.node,
                            me == d.state->nodes.end() ? 0 : me->second.session, options_.node});
  }
  void answer(const described& d, const api::requests::wait& w, const give_answer& to, const asker& by) {
    auto now = topology_of(d, w.topology);
    if (!now)
      return to(unexpected(now.error()));
    if (observe::is_over(*now))
      return to(api::answers::waited{true, *now});
    waits_.push_back({w.topology, to, by, std::chrono::steady_clock::now() + wait_patience});
  }
  void answer(const described& d, const api::requests::report& r, const give_answer& to, const asker&) {
    report_of(d, r, to);
  }
  void answer(const described& d, const api::requests::ledger& r, const give_answer& to, const asker&) {
    report_of(d, r, to);
  }
  /// `r` asks for the report, or for the ledger.
  template<class R>
  void report_of(const described& d, const R& r, const give_answer& to) {
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
                  r, shown ? observe::report_text(*shown->topology, m.parts, is_finished, &shown->flow)
                           : m.json));
            },
            [to](const caf::error&) { to(outside_error(ec::unavailable, "no report could be collected")); });
  }
  void answer(const described&, const api::requests::stop& r, const give_answer& to, const asker&) {
    accept(cluster::records::stop_asked{r.topology}, to);
  }
  void answer(const described&, const api::requests::remove& r, const give_answer& to, const asker&) {
    accept(cluster::records::topology_removed{r.topology}, to);
  }
  void answer(const described&, const api::requests::pause& r, const give_answer& to, const asker&) {
    accept(cluster::records::pause_set{r.topology, true}, to);
  }
  void answer(const described&, const api::requests::resume& r, const give_answer& to, const asker&) {
    accept(cluster::records::pause_set{r.topology, false}, to);
  }
  void answer(const described& d, const api::requests::restart& r, const give_answer& to, const asker&) {
    const auto t = d.state->topologies.find(r.topology);
    if (t == d.state->topologies.end())
      return to(unexpected(topology_of(d, r.topology).error()));
    const auto who = meant_actor(r.topology, r.stage);
    if (std::ranges::none_of(t->second.actors, [&](const auto& a) { return is_meant_by(who, a.first); }))
      return to(unexpected(observe::nothing_to_restart(r.topology, r.stage)));
    self_->send(options_.directors, restart_asked{r.topology, who});
    to(api::answers::accepted{});
  }
  void answer(const described& d, const api::requests::replay& r, const give_answer& to, const asker&) {
    const auto t = d.state->topologies.find(r.topology);
    if (t == d.state->topologies.end())
      return to(unexpected(topology_of(d, r.topology).error()));
    const bool is_full = replays_.under_way() >= most_replays;
    if (!replays_.ask(r, to, std::chrono::steady_clock::now()))
      return;
    if (is_full)
      return replays_.ended(r.topology, busy());
    const auto replayer =
        spawn_replayer(self_->system(), {options_.letters, r, is_over_, t->second.is_active()},
                       replay_listener(whole_view(self_)));
    self_->monitor(replayer);
    replayers_[replayer.address()] = r.topology;
    self_->send(replayer, replay_now{});
  }
  void answer(const described&, const api::requests::drain& r, const give_answer& to, const asker&) {
    accept(cluster::records::drain_asked{r.node}, to);
  }
  void answer(const described&, const api::requests::forget& r, const give_answer& to, const asker&) {
    record(cluster::records::node_forgotten{r.node}, [to](const node::cluster_answered& m) {
      if (m.failure)
        return to(unexpected(*m.failure));
      api::answers::forgotten out;
      for (const auto& id : m.lost)
        out.lost.push_back(id.topology + "/" + lasting_name(id.name));
      to(std::move(out));
    });
  }
  void answer(const described&, const auto&, const give_answer& to, const asker&) {
    to(our_error("a node was asked for what another one answers"));
  }
  void accept(cluster::request what, const give_answer& to) {
    record(std::move(what), [to](const node::cluster_answered& m) {
      if (m.failure)
        return to(unexpected(*m.failure));
      to(api::answers::accepted{});
    });
  }
  template<class F>
  void record(cluster::request what, F then) {
    self_->request(options_.coordinator, answer_patience, node::ask_cluster{std::move(what)})
        .then(then, [then](const caf::error&) {
          then(node::cluster_answered{
              outside_error(ec::unavailable,
                            "the store takes too long; it is not known whether this was recorded")
                  .value(),
              {}});
        });
  }
  void end_waits(const described& d) {
    const auto now = std::chrono::steady_clock::now();
    waits_.remove_if([&](const waiting& w) {
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

  whole_view::pointer self_;
  view_options options_;
  std::uint64_t numbers_ = 0;
  std::uint64_t looks_ = 0;
  std::map<std::uint64_t, applying> preparing_;
  std::map<caf::actor_addr, std::uint64_t> workers_;
  std::set<caf::actor_addr> readers_;                 // of dead letters
  std::map<caf::actor_addr, std::string> replayers_;  // their topologies
  replay::waiting_replays replays_;
  std::shared_ptr<std::atomic<bool>> is_over_ = std::make_shared<std::atomic<bool>>(false);
  questions others_;
  insight insight_;
  left_batches left_;
  std::list<waiting> waits_;
};

whole_view::behavior_type view_behaviour(whole_view::pointer self,
                                         const std::shared_ptr<view_options>& options) {
  const auto state = std::make_shared<viewing>(self, std::move(*options));
  return {
      [=](const mail_came& m) { state->on_mail(m); },
      [=](const questions_lost& m) { state->on_lost(m); },
      [=](const api_asked& m) { state->on_asked(m); },
      [=](const messages::stop&) { state->stop(); },
      [=](const replay_ended& m) { state->on_replayed(m); },
      [=](const left_batches_found& m) { state->on_left(m); },
      [=](const look_at_waits&) { state->on_look(); },
      [=](const apply_prepared& m) { state->on_prepared(m); },
  };
}

class request_way final : public api::cluster_view {
public:
  explicit request_way(view_actor view) : view_(std::move(view)) {}
  void ask(api::request what, api::reply to) override {
    caf::anon_send(view_, api_asked{std::move(what), std::make_shared<const api::reply>(std::move(to))});
  }

private:
  view_actor view_;
};

}  // namespace

view_actor spawn_view(caf::actor_system& system, view_options options) {
  return system.spawn(view_behaviour, std::make_shared<view_options>(std::move(options)));
}

std::unique_ptr<api::cluster_view> requests_to(view_actor view) {
  return std::make_unique<request_way>(std::move(view));
}

}  // namespace millrace::host
