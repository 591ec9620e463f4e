#include "tools/cli/run_view.hpp"

#include "actors/observe/answering.hpp"
#include "actors/observe/figures_of.hpp"
#include "actors/observe/health.hpp"
#include "actors/observe/metrics.hpp"
#include "actors/observe/own_answers.hpp"
#include "actors/observe/pause.hpp"
#include "actors/observe/report.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/base/visible_text.hpp"
#include "tools/cli/letters_page.hpp"

#include <caf/scoped_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace millrace::cli {
namespace {

namespace asked = api::requests;

/// Questions that wait for the thread: more are refused.
constexpr std::size_t most_questions = 64;
constexpr std::chrono::milliseconds waits_every{200};
constexpr std::chrono::seconds shard_patience{2};

unexpected not_of_one_process(std::string_view what) {
  return user_error(
      ec::unsupported,
      fmt::format("{}: this is `millrace run`, one process with the topologies of its command line; "
                  "`millrace node` makes clusters",
                  what));
}

api::answer page_of(const observe::health& h) { return api::answers::page{h.good, h.text}; }

}  // namespace

run_view::run_view(const std::vector<std::unique_ptr<topology_run>>& runs,
                   const observe::running_topologies& board, std::string node)
    : runs_(runs), board_(board), node_(std::move(node)), thread_([this] { work(); }) {}

run_view::~run_view() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void run_view::attach(caf::actor_system* system) {
  const std::lock_guard lock(using_system_);
  system_ = system;
}

void run_view::settle(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  settled_.wait_for(lock, limit, [this] { return !is_stop_untold_ && asked_.empty() && waits_.empty(); });
}

void run_view::ask(api::request what, api::reply to) {
  if (const auto* const r = std::get_if<asked::replay>(&what))
    return replay(*r, to);
  if (auto now = look(what))
    return to(std::move(*now));
  {
    const std::lock_guard lock(mutex_);
    if (asked_.size() < most_questions) {
      asked_.push_back({std::move(what), std::move(to)});
      wake_.notify_all();
      return;
    }
  }
  to(outside_error(ec::unavailable, "this process has too much to answer; ask again"));
}

struct run_view::looking {
  using given = std::optional<expected<api::answer>>;
  run_view& v;
  given operator()(const asked::list&) const { return v.topologies(); }
  given operator()(const asked::nodes&) const { return v.nodes(); }
  given operator()(const asked::status&) const { return api::answers::status{{}, v.node_, 1, v.node_}; }
  given operator()(const asked::own_figures& r) const {
    return v.look_inside(r.topology, asked::figures{r.topology});
  }
  given operator()(const asked::tap& r) const { return v.tap(r.topology, r.edge, r.after); }
  given operator()(const asked::own_tap& r) const { return v.tap(r.topology, r.edge, r.after); }
  given operator()(const asked::stop& r) const { return v.stop(r.topology); }
  given operator()(const asked::pause& r) const { return v.set_paused(r.topology, true); }
  given operator()(const asked::resume& r) const { return v.set_paused(r.topology, false); }
  given operator()(const asked::restart& r) const { return v.restart(r.topology, r.stage); }
  given operator()(const asked::metrics&) const {
    return api::answers::page{true, observe::metrics_text(v.board_.all())};
  }
  given operator()(const asked::healthz&) const { return page_of(observe::is_healthy(v.board_.all())); }
  given operator()(const asked::readyz&) const {
    return page_of(observe::is_ready(v.board_.all(), v.board_.is_stopping()));
  }
  given operator()(const asked::livez&) const {
    return page_of(observe::is_alive(observe::flow_meter::clock::now() - v.board_.sampled_at()));
  }
  given operator()(const asked::apply&) const { return expected<api::answer>(not_of_one_process("apply")); }
  given operator()(const asked::start&) const { return expected<api::answer>(not_of_one_process("start")); }
  given operator()(const asked::remove&) const { return expected<api::answer>(not_of_one_process("remove")); }
  given operator()(const asked::drain&) const { return expected<api::answer>(not_of_one_process("drain")); }
  given operator()(const asked::forget&) const { return expected<api::answer>(not_of_one_process("forget")); }
  given operator()(const auto&) const { return std::nullopt; }
};

