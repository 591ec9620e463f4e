#include "tools/cli/topology_views.hpp"

#include "actors/node/host/letters.hpp"
#include "actors/node/host/tracing.hpp"
#include "actors/observe/answering.hpp"
#include "actors/observe/figures_of.hpp"
#include "actors/observe/history.hpp"
#include "actors/observe/own_answers.hpp"
#include "actors/observe/report.hpp"
#include "runtime/base/visible_text.hpp"

#include <caf/send.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace millrace::cli {
namespace {

namespace asked = api::requests;

/// The name of a request that changes a cluster; empty for others.
std::string_view of_clusters(const api::request& what) {
  if (std::holds_alternative<asked::apply>(what))
    return "apply";
  if (std::holds_alternative<asked::start>(what))
    return "start";
  if (std::holds_alternative<asked::remove>(what))
    return "remove";
  if (std::holds_alternative<asked::drain>(what))
    return "drain";
  if (std::holds_alternative<asked::undrain>(what))
    return "undrain";
  return std::holds_alternative<asked::forget>(what) ? "forget" : "";
}

unexpected not_of_one_process(std::string_view what) {
  return user_error(
      ec::unsupported,
      fmt::format("{}: this is `millrace run`, one process with the topologies of its command line; "
                  "`millrace node` makes clusters",
                  what));
}

unexpected does_not_run(const api::answers::topology& t) {
  return user_error(ec::mismatch, fmt::format("the topology {} {}; it does not run", t.name,
                                              t.state == api::topology_state::stopped  ? "was stopped"
                                              : t.state == api::topology_state::failed ? "has failed"
                                                                                       : "has ended"));
}

unexpected does_not_run_yet(const topology_run& r) {
  return outside_error(ec::unavailable,
                       fmt::format("topology {} does not run at present; ask again", r.topology().name));
}

/// Returns an empty text where a request names none.
std::string topology_of(const api::request& what) {
  return std::visit(
      [](const auto& r) {
        if constexpr (requires { r.topology; })
          return r.topology;
        else
          return std::string();
      },
      what);
}

/// Of all topologies, by time.
observe::history history_by(const std::vector<std::optional<api::answer>>& all) {
  observe::history out;
  for (const auto& a : all) {
    const auto* const json = a ? std::get_if<api::answers::document>(&*a) : nullptr;
    if (auto one = json == nullptr ? std::nullopt : api::read_json<observe::history>(json->json))
      out.events.insert(out.events.end(), one->events.begin(), one->events.end());
  }
  std::ranges::stable_sort(out.events, {}, &observe::event::at);
  return out;
}

}  // namespace

/// Answers on their way; `then` is called once each topology has one, or has no node.
struct topology_views::asked_nodes {
  std::mutex mutex;
  std::size_t left;
  answers_of_nodes all;
  std::function<void(const answers_of_nodes&)> then;

  void take(std::size_t which, std::optional<api::answer> a) {
    {
      const std::lock_guard lock(mutex);
      all[which] = std::move(a);
      if (--left != 0)
        return;
    }
    then(all);
  }
};

void topology_views::attach(caf::actor_system* system) {
  const std::lock_guard lock(mutex_);
  system_ = system;
}

void topology_views::settle(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  settled_.wait_for(lock, limit, [this] { return !is_stop_untold_; });
}

void topology_views::ask(api::request what, api::reply to) {
  if (std::holds_alternative<asked::metrics>(what) || std::holds_alternative<asked::readyz>(what))
    return ask_nodes(asked::list{}, [this, what, to](const auto& all) {
      to(api::answer(*observe::page_of_process(what, board_, {{}, true, topologies_by(all), {}})));
    });
  if (auto page = observe::page_of_process(what, board_, {}))
    return to(api::answer(std::move(*page)));
  if (const auto name = of_clusters(what); !name.empty())
    return to(not_of_one_process(name));
  if (std::holds_alternative<asked::status>(what))
    return to(api::answer(api::answers::status{{}, process_, 1, process_}));
  if (std::holds_alternative<asked::list>(what))
    return ask_nodes(what, [this, to](const auto& all) { to(api::answer(topologies_by(all))); });
  if (const auto* const h = std::get_if<asked::history>(&what))
    return ask_nodes(what, [to, most = h->newest](const auto& all) {
      to(observe::document(observe::newest_of(history_by(all), most)));
    });
  if (std::holds_alternative<asked::nodes>(what))
    return ask_nodes(what, [this, to](const auto& all) { to(api::answer(nodes_by(all))); });
  const auto name = topology_of(what);
  if (auto* const run = find(name))
    return ask_about(*run, std::move(what), std::move(to));
  std::vector<std::string> there;
  for (const auto& r : runs_)
    there.push_back(r->topology().name);
  to(user_error(ec::not_found, fmt::format("no topology {} runs here; {} {}", visible(name),
                                           fmt::join(there, ", "), there.size() == 1 ? "does" : "do")));
}

