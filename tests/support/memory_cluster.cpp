#include "tests/support/memory_cluster.hpp"

#include "runtime/cluster/admission.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace millrace::test {
namespace {

namespace coordinator_effects = cluster::coordinator_effects;
namespace records = cluster::records;

constexpr std::uint32_t formats = 1;

/// A lane for each source of the plan, a sink for each sink.
expected<std::vector<cluster::actor_spec>> actors_of(const std::string& plan) {
  boost::json::error_code failed;
  const auto root = boost::json::parse(plan, failed);
  const auto* const o = failed ? nullptr : root.if_object();
  const auto* const stages = o == nullptr ? nullptr : o->if_contains("stages");
  if (stages == nullptr || !stages->is_object())
    return user_error(ec::invalid_argument, "the plan is not a topology");
  std::vector<cluster::actor_spec> out;
  for (const auto& member : stages->get_object())
    if (const auto* const s = member.value().if_object()) {
      const std::string name(std::string_view(member.key()));
      if (s->contains("source"))
        out.push_back({name + "/0", cluster::actor_kind::lane, name});
      if (s->contains("sink"))
        out.push_back({name, cluster::actor_kind::sink, name, true, {}});
    }
  return out;
}

}  // namespace

memory_cluster::memory_cluster(const std::vector<std::string>& nodes)
    : boss_({1, 7}, {}, cluster::moment{}), first_(nodes.front()), awake_(nodes) {
  run(boss_.begin("test", formats, now()));
  for (const auto& node : nodes)
    join(node);
}