std::optional<expected<api::answer>> run_view::look(const api::request& what) {
  if (const auto topology = observe::asks_inside(what); !topology.empty())
    return look_inside(topology, what);
  return std::visit(looking{*this}, what);
}

expected<topology_run*> run_view::run_of(const std::string& topology) const {
  for (const auto& r : runs_)
    if (r->topology().name == topology)
      return r.get();
  return user_error(ec::not_found, fmt::format("no topology {} runs here", visible(topology)));
}

expected<api::answer> run_view::look_inside(const std::string& topology, const api::request& what) const {
  if (const auto t = board_.find(topology))
    return observe::answer_of(what, *t->topology, observe::figures_of(*t, node_, system_clock().now()));
  return unexpected(run_of(topology).error());
}

expected<api::answer> run_view::tap(const std::string& topology, const std::string& edge,
                                    const std::string& after) const {
  const auto t = board_.find(topology);
  if (!t)
    return unexpected(run_of(topology).error());
  return observe::tapped_at(*t, edge, node_, after).map(observe::document<observe::tapped>);
}

expected<api::answer> run_view::stop(const std::string& topology) {
  return run_of(topology).map([this](topology_run* r) {
    {
      const std::lock_guard lock(mutex_);
      is_stop_untold_ = true;
    }
    r->stop();
    return api::answer(api::answers::accepted{});
  });
}

expected<api::answer> run_view::set_paused(const std::string& topology, bool is_paused) {
  return run_of(topology).and_then([&](topology_run* r) { return r->set_paused(is_paused); }).map([] {
    return api::answer(api::answers::accepted{});
  });
}

expected<api::answer> run_view::restart(const std::string& topology, const std::string& who) {
  const auto run = run_of(topology);
  if (!run)
    return unexpected(run.error());
  const auto has = [&](const auto& actors) {
    return std::ranges::any_of(actors, [&](const auto& a) { return is_meant_by(who, a.first); });
  };
  if (const auto t = board_.find(topology);
      t && !has(t->gauges.lanes) && !has(t->gauges.shards) && !has(t->gauges.sinks))
    return unexpected(observe::nothing_to_restart(topology, who));
  return (*run)->restart(who).map([] { return api::answer(api::answers::accepted{}); });
}

void run_view::replay(const asked::replay& what, const api::reply& to) {
  const auto run = run_of(what.topology);
  const auto t = board_.find(what.topology);
  if (!run || !t)
    return to(run ? outside_error(ec::unavailable, "the topology has not begun; ask again")
                  : unexpected(run.error()));
  replays_.ask(what, {t->topology, (*run)->store()->folder(), t->runs}, to);
}

api::answers::topologies run_view::topologies() const {
  api::answers::topologies out;
  for (const auto& r : runs_) {
    api::answers::topology one{r->topology().name, api::topology_state::running, {}};
    if (const auto end = r->ended()) {
      one.state = !end->failure.empty() ? api::topology_state::failed
                  : end->finished       ? api::topology_state::ended
                                        : api::topology_state::stopped;
      one.reason = end->failure;
    } else if (board_.is_stopping()) {
      one.reason = "it is stopping";
    } else if (r->is_paused()) {
      one.reason = observe::paused_words;
    }
    out.all.push_back(std::move(one));
  }
  return out;
}

