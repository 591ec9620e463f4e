#include "tests/simulation/nodes/node_cluster.hpp"

#include "actors/node/stores/dir_chain_store.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <unistd.h>

namespace millrace::simulation {
namespace {

constexpr int most_tries_to_write = 20;
/// Bases come often, so that chains are compacted within a short run.
constexpr snapshot::base_rule often{.smallest_base = 500, .most_increments = 6};

/// A host syncs the folders that it makes; where they are in memory nobody waits for that.
std::filesystem::path quick_folder() {
  const std::filesystem::path in_memory("/dev/shm");
  return std::filesystem::is_directory(in_memory) ? in_memory : std::filesystem::temp_directory_path();
}

}  // namespace

node_cluster::node_cluster(const scenario& s, bool print_trace, makers make)
    : scenario_(s), make_(std::move(make)), system_(config_),
      scheduler_(dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())), clock_(scheduler_),
      schedule_(scheduler_, s.seed, print_trace), files_(s.seed * 31 + 7),
      store_(std::make_shared<node::dir_chain_store>(files_, store_folder)),
      network_(system_, scheduler_, s.seed * 13 + 1, s.network_delay), random_(s.seed * 7 + 3),
      folder_(quick_folder() / fmt::format("millrace-simulated-nodes-{}", getpid())) {
  if (auto made = files_.make_folder("/sim"); !made)
    throw std::logic_error(made.error().message);
  files_.settle();
  schedule_.call(network_.clock_work(), "network");
  known_ = system_.latest_actor_id();
}