cluster::moment memory_cluster::now() const { return {std::chrono::milliseconds(millis_), millis_ * 1'000}; }

void memory_cluster::join(const std::string& node) {
  const auto instance = static_cast<std::uint64_t>(std::ranges::find(awake_, node) - awake_.begin()) + 1;
  run(boss_.on_registered({node, instance, 0, 1, formats}, now()));
  const auto session = boss_.state().nodes.at(node).session;
  run(boss_.on_registered({node, instance, session, 1, formats}, now()));
}

void memory_cluster::run(cluster::coordinator_effect_list all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    cluster::coordinator_effect_list more;
    if (const auto* const a = std::get_if<coordinator_effects::append>(&all[i]))
      more = boss_.on_appended(a->number, cluster::append_outcome::acknowledged, now());
    else if (const auto* const b = std::get_if<coordinator_effects::write_base>(&all[i]))
      more = boss_.on_appended(b->number, cluster::append_outcome::acknowledged, now());
    else if (const auto* const r = std::get_if<coordinator_effects::answer>(&all[i]))
      answer(*r);
    else if (const auto* const s = std::get_if<coordinator_effects::send>(&all[i]))
      on_command(*s);
    all.insert(all.end(), more.begin(), more.end());
  }
  end_waits();
}

/// Lives begin and end at once.
void memory_cluster::on_command(const coordinator_effects::send& s) {
  const auto* const start = std::get_if<cluster::commands::start>(&s.what.what);
  if (start != nullptr && std::ranges::find(awake_, s.node) != awake_.end())
    run(boss_.on_life_began(s.node, {s.what.session, start->actor, {start->term, 0}}, now()));
}

void memory_cluster::ask(api::request what, api::reply to) {
  const std::lock_guard lock(mutex_);
  if (hangs_)
    return waits_.emplace_back("", std::move(to)), void();
  pending asked{std::move(to), what};
  if (const auto* const a = std::get_if<api::requests::apply>(&what)) {
    auto actors = actors_of(a->plan);
    if (!actors)
      return asked.to(unexpected(actors.error()));
    stopped_.erase(a->topology);
    record(records::topology_applied{a->topology, a->plan, 0, std::move(*actors)}, std::move(asked));
  } else if (const auto* const s = std::get_if<api::requests::stop>(&what)) {
    const auto topology = s->topology;
    const auto found = boss_.state().topologies.find(topology);
    const bool runs = found != boss_.state().topologies.end() && found->second.is_active();
    record(records::stop_asked{topology}, std::move(asked));
    if (runs) {
      stopped_[topology] = "stopped by a client";
      run(boss_.on_request(++requests_, records::finished{topology}, now()));
    }
  } else if (const auto* const d = std::get_if<api::requests::drain>(&what)) {
    record(records::drain_set{d->node, true}, std::move(asked));
  } else if (const auto* const u = std::get_if<api::requests::undrain>(&what)) {
    record(records::drain_set{u->node, false}, std::move(asked));
  } else if (const auto* const f = std::get_if<api::requests::forget>(&what)) {
    record(records::node_forgotten{f->node}, std::move(asked));
  } else if (const auto* const w = std::get_if<api::requests::wait>(&what);
             w != nullptr && boss_.state().topologies.contains(w->topology)) {
    std::erase_if(waits_, [](const auto& one) { return !one.second.is_wanted(); });
    waits_.emplace_back(w->topology, asked.to);
    end_waits();
  } else {
    asked.to(look(what));
  }
}

void memory_cluster::record(cluster::request what, pending asked) {
  const auto id = ++requests_;
  recording_.emplace(id, std::move(asked));
  run(boss_.on_request(id, std::move(what), now()));
}

void memory_cluster::answer(const coordinator_effects::answer& a) {
  const auto found = recording_.find(a.request);
  if (found == recording_.end())
    return;
  const auto asked = std::move(found->second);
  recording_.erase(found);
  if (a.failure)
    return asked.to(unexpected(*a.failure));
  if (const auto* const applied = std::get_if<api::requests::apply>(&asked.what))
    return asked.to(api::answers::applied{boss_.state().topologies.at(applied->topology).generation});
  if (std::holds_alternative<api::requests::drain>(asked.what))
    return asked.to(api::answers::drains{});
  if (!std::holds_alternative<api::requests::forget>(asked.what))
    return asked.to(api::answers::accepted{});
  api::answers::forgotten out;
  for (const auto& id : a.lost)
    out.lost.push_back(id.topology + "/" + id.name);
  asked.to(std::move(out));
}

void memory_cluster::end_waits() {
  std::erase_if(waits_, [&](const auto& w) {
    const auto found = boss_.state().topologies.find(w.first);
    if (found == boss_.state().topologies.end() || found->second.is_active())
      return false;
    w.second(api::answers::waited{true, describe(w.first)});
    return true;
  });
}

api::answers::topology memory_cluster::describe(const std::string& topology) const {
  const auto& t = boss_.state().topologies.at(topology);
  const auto stopped = stopped_.find(topology);
  api::answers::topology out{topology, api::topology_state::running, {}};
  if (t.status == cluster::topology_status::failed) {
    out.state = api::topology_state::failed;
    out.reason = fmt::format("{}: {}", t.failed_actor, t.why);
  } else if (t.status == cluster::topology_status::finished) {
    out.state = api::topology_state::ended;
  } else if (t.status == cluster::topology_status::stopped) {
    out.state = api::topology_state::stopped;
    out.reason = stopped == stopped_.end() ? std::string() : stopped->second;
  }
  return out;
}

api::answers::nodes memory_cluster::describe_nodes() const {
  api::answers::nodes out;
  for (const auto& [name, n] : boss_.state().nodes) {
    api::answers::node one{name, n.session, name == first_, api::node_state::up, {}};
    for (const auto& [topology, t] : boss_.state().topologies)
      for (const auto& [actor, a] : t.actors)
        if (a.at && a.at->node == name && a.at->session == n.session)
          one.actors.push_back(topology + "/" + actor);
    if (boss_.nodes().find(name) == nullptr)
      one.state = api::node_state::silent;
    else if (n.is_draining)
      one.state = one.actors.empty() ? api::node_state::drained : api::node_state::draining;
    out.all.push_back(std::move(one));
  }
  return out;
}

expected<api::answer> memory_cluster::look(const api::request& what) {
  if (std::holds_alternative<api::requests::nodes>(what))
    return describe_nodes();
  if (std::holds_alternative<api::requests::list>(what)) {
    api::answers::topologies out;
    for (const auto& [name, t] : boss_.state().topologies)
      out.all.push_back(describe(name));
    return out;
  }
  if (std::holds_alternative<api::requests::status>(what))
    return api::answers::status{boss_.state().cluster, first_, boss_.state().nodes.at(first_).session,
                                first_};
  if (const auto* const w = std::get_if<api::requests::wait>(&what))
    return cluster::no_topology(boss_.state(), w->topology);
  if (const auto* const r = std::get_if<api::requests::report>(&what)) {
    if (!boss_.state().topologies.contains(r->topology))
      return cluster::no_topology(boss_.state(), r->topology);
    return api::answers::document{fmt::format(R"({{"topology":"{}","stages":{{}}}})", r->topology)};
  }
  if (const auto* const g = std::get_if<api::requests::graph>(&what)) {
    if (!boss_.state().topologies.contains(g->topology))
      return cluster::no_topology(boss_.state(), g->topology);
    return api::answers::document{
        fmt::format("{{\"topology\":\"{}\",\"padding\":\"{}\"}}\n", g->topology, std::string(padding_, 'x'))};
  }
  if (std::holds_alternative<api::requests::figures>(what))
    return api::answers::document{"{\"lanes\":[]}\n"};
  if (std::holds_alternative<api::requests::metrics>(what))
    return api::answers::page{true, "millrace_running 1\n"};
  return api::answers::page{boss_.nodes().is_settled(), "ok\n"};
}

void memory_cluster::pad_graphs(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  padding_ = bytes;
}

void memory_cluster::finish(const std::string& topology) {
  const std::lock_guard lock(mutex_);
  run(boss_.on_request(++requests_, records::finished{topology}, now()));
}

void memory_cluster::fail(const std::string& topology, const std::string& actor, const std::string& why) {
  const std::lock_guard lock(mutex_);
  run(boss_.on_request(++requests_, records::topology_failed{topology, actor, why}, now()));
}

void memory_cluster::silence(const std::string& node) {
  const std::lock_guard lock(mutex_);
  std::erase(awake_, node);
  for (int i = 0; i < 50; ++i) {
    millis_ += 100;
    for (const auto& name : awake_)
      run(boss_.on_heard(name, boss_.state().nodes.at(name).session, now()));
    run(boss_.tick(now()));
  }
}

void memory_cluster::hang() {
  const std::lock_guard lock(mutex_);
  hangs_ = true;
}

std::size_t memory_cluster::waiting() {
  const std::lock_guard lock(mutex_);
  std::erase_if(waits_, [](const auto& one) { return !one.second.is_wanted(); });
  return waits_.size();
}

}  // namespace millrace::test