api::answers::nodes run_view::nodes() const {
  api::answers::node one{
      node_, 1, true, board_.is_stopping() ? api::node_state::draining : api::node_state::up, {}};
  for (const auto& t : board_.all()) {
    const auto add = [&](const auto& actors) {
      for (const auto& [name, gauges] : actors)
        one.actors.push_back(fmt::format("{}/{}", t.topology->name, lasting_name(name)));
    };
    if (!t.runs)
      continue;
    add(t.gauges.lanes);
    add(t.gauges.shards);
    add(t.gauges.sinks);
  }
  return {{std::move(one)}};
}

void run_view::work() {
  std::unique_lock lock(mutex_);
  while (!is_over_) {
    wake_.wait_for(lock, waits_every, [this] { return is_over_ || !asked_.empty(); });
    while (!asked_.empty() && !is_over_) {
      const auto q = std::move(asked_.front());
      asked_.pop_front();
      if (std::holds_alternative<asked::wait>(q.what)) {
        waits_.push_back(q);
        continue;
      }
      lock.unlock();
      if (q.to.is_wanted())
        q.to(answer(q.what));
      lock.lock();
    }
    end_waits();
    replays_.look();
  }
}

void run_view::end_waits() {
  const auto all = topologies();
  waits_.remove_if([&](const question& q) {
    const auto& name = std::get<asked::wait>(q.what).topology;
    const auto t = std::ranges::find(all.all, name, &api::answers::topology::name);
    if (t == all.all.end())
      q.to(unexpected(run_of(name).error()));
    else if (observe::is_over(*t))
      q.to(api::answer(api::answers::waited{true, *t}));
    else
      return !q.to.is_wanted();
    is_stop_untold_ = false;
    return true;
  });
  if (waits_.empty() && asked_.empty())
    settled_.notify_all();
}

expected<api::answer> run_view::answer(const api::request& what) {
  if (const auto* const r = std::get_if<asked::report>(&what))
    return report(r->topology).and_then([&](const auto& text) { return observe::report_answer(*r, text); });
  if (const auto* const l = std::get_if<asked::ledger>(&what))
    return report(l->topology).and_then([&](const auto& text) { return observe::report_answer(*l, text); });
  if (const auto* const k = std::get_if<asked::key_state>(&what))
    return key_state(k->topology, k->stage, k->key);
  if (const auto* const k = std::get_if<asked::own_key_state>(&what))
    return key_state(k->topology, k->stage, k->key);
  if (const auto* const topology = observe::asks_for_letters(what))
    return run_of(*topology).and_then([&](topology_run* r) {
      const auto& folder = r->store()->folder();
      return observe::letters_answer(
          what, [&](std::uint64_t page) { return letters_page(r->topology(), folder, page); },
          [&](std::uint64_t page) { return newest_letters_page(r->topology(), folder, page); });
    });
  return our_error("a question came that nobody answers");
}

expected<api::answer> run_view::key_state(const std::string& topology, const std::string& stage,
                                          const std::string& key) {
  const auto t = board_.find(topology);
  if (!t)
    return unexpected(run_of(topology).error());
  const std::lock_guard lock(using_system_);
  const auto found = observe::look_up_key(*t, stage, key);
  if (!found)
    return unexpected(found.error());
  if (system_ == nullptr)
    return observe::no_shard(topology, found->at.shard);
  expected<api::answer> out = observe::no_answer(found->at.shard);
  caf::scoped_actor self(*system_);
  self->request(found->shard, shard_patience, found->question)
      .receive(
          [&](const shard::key_found& m) {
            out = observe::key_answer(*t->topology, stage, found->at, m, node_);
          },
          [](const caf::error&) {});
  return out;
}

expected<std::string> run_view::report(const std::string& topology) {
  const auto run = run_of(topology);
  if (!run)
    return unexpected(run.error());
  const auto t = board_.find(topology);
  if (const std::lock_guard lock(using_system_); t && system_ != nullptr) {
    const auto now = (*run)->report();
    return observe::report_text(*t->topology, now.parts, now.finished, &t->flow);
  }
  return outside_error(ec::unavailable, "the topology has not begun; ask again");
}

}  // namespace millrace::cli
