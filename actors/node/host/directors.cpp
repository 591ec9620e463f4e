#include "actors/node/host/directors.hpp"

#include "actors/deployment/start_positions.hpp"
#include "actors/node/control/topology_state.hpp"
#include "actors/observe/report.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/visible_text.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/control/topology_director.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace millrace::host {
namespace {

/// All actors of a kind may take so long to stop, before the topology ends without the others.
constexpr std::chrono::seconds stop_patience{10};
constexpr std::chrono::seconds report_patience{5};
constexpr std::chrono::seconds record_patience{30};
constexpr std::string_view report_value = "report";

using promise = caf::typed_response_promise<report_given>;

struct directed_topology {
  std::uint64_t generation = 0;
  std::string chains = {};  // the chains in the store
  std::unique_ptr<control::topology_director> director;
  std::shared_ptr<const config::topology> topology;
  std::vector<promise> asked = {};
  report_given last = {};  // once it has ended
  bool has_ended = false;  // `last` counts, and the kept report where that is empty
  topology_end end = {};   // the end, as far as it is known here
  bool is_end_told = false;
};

/// The recorded end counts: the coordinator may have ended the topology before its director did.
topology_end recorded(topology_end known, const cluster::topology_state& s) {
  known.finished = s.status == cluster::topology_status::finished;
  known.generation = s.generation;
  const bool has_failed = s.status == cluster::topology_status::failed;
  // `control` has the beginning of a long text.
  if (!has_failed)
    known.failure.reset();
  else if (!known.failure || !known.failure->message.starts_with(s.why))
    known.failure = error{ec::internal, fault::outside, false, s.why, s.failed_actor};
  return known;
}

/// Returns the partitions that the plan has values of. Partitions of earlier runs are among them, and are
/// over: the starts that `control` has of them are of the past.
expected<std::set<cluster::partition_name>> partitions_in(const planned_topology& plan) {
  std::set<cluster::partition_name> out;
  for (const auto& parser : plan.decided.plans) {
    ASSIGN_OR_RETURN(const auto all,
                     deployment::decode_starts(plan.values.at(deployment::starts_name(parser->name))));
    for (const auto& p : all)
      out.insert({parser->name, p.name});
  }
  return out;
}

class directors_shell {
public:
  directors_shell(directors_actor::pointer self, directors_options options)
      : self_(self), options_(std::move(options)) {}

  void on_coordinator(const node::coordinator_actor& c) { coordinator_ = c; }
  void on_leads(const leads_now& m) {
    mine_ = m.mine;
    forget_all();
    // An end that was under way when the epoch before was over may be recorded all the same.
    for (auto& [name, t] : std::exchange(untold_, {}))
      if (const auto now = m.found->topologies.find(name);
          now != m.found->topologies.end() && now->second.generation == t.generation)
        tell_end(name, t, now->second);
  }
  void on_leads_no_more() { forget_all(); }

