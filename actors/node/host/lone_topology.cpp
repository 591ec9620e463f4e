#include "actors/node/host/lone_topology.hpp"

#include "actors/deployment/parsed_by.hpp"
#include "actors/node/control/control_book.hpp"
#include "actors/node/stores/dir_chain_store.hpp"

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

/// Returns null where it was never applied.
const cluster::topology_state* topology_in(const cluster::control_state& s, const std::string& name) {
  const auto found = s.topologies.find(name);
  return found == s.topologies.end() ? nullptr : &found->second;
}

bool is_stopping(const cluster::topology_state& t) { return t.status == cluster::topology_status::stopping; }

cluster::told_event start_of(const std::string& name, const cluster::topology_state* before) {
  using enum cluster::topology_status;
  std::string_view how;
  if (before != nullptr)
    how = before->status == stopped    ? " again: it had been stopped"
          : before->status == finished ? " again: it had come to its end"
          : before->status == failed   ? " again: it had failed"
                                       : " again: its process had ended before it";
  return {cluster::event_kind::start, cluster::weight::normal, fmt::format("topology {} starts{}", name, how),
          name};
}

/// The value has the highest term of stores that the state had before it became blank.
constexpr std::string_view terms_name = "terms";

}  // namespace

std::shared_ptr<node::topology_chains> chains_in(const snapshot::state_store& folder) {
  auto store = std::make_shared<node::dir_chain_store>(folder.files(), folder.chains());
  return std::make_shared<node::topology_chains>(std::move(store), folder.id().topology);
}

expected<incarnation> terms_kept(const snapshot::value_reader& values) {
  return snapshot::find_number(values, terms_name);
}

expected<snapshot::named_values> kept_when_blank(const snapshot::state_store& folder) {
  const auto store = std::make_shared<node::dir_chain_store>(folder.files(), folder.chains());
  return node::control_book(store).look().and_then([&](const node::seen_control& seen) {
    return terms_kept(folder).map([&](incarnation before) {
      return snapshot::named_values{
          {std::string(terms_name), std::to_string(std::max(before, seen.state.terms))}};
    });
  });
}

namespace {

/// The value of a plan says that the topology has read or received something.
const std::string has_read_name = "has_read";

/// Returns whether a source takes records before anything was read downstream: they are in its spool.
bool receives_by_itself(const config::topology& t) {
  return std::ranges::any_of(t.stages, [](const config::stage& s) {
    const auto& traits = config::traits_of(s);
    return traits.receives || traits.is_standard_input;
  });
}

expected<bool> has_read(const found_run& found) {
  if (found.plan.values.contains(has_read_name))
    return true;
  for (const auto& [name, actor] : found.topology->actors)
    if (actor.spec.kind == cluster::actor_kind::lane) {
      ASSIGN_OR_RETURN(const auto by, deployment::parsed_by(*found.values, name));
      if (by)
        return true;
    }
  return false;
}

}  // namespace

expected<found_run> look_at_run(const snapshot::state_store& folder) {
  auto store = std::make_shared<node::dir_chain_store>(folder.files(), folder.chains());
  ASSIGN_OR_RETURN(auto seen, node::control_book(store).look());
  found_run out;
  out.control = std::move(seen.state);
  out.highest = seen.highest;
  const auto& name = folder.id().topology;
  if (const auto* const t = topology_in(out.control, name)) {
    out.topology = *t;
    ASSIGN_OR_RETURN(out.plan, decode_plan(t->plan));
  }
  ASSIGN_OR_RETURN(const auto run, run_of(out.plan));
  out.values = std::make_shared<node::topology_state>(std::move(store), name, folder.id(), folder.folder(),
                                                      out.plan.values, run.number);
  if (out.topology) {
    ASSIGN_OR_RETURN(out.has_read, has_read(out));
  }
  return out;
}

expected<begun_run> begin_run(std::shared_ptr<const config::topology> topology,
                              const snapshot::state_store& folder, found_run found, std::size_t threads,
                              const config::state_place& place) {
  begun_run out;
  out.found = std::move(found.control);
  auto& o = out.options;
  o.node = lone_node;
  o.topology = topology->name;
  o.folder = folder.folder();
  o.lanes = threads;
  o.before = std::move(found.topology);
  o.kept = found.values;
  o.snapshots_of = [state = found.values](const std::string& shard) {
    return state->look_at_snapshots(shard);
  };
  o.is_alone = true;
  o.keep = [state = found.values](const std::string& name, const std::string& value) {
    return state->put(name, value);
  };
  const bool has_read = found.has_read || receives_by_itself(*topology);
  ASSIGN_OR_RETURN(out.plan,
                   begin_plan(std::move(topology), {{}, folder.id().state_id, threads, {}}, o, place));
  out.plan.nothing_read = !found.has_read;
  if (has_read)
    out.plan.plan.values[has_read_name] = "1";
  return out;
}

tl::expected<std::unique_ptr<lone_topology>, deployment::preparation_error>
lone_topology::start(caf::actor_system& system, lone_options options) {
  const auto& folder = options.folder;
  auto& how = options.pipeline;
  const auto topology = options.begun.plan.topology;
  const auto terms = terms_kept(*folder);
  if (!terms)
    return tl::unexpected(deployment::preparation_error{terms.error(), true});
  how.chains_of_run = chains_in(*folder);
  const auto feeds = std::make_shared<source::feeds>();
  auto made = finish_plan(std::move(options.begun.plan), options.begun.options, how, feeds);
  if (!made)
    return tl::unexpected(std::move(made).error());
  how.topology = topology;
  how.parses_by = fingerprint_of(made->plan.values);
  const auto planned = std::make_shared<const planned_topology>(
      planned_topology{topology, std::move(made->decided), made->plan.state_id, made->plan.values});

  std::unique_ptr<lone_topology> out(new lone_topology(system, topology->name));
  const auto& found = options.begun.found;
  const auto* const before = topology_in(found, out->name_);
  group_options o;
  o.begins_with = out->first_wishes(found, {topology->name, encode_plan(made->plan), 0,
                                            actors_of(planned->decided, *topology, std::string(lone_node))});
  o.name = lone_node;
  o.instance = new_instance();
  o.store = std::make_shared<node::dir_chain_store>(folder->files(), folder->chains());
  o.may_lead = true;
  o.is_alone = true;
  o.terms_from = *terms;
  o.cores = how.threads;
  o.folder = folder->folder();
  o.start_timeout = how.start_timeout;
  o.last_works = std::move(options.last_works);
  o.running = std::move(options.running);
  o.on_begun = std::move(options.on_begun);
  o.clock = how.clock;
  const auto started = observe::event_of(start_of(out->name_, before), o.clock->now());
  o.lone = std::make_shared<const lone_plan>(lone_plan{planned, std::move(how), folder, feeds});
  // A stop that an earlier process was amid ends by the first wishes, and is no end of this run.
  const auto over = before != nullptr && is_stopping(*before) ? before->generation : 0;
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
std::vector<cluster::request> lone_topology::first_wishes(const cluster::control_state& found,
                                                          cluster::records::topology_applied applied) const {
  std::vector<cluster::request> out;
  const auto* const before = topology_in(found, name_);
  if (before != nullptr && is_stopping(*before))
    out.emplace_back(cluster::records::topology_failed{name_, name_, "the process ended while it stopped"});
  for (auto& actor : applied.actors)
    if (actor.is_pinned)  // a stage may name a node of a cluster
      actor.node = lone_node;
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