void topology_views::ask_about(topology_run& r, api::request what, api::reply to) {
  const bool is_stop = std::holds_alternative<asked::stop>(what);
  const bool may_stop = is_stop && !r.ended();  // else its node says how it has ended
  if (may_stop || std::holds_alternative<asked::wait>(what)) {
    {
      const std::lock_guard lock(mutex_);
      is_stop_untold_ = is_stop;
      settled_.notify_all();
    }
    if (!is_stop)
      return r.wait(std::move(to));
    r.stop();
    return to(api::answer(api::answers::accepted{}));
  }
  if (const auto node = node_of(r))
    return node->ask(std::move(what), std::move(to));
  if (const std::lock_guard lock(mutex_); system_ != nullptr && observe::asks_for_letters(what) != nullptr) {
    const host::letters_folder of{r.topology_ptr(), r.folder()};
    caf::anon_send(host::spawn_letter_reader(*system_, of, std::move(what),
                                             std::make_shared<const api::reply>(std::move(to))),
                   host::read_letters_now{});
    return;
  }
  if (const auto* const trace = std::get_if<asked::trace>(&what))
    return trace_without_node(r, *trace, std::move(to));
  to(without_node(r, what));
}

void topology_views::trace_without_node(topology_run& r, const asked::trace& what, api::reply to) {
  const auto t = board_.find(r.topology().name);
  const std::lock_guard lock(mutex_);
  if (!t || system_ == nullptr)
    return to(does_not_run_yet(r));
  host::begin_trace(*system_, {what, t->topology, observe::figures_of(*t, process_, system_clock().now()),
                               [to = std::make_shared<const api::reply>(std::move(to))](
                                   expected<api::answer> a) { (*to)(std::move(a)); }});
}

void topology_views::ask_nodes(const api::request& what,
                               std::function<void(const answers_of_nodes&)> then) const {
  const auto all = std::make_shared<asked_nodes>();
  all->left = runs_.size();
  all->all.resize(runs_.size());
  all->then = std::move(then);
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const auto node = node_of(*runs_[i]);
    if (!node) {
      all->take(i, std::nullopt);
      continue;
    }
    node->ask(what, api::reply(all, [all, i](expected<api::answer> a) {
                all->take(i, a ? std::optional(std::move(*a)) : std::nullopt);
              }));
  }
}

topology_run* topology_views::find(const std::string& topology) const {
  const auto found = std::ranges::find(runs_, topology, [](const auto& r) { return r->topology().name; });
  return found == runs_.end() ? nullptr : found->get();
}

/// Its plan is on the board once it is applied: a node that does not lead yet knows the topology of an earlier process.
std::shared_ptr<api::cluster_view> topology_views::node_of(topology_run& r) const {
  const auto t = board_.find(r.topology().name);
  return t && t->is_prepared ? r.view() : nullptr;
}

/// Its sources do not answer yet, or never have.
expected<api::answer> topology_views::without_node(topology_run& r, const api::request& what) const {
  const auto t = board_.find(r.topology().name);
  if (const auto end = r.ended(); end && api::route_of(what).is_action)
    return does_not_run(*end);
  if (!t)
    return does_not_run_yet(r);
  const auto report = [&] {
    const auto last = r.last_report();
    return observe::report_text(*t->topology, last.parts, last.finished, &t->flow);
  };
  if (std::holds_alternative<asked::own_figures>(what))
    return observe::document(observe::figures_of(*t, process_, system_clock().now()));
  if (!observe::asks_inside(what).empty())
    return observe::answer_of(what, *t->topology, observe::figures_of(*t, process_, system_clock().now()));
  if (const auto* const asks = std::get_if<asked::report>(&what))
    return observe::report_answer(*asks, report());
  if (const auto* const asks = std::get_if<asked::ledger>(&what))
    return observe::report_answer(*asks, report());
  return does_not_run_yet(r);
}

api::answers::topologies topology_views::topologies_by(const answers_of_nodes& all) const {
  api::answers::topologies out;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    const auto& name = runs_[i]->topology().name;
    const auto* const told = all[i] ? std::get_if<api::answers::topologies>(&*all[i]) : nullptr;
    if (auto end = runs_[i]->ended())
      out.all.push_back(std::move(*end));
    else if (told != nullptr && !told->all.empty())
      out.all.push_back(told->all.front());
    else
      out.all.push_back({name, api::topology_state::running, board_.is_stopping() ? "it is stopping" : ""});
    out.all.back().title = runs_[i]->topology().title;
  }
  return out;
}

/// Each topology has a node of its own in this process, which is one node to clients.
api::answers::nodes topology_views::nodes_by(const answers_of_nodes& all) const {
  api::answers::node one{
      process_, 1, true, board_.is_stopping() ? api::node_state::draining : api::node_state::up, {}};
  for (const auto& a : all)
    if (const auto* const told = a ? std::get_if<api::answers::nodes>(&*a) : nullptr)
      for (const auto& node : told->all)
        one.actors.insert(one.actors.end(), node.actors.begin(), node.actors.end());
  return {{std::move(one)}};
}

}  // namespace millrace::cli