  void on_changed(const topology_changed& m) {
    auto& t = topologies_[m.topology];
    if (!t.director || t.generation != m.now->generation) {
      auto made = make(m.topology, *m.now);
      if (!made) {
        t.generation = m.now->generation;
        t.end.failure = made.error();
        if (!m.now->is_active())
          return tell_end(m.topology, t, *m.now);
        wish(cluster::records::topology_failed{m.topology, m.topology, made.error().message});
        return;
      }
      answer(t, {});
      t = std::move(*made);
    }
    run(m.topology, t.director->on_state(*m.now));
    tell_end(m.topology, t, *m.now);
  }
  void on_gone(const topology_gone& m) {
    if (auto t = topologies_.extract(m.topology); !t.empty())
      answer(t.mapped(), {});
  }
  void on_said(const said_to_director& m) {
    const auto& name = topology_of(m.what);
    if (const auto* const b = std::get_if<control::actor_began>(&m.what))
      spdlog::debug("{}: life {}.{} is on node {}", name_in_logs(name, b->actor), b->now.term, b->now.count,
                    m.from);
    else if (const auto* const o = std::get_if<control::actor_over>(&m.what))
      spdlog::debug("{}: life {}.{} is no more on node {}", name_in_logs(name, o->actor), o->last.term,
                    o->last.count, m.from);
    if (const auto t = topologies_.find(name); t != topologies_.end() && t->second.director)
      run(name, t->second.director->on_message(m.from, m.what));
  }
  void on_restart(const restart_asked& m) {
    const auto t = topologies_.find(m.topology);
    if (t == topologies_.end() || !t->second.director)
      return;
    spdlog::info("topology {}: a restart of {} is asked for", m.topology, visible(m.who));
    run(m.topology, t->second.director->restart(m.who));
  }
  promise on_ask(const ask_for_report& m) {
    auto to = self_->make_response_promise<promise>();
    const auto t = topologies_.find(m.topology);
    if (t == topologies_.end() || !t->second.director) {
      to.deliver(kept_report(m.topology, m.chains));  // it ended under an earlier coordinator
    } else if (t->second.has_ended) {
      if (!t->second.last.is_known)
        t->second.last = kept_report(m.topology, m.chains);
      to.deliver(t->second.last);
    } else {
      t->second.asked.push_back(to);
      run(m.topology, t->second.director->report());
    }
    return to;
  }
  void on_reports_due(const reports_due& m) {
    if (auto* const t = find(m.topology, m.generation))
      run(m.topology, t->director->reports_are_due(m.number));
  }
  void on_stops_due(const stops_due& m) {
    if (auto* const t = find(m.topology, m.generation))
      run(m.topology, t->director->stops_are_due(m.number));
  }

private:
  expected<directed_topology> make(const std::string& name, const cluster::topology_state& s) {
    ASSIGN_OR_RETURN(const auto plan, options_.plans->of(name, s));
    ASSIGN_OR_RETURN(auto in_plan, partitions_in(*plan));
    directed_topology out{s.generation, cluster::chains_of(name, s.first_generation), nullptr,
                          plan->topology};
    out.director = std::make_unique<control::topology_director>(control::topology_director_options{
        name, members_of(plan->decided.layout),
        [plan](const std::string& parser, const std::string& partition) {
          return log_of(plan->decided, parser, partition);
        },
        std::move(in_plan), lanes_giving_up_crashes(plan->decided), options_.is_lone});
    return out;
  }

  directed_topology* find(const std::string& topology, std::uint64_t generation) {
    const auto t = topologies_.find(topology);
    return t != topologies_.end() && t->second.director && t->second.generation == generation ? &t->second
                                                                                              : nullptr;
  }
  void forget_all() {
    for (auto& [_, t] : topologies_)
      answer(t, {});
    untold_.merge(topologies_);
    topologies_.clear();
  }
  void tell_end(const std::string& topology, directed_topology& t, const cluster::topology_state& now) {
    if (!now.is_active() && !std::exchange(t.is_end_told, true) && options_.on_end)
      options_.on_end(topology, recorded(t.end, now));
  }
  static void answer(directed_topology& t, const report_given& with) {
    for (auto& to : std::exchange(t.asked, {}))
      to.deliver(with);
  }

  void run(const std::string& topology, const control::topology_effect_list& all) {
    for (const auto& d : all)
      std::visit([&](const auto& x) { run(topology, x); }, d);
  }
  void run(const std::string&, const control::topology_effects::send& d) {
    self_->send(options_.board, send_order{d.node, d.what});
  }
  void run(const std::string&, const control::topology_effects::wish& d) { wish(d.what); }
  void run(const std::string& topology, const control::topology_effects::wait_for_reports& d) {
    self_->delayed_send(self_, report_patience,
                        reports_due{topology, topologies_.at(topology).generation, d.number});
  }
  void run(const std::string& topology, const control::topology_effects::wait_for_stops& d) {
    self_->delayed_send(self_, stop_patience,
                        stops_due{topology, topologies_.at(topology).generation, d.number});
  }
  void run(const std::string& topology, const control::topology_effects::give_report& d) {
    auto& t = topologies_.at(topology);
    answer(t, {true, observe::report_text(*t.topology, d.parts, false), d.parts});
  }
  void run(const std::string& topology, const control::topology_effects::ended& d) {
    auto& t = topologies_.at(topology);
    t.has_ended = true;
    t.end = {d.finished, d.failure, d.parts, t.generation};
    t.last = {true, observe::report_text(*t.topology, d.parts, d.finished), d.parts};
    if (!options_.is_lone) {  // it is told to the process alone
      keep_report(topology, t.chains, t.last.json);
      delivery::ledger counts;
      for (const auto& p : d.parts)
        counts.add(p.counts);
      if (d.finished && observe::records_read(*t.topology, counts) == 0)
        spdlog::warn("topology {} has ended without reading a record: its input is empty", topology);
    }
    answer(t, t.last);
  }
  void run(const std::string& topology, const control::topology_effects::was_over&) {
    auto& t = topologies_.at(topology);
    t.has_ended = t.is_end_told = true;
    if (!t.asked.empty())
      answer(t, kept_report(topology, t.chains));
  }
  void run(const std::string& topology, const control::topology_effects::warn& d) {
    spdlog::warn("topology {}: {}", topology, d.text);
  }