node_cluster::~node_cluster() {
  while (!processes_.empty())
    kill(processes_.front(), true);
  network_.stop();
  while (scheduler_.try_run_once())
    continue;
  scheduler_.clock().cancel_all();
  while (scheduler_.try_run_once())
    continue;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

micros node_cluster::now() const {
  return std::chrono::duration_cast<micros>(scheduler_.clock().now().time_since_epoch());
}

// --- processes

node_process& node_cluster::begin(const std::string& node, bool has_new_port) {
  auto& p = processes_.emplace_back();
  p.id = {node, ++instances_};
  p.files = std::make_unique<node_files>(files_, p.gone, random_,
                                         [this, &p] { p.at_store.insert(schedule_.last()); });
  auto& port = ports_[node];
  if (port == 0 || has_new_port)
    port = ++highest_port_;
  network_.listen(p.id, port);
  const host::node_address mine{node, p.id.second, {"simulated", port}};
  for (int i = 0; !host::address_book(store_).write(mine, static_cast<std::uint32_t>(random_())); ++i)
    if (i == most_tries_to_write)
      throw std::logic_error("an address cannot be written");
  host::group_options o;
  o.name = node;
  o.instance = p.id.second;
  o.store = std::make_shared<node::dir_chain_store>(*p.files, store_folder);
  o.caf_node = "process " + std::to_string(p.id.second);
  o.transport_to = [this, id = p.id](const std::string& peer, const link::endpoint& at) {
    return network_.transport(id, peer, at.port);
  };
  o.may_lead = true;
  o.folder = folder_ + "/" + node;
  o.on_over = [over = p.over](const std::string& why) { *over = why; };
  o.running = std::make_shared<observe::running_topologies>();
  o.make = make_(p.gone);
  o.clock = &clock_;
  o.control_clock = [this] { return cluster::moment{now(), clock_.now()}; };
  o.seed = random_() | 1U;
  o.cores = scenario_.threads;
  o.is_alone = scenario_.nodes == 1;
  o.bounds = bounds();
  o.on_begun = [this, &p](const std::string& actor, const life& now, const caf::actor_addr& who) {
    begun_life(p, actor, now, who);
  };
  p.group = host::spawn_group(system_, std::move(o));
  p.view = host::requests_to(p.group.view);
  adopt(&p);
  name_actors(p);
  return p;
}

deployment::pipeline_bounds node_cluster::bounds() {
  return {scenario_.lane_credit, lane::parsing_ahead{scenario_.parse_helpers, 1},
          [this](const std::string& shard) {
            before_shard_(shard);
            return scenario_.frame_rows[shard_lives_++ % scenario_.frame_rows.size()];
          },
          often};
}

void node_cluster::name_actors(node_process& p) {
  const auto call = [&](const auto& handle, const char* name) {
    if (handle)  // one that is alone keeps no addresses
      schedule_.call(handle.id(), p.shown() + " " + name);
  };
  call(p.group.board, "switchboard");
  call(p.group.directors, "directors");
  call(p.group.view, "view");
  call(p.group.addresses, "address keeper");
  call(p.group.control.post, "post");
  call(p.group.control.coordinator, "coordinator");
  call(p.group.control.agent, "agent");
  call(p.group.control.keeper, "control keeper");
}

void node_cluster::begun_life(node_process& p, const std::string& actor, const life& now,
                              const caf::actor_addr& who) {
  schedule_.call(who.id(), p.shown() + " " + actor);
  p.host = p.actors.at(schedule_.last());  // it has this turn
  restarts_ += now.count > 0;
  auto& newest = newest_[actor];
  restarted_ = restarted_ || newest.now.term != 0;
  if (newest.now <= now)
    newest = {now, who};
}

node_process* node_cluster::find(const std::string& node) {
  const auto found =
      std::ranges::find_if(processes_, [&](const node_process& p) { return p.id.first == node; });
  return found == processes_.end() ? nullptr : &*found;
}

node_process* node_cluster::find(const process_name& id) {
  const auto found = std::ranges::find(processes_, id, &node_process::id);
  return found == processes_.end() ? nullptr : &*found;
}

void node_cluster::kill(node_process& p, bool machine_is_off) {
  *p.gone = true;
  network_.die(p.id, machine_is_off);
  for (const auto& [_, address] : p.actors)
    if (const auto a = caf::actor_cast<caf::actor>(address))
      caf::anon_send_exit(a, caf::exit_reason::kill);
  run_out(p);
  p.view.reset();
  p.group = {};
  run_out(p);
  std::erase_if(owners_, [&](const auto& o) { return o.second == &p; });
  processes_.remove_if([&](const node_process& other) { return &other == &p; });
}

/// Runs the actors of the process until none has a turn left; their actions have no effect any more.
void node_cluster::run_out(const node_process& p) {
  for (;;) {
    auto& jobs = scheduler_.jobs;
    const auto mine = std::ranges::find_if(jobs, [&](auto* job) { return owner_of(id_of(*job)) == &p; });
    if (mine == jobs.end())
      return;
    std::rotate(jobs.begin(), mine, mine + 1);
    scheduler_.run_once();
    const auto before = known_;
    adopt(const_cast<node_process*>(&p));
    for (auto id = before + 1; id <= known_; ++id)
      if (const auto found = p.actors.find(id); found != p.actors.end())
        if (const auto a = caf::actor_cast<caf::actor>(found->second))
          caf::anon_send_exit(a, caf::exit_reason::kill);
  }
}

/// Processes that have left in order, or whose way to the store said that they die.
void node_cluster::bury() {
  for (auto p = processes_.begin(); p != processes_.end();) {
    auto& mine = *p++;
    if (*mine.gone) {
      kill(mine, false);
    } else if (*mine.over && !std::exchange(mine.is_stopping, true)) {
      host::stop_group(mine.group);
      later(std::chrono::milliseconds(50), [this, id = mine.id] {
        if (auto* const same = find(id))
          kill(*same, false);
      });
    }
  }
}

// --- actors

node_process* node_cluster::owner_of(caf::actor_id id) const {
  const auto found = owners_.find(id);
  return found == owners_.end() ? nullptr : found->second;
}

/// Actors that were spawned since belong to the same process; each waits for its first turn.
void node_cluster::adopt(node_process* by) {
  const auto latest = system_.latest_actor_id();
  if (latest == known_)
    return;
  for (auto* job : scheduler_.jobs) {
    auto* const a = dynamic_cast<caf::scheduled_actor*>(job);
    if (a == nullptr || a->id() <= known_ || by == nullptr)
      continue;
    by->actors.emplace(a->id(), a->address());
    owners_[a->id()] = by;
    if (dynamic_cast<messages::snapshot_writer::pointer>(a) != nullptr ||
        dynamic_cast<messages::state_keeper::pointer>(a) != nullptr)
      by->keepers.push_back(a->address());
    if (!schedule_.has_name(a->id()))
      schedule_.call(a->id(), fmt::format("{} actor {}", by->shown(), a->id()));
  }
  known_ = latest;
}

void node_cluster::hold(const std::set<caf::actor_id>& who, micros time) {
  for (const auto id : who)
    schedule_.hold(id, scheduler_.clock().now() + time);
  later(time, [] {});
}

void node_cluster::hold(const node_process& p, micros time) {
  for (const auto& [id, _] : p.actors)
    schedule_.hold(id, scheduler_.clock().now() + time);
  later(time, [] {});
}

void node_cluster::later(micros in, std::function<void()> what) {
  later_.emplace_back(now() + in, std::move(what));
  network_.wake_in(in);  // time does not go on beyond it
}

bool node_cluster::step() {
  if (!schedule_.step())
    return false;
  adopt(owner_of(schedule_.last()));
  pass(schedule_.time_of_a_step(scenario_.step_time));
  if (!later_.empty()) {
    const auto time = now();
    std::vector<std::function<void()>> due;
    std::erase_if(later_, [&](auto& l) {
      if (time < l.first)
        return false;
      due.push_back(std::move(l.second));
      return true;
    });
    for (const auto& what : due)
      what();
  }
  bury();
  return true;
}

}  // namespace millrace::simulation
