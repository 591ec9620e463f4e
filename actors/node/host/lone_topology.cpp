#include "actors/node/host/lone_topology.hpp"

#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace millrace::host {
namespace {

/// A coordinator whose state folder does not answer may lose a wish to stop, so it is told again.
constexpr std::chrono::seconds stops_again_after{1};
constexpr std::chrono::seconds report_patience{10};

bool is_stopping(const cluster::topology_state& t) { return t.status == cluster::topology_status::stopping; }

cluster::told_event start_of(const std::string& name, const found_run& before) {
  using enum cluster::topology_status;
  const auto status = before.topology->status;
  std::string_view how;
  if (before.has_started)
    how = status == stopped    ? " again: it had been stopped"
          : status == finished ? " again: it had ended"
          : status == failed   ? " again: it had failed"
                               : " again: its process had ended before it";
  return {cluster::event_kind::start, cluster::weight::normal, fmt::format("topology {} starts{}", name, how),
          name};
}

}  // namespace

expected<begun_run> begin_run(wanted_run wanted, const run_folder& folder, found_run found,
                              const config::state_place& place) {
  begun_run out;
  auto& o = out.options;
  o.node = lone_node;
  o.topology = wanted.topology->name;
  o.folder = folder.folder();
  o.lanes = wanted.threads;
  o.before = found.topology;
  o.kept = found.values;
  o.snapshots_of = [state = found.values](const std::string& shard) {
    return state->look_at_snapshots(shard);
  };
  o.is_alone = true;
  o.adopts = wanted.adopts;
  o.keep = [state = found.values](const std::string& name, const std::string& value) {
    return state->put(name, value);
  };
  ASSIGN_OR_RETURN(
      out.plan, begin_plan(std::move(wanted.topology), {std::move(wanted.text), {}, o.lanes, {}}, o, place));
  out.plan.nothing_read = !found.has_read;
  wanted.values.merge(out.plan.plan.values);
  out.plan.plan.values = std::move(wanted.values);
  if (found.has_read)
    out.plan.plan.values[std::string(has_read_name)] = "1";
  out.found = std::move(found);
  return out;
}

tl::expected<std::unique_ptr<lone_topology>, deployment::preparation_error>
lone_topology::start(caf::actor_system& system, lone_options options) {
  const auto& folder = options.folder;
  auto& how = options.pipeline;
  const auto topology = options.begun.plan.topology;
  const auto& found = options.begun.found;
  const auto& before = *found.topology;
  how.chains_of_run = found.chains;
  how.fresh = before.begins_anew || found.plan.values.contains(std::string(begins_anew_name));
  how.adopt = options.begun.options.adopts;
  const auto feeds = std::make_shared<source::feeds>();
  auto made = finish_plan(std::move(options.begun.plan), options.begun.options, how, feeds);
  if (!made)
    return tl::unexpected(std::move(made).error());
  how.topology = topology;
  how.parses_by = fingerprint_of(made->plan.values);
  const auto planned = std::make_shared<const planned_topology>(
      planned_topology{topology, std::move(made->decided), made->plan.state_id, made->plan.values});

  std::unique_ptr<lone_topology> out(new lone_topology(system, topology->name));
  group_options o;
  o.begins_with = out->first_wishes(before, {topology->name, encode_plan(made->plan), 0,
                                             actors_of(planned->decided, *topology, std::string(lone_node))});
  o.name = lone_node;
  o.instance = new_instance();
  o.store = folder->store();
  o.may_lead = true;
  o.is_alone = true;
  o.cores = how.threads;
  o.folder = folder->folder();
  o.start_timeout = how.start_timeout;
  o.last_works = std::move(options.last_works);
  o.running = std::move(options.running);
  o.on_begun = std::move(options.on_begun);
  o.clock = how.clock;
  const auto started = observe::event_of(start_of(out->name_, found), o.clock->now());
  o.lone = std::make_shared<const lone_plan>(lone_plan{
      planned, std::move(how), folder, cluster::chains_of(out->name_, before.first_generation), feeds});
  // A stop that an earlier process was amid ends by the first wishes, and is no end of this run.
  const auto over = is_stopping(before) ? before.generation : 0;
  o.on_end = [p = out.get(), over](const std::string&, const topology_end& end) {
    if (end.generation == over)
      return;
    const std::lock_guard lock(p->mutex_);
    p->end_ = end;
    p->changed_.notify_all();
  };
  o.on_over = [p = out.get()](const std::string& why) {
    const std::lock_guard lock(p->mutex_);
    p->over_ = why;
    p->changed_.notify_all();
  };
  out->group_ = spawn_group(system, std::move(o));
  caf::anon_send(out->group_.events, note_events{{}, {started}});
  out->view_ = requests_to(out->group_.view);
  return out;
}

/// An earlier process may have been killed while the topology stopped. A pause ends with the process.
std::vector<cluster::request> lone_topology::first_wishes(const cluster::topology_state& before,
                                                          cluster::records::topology_applied applied) const {
  std::vector<cluster::request> out;
  if (is_stopping(before))
    out.emplace_back(cluster::records::topology_failed{name_, name_, "the process ended while it stopped"});
  // One node needs no pins, and nodes of a cluster go on without that one.
  for (auto& actor : applied.actors) {
    actor.is_pinned = false;
    actor.node.clear();
  }
  out.emplace_back(std::move(applied));
  out.emplace_back(cluster::records::pause_set{name_, false});
  return out;
}

void lone_topology::ask(cluster::request what) {
  caf::anon_send(group_.control.coordinator, node::ask_cluster{std::move(what)});
}

void lone_topology::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }
  ask(cluster::records::stop_asked{name_});
}

std::shared_ptr<api::cluster_view> lone_topology::view() {
  const std::lock_guard lock(mutex_);
  return over_ ? nullptr : view_;
}

void lone_topology::restart(const std::string& who) {
  caf::anon_send(group_.directors, restart_asked{name_, who});
}

std::optional<std::vector<messages::report_part>> lone_topology::report() {
  std::optional<std::vector<messages::report_part>> out;
  caf::scoped_actor asker(system_);
  asker->request(group_.directors, report_patience, ask_for_report{name_, name_})
      .receive(
          [&](const report_given& m) {
            if (m.is_known)
              out = m.parts;
          },
          [](const caf::error&) {});
  // A thread that has had such an actor keeps the logger of the system, whose end waits for that.
  caf::logger::set_current_actor_system(nullptr);
  return out;
}

topology_end lone_topology::wait() {
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return end_ || over_; };
  while (!is_over()) {
    if (!is_stopping_)
      changed_.wait(lock, [&] { return is_over() || is_stopping_; });
    else if (!changed_.wait_for(lock, stops_again_after, is_over))
      ask(cluster::records::stop_asked{name_});
  }
  return end_ ? *end_ : topology_end{false, error{ec::internal, fault::ours, true, *over_, {}}, {}};
}

lone_topology::~lone_topology() {
  if (!group_.board)  // its actors were never spawned
    return;
  {
    std::unique_lock lock(mutex_);
    if (!over_)
      caf::anon_send(group_.control.agent, node::leave_cluster{});
    changed_.wait(lock, [this] { return over_.has_value(); });
  }
  stop_group(group_);
  const caf::scoped_actor self(system_);
  self->wait_for(group_.board, group_.directors);
}

}  // namespace millrace::host