  [[nodiscard]] node::topology_state state_of(const std::string& topology, const std::string& chains) const {
    return {options_.store, chains, {{}, topology}, {}};
  }
  /// Stores the report for the directors of a later coordinator, and of other processes.
  void keep_report(const std::string& topology, const std::string& chains, const std::string& json) const {
    if (const auto done = state_of(topology, chains).put_as(report_value, json, mine_); !done)
      spdlog::warn("topology {}: the last report is lost with this coordinator: {}", topology,
                   done.error().message);
  }
  [[nodiscard]] report_given kept_report(const std::string& topology, const std::string& chains) const {
    auto json = state_of(topology, chains).get(report_value);
    if (json)
      return {true, std::move(*json), {}};
    if (json.error().code != ec::not_found)
      spdlog::warn("topology {}: the last report cannot be read: {}", topology, json.error().message);
    return {};
  }

  /// The coordinator may refuse a wish, or be lost with it: its sender asks again.
  void wish(cluster::request what) {
    self_->request(coordinator_, record_patience, node::ask_cluster{std::move(what)})
        .then(
            [](const node::cluster_answered& m) {
              if (m.failure)
                spdlog::warn("not recorded: {}", m.failure->message);
            },
            [](const caf::error&) { spdlog::warn("not recorded: the store takes too long"); });
  }

  directors_actor::pointer self_;
  directors_options options_;
  node::coordinator_actor coordinator_;
  cluster::epoch mine_;
  std::map<std::string, directed_topology> topologies_;
  std::map<std::string, directed_topology> untold_;  // directed under an epoch that is over
};

directors_actor::behavior_type
directors_behaviour(directors_actor::stateful_pointer<std::optional<directors_shell>> self,
                    const std::shared_ptr<directors_options>& options) {
  auto* const state = &self->state.emplace(self, std::move(*options));
  return {
      [=](const coordinator_known& m) { state->on_coordinator(m.coordinator); },
      [=](const leads_now& m) { state->on_leads(m); },
      [=](const topology_changed& m) { state->on_changed(m); },
      [=](const topology_gone& m) { state->on_gone(m); },
      [=](const leads_no_more&) { state->on_leads_no_more(); },
      [=](const said_to_director& m) { state->on_said(m); },
      [=](const restart_asked& m) { state->on_restart(m); },
      [=](const ask_for_report& m) { return state->on_ask(m); },
      [=](const reports_due& m) { state->on_reports_due(m); },
      [=](const stops_due& m) { state->on_stops_due(m); },
      [=](const messages::stop&) { self->quit(); },
  };
}

class director_way final : public node::cluster_director {
public:
  explicit director_way(directors_actor directors) : directors_(std::move(directors)) {}
  void leads(const cluster::epoch& mine, const cluster::control_state& found) override {
    caf::anon_send(directors_, leads_now{mine, std::make_shared<const cluster::control_state>(found)});
  }
  void changed(const std::string& topology, const cluster::topology_state& now) override {
    caf::anon_send(directors_,
                   topology_changed{topology, std::make_shared<const cluster::topology_state>(now)});
  }
  void removed(const std::string& topology) override { caf::anon_send(directors_, topology_gone{topology}); }
  void stepped_down(const std::string&) override { caf::anon_send(directors_, leads_no_more{}); }

private:
  directors_actor directors_;
};

}  // namespace

directors_actor spawn_directors(caf::actor_system& system, directors_options options) {
  return control::spawn_blocking(system, directors_behaviour,
                                 std::make_shared<directors_options>(std::move(options)));
}

std::shared_ptr<node::cluster_director> directed(directors_actor directors) {
  return std::make_shared<director_way>(std::move(directors));
}

}  // namespace millrace::host
