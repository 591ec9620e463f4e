#include "actors/node/host/replays.hpp"

#include "actors/deployment/start_positions.hpp"
#include "actors/node/control/control_book.hpp"
#include "actors/node/control/topology_chains.hpp"
#include "actors/node/control/topology_state.hpp"
#include "actors/node/host/cluster_words.hpp"
#include "actors/node/host/letters.hpp"
#include "actors/node/host/replay_in_folder.hpp"
#include "actors/observe/loss_log.hpp"
#include "actors/replay/replay.hpp"
#include "actors/replay/route.hpp"
#include "actors/stream/lane/lane_plan.hpp"
#include "actors/stream/replay/stored_batches.hpp"
#include "actors/stream/sink/letters/stored_letters.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <exception>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

namespace millrace::host {
namespace {

/// A batch is one record of a chain, and so is a part of letters: both have the same limit.
constexpr std::size_t batch_bytes = sink::largest_stored_part;
constexpr std::chrono::seconds source_patience{10};

/// Default dead letters, by the numbers of their parts.
class stored_parts_of_letters final : public replay::letter_parts {
public:
  stored_parts_of_letters(std::shared_ptr<chain::named_chains> chains, std::string topology)
      : chains_(std::move(chains)), topology_(std::move(topology)) {}

  expected<std::vector<std::string>> list() override {
    ASSIGN_OR_RETURN(const auto kept, sink::kept_letters(*chains_));
    std::vector<std::string> out;
    for (auto n = kept.first; n <= kept.last; ++n)
      out.push_back(std::to_string(n));
    return out;
  }
  expected<replay::letters_read> read(const std::string& part, std::uint64_t limit,
                                      const std::function<expected<void>(replay::letter&&)>& visit) override {
    std::uint64_t number = 0;
    std::from_chars(part.data(), part.data() + part.size(), number);
    ASSIGN_OR_RETURN(const auto page, sink::read_letters(*chains_, number));
    const auto lines = std::string_view(page.lines).substr(0, limit);
    return replay::read_letters_in(lines, fmt::format("dead letters of {}, part {}", topology_, part), visit);
  }
  [[nodiscard]] std::string name() const override { return "the dead letters of " + topology_; }

private:
  std::shared_ptr<chain::named_chains> chains_;
  std::string topology_;
};

std::vector<std::string> lanes_of(const cluster::topology_state& t, const std::string& plan) {
  std::vector<std::string> lanes;
  for (const auto& [name, actor] : t.actors)
    if (actor.spec.kind == cluster::actor_kind::lane && name.starts_with(plan + "/lane"))
      lanes.push_back(name);
  return lanes;
}

/// The lane that is to read a batch: one after the other has its turn.
std::string lane_of(const cluster::topology_state& t, const std::string& plan, std::uint64_t number) {
  const auto lanes = lanes_of(t, plan);
  return lanes.empty() ? std::string() : lanes[number % lanes.size()];
}

/// Batches that neither `control` nor the plan has.
std::vector<cluster::records::partition_started>
missing_starts(const cluster::topology_state& t, const planned_topology& planned,
               const std::vector<replay::batch_entry>& entries) {
  std::vector<cluster::records::partition_started> out;
  for (const auto& plan : planned.decided.plans) {
    if (config::traits_of(*plan->source).bounded)
      continue;
    std::set<std::string> known;
    if (const auto stored = planned.values.find(deployment::starts_name(plan->name));
        stored != planned.values.end())
      if (const auto partitions = deployment::decode_starts(stored->second))
        for (const auto& p : *partitions)
          known.insert(p.name);
    for (const auto& e : entries) {
      const auto name = replay::partition_name(e.stage, e.number);
      const auto lane = lane_of(t, plan->name, e.number);
      if (e.plan != plan->name || lane.empty() || known.contains(name) ||
          t.starts.contains({plan->name, name}))
        continue;
      out.push_back({planned.topology->name, plan->name, name, plan->log(name), {{}, no_watermark}, lane});
    }
  }
  return out;
}

struct prepared_replay {
  with_letters topology;
  std::shared_ptr<const planned_topology> planned;
};

expected<prepared_replay> prepare(const std::shared_ptr<node::chain_store>& store, const replay_job& job) {
  ASSIGN_OR_RETURN(auto found, find_with_letters(store, job.what.topology));
  ASSIGN_OR_RETURN(auto planned, job.plans->of(job.what.topology, found.state));
  RETURN_IF_ERROR(replay::check_into(*planned->topology, job.what.into));
  return prepared_replay{std::move(found), std::move(planned)};
}

/// Fills in what is the same for all replays by the API.
void fill_in(replay::request& r, const replay_job& job) {
  if (!job.what.letters.empty())
    r.only = std::set(job.what.letters.begin(), job.what.letters.end());
  r.most = replay::most_by_api;
  r.start_timeout = source_patience;
  r.is_cancelled = [over = job.is_over] { return over && over->load(); };
}

expected<std::vector<cluster::records::partition_started>>
unread_of(const std::shared_ptr<node::chain_store>& store, planned_topologies& plans,
          const std::string& topology, const cluster::topology_state& state) {
  node::topology_chains kept(store, cluster::chains_of(topology, state.first_generation));
  ASSIGN_OR_RETURN(const auto entries, replay::entries_in(kept));
  if (entries.empty())
    return {};
  RETURN_IF_ERROR(kept.settle(replay::name_of_batch_index()));
  ASSIGN_OR_RETURN(const auto planned, plans.of(topology, state));
  return missing_starts(state, *planned, entries);
}

struct replay_by_place {
  const replay_job& job;
  replay_result operator()(const std::shared_ptr<node::chain_store>& store) const {
    return replay_in_store(store, job);
  }
  replay_result operator()(const letters_folder& of) const { return replay_in_folder(of, job); }
};

replayer::behavior_type replayer_behaviour(replayer::pointer self, const std::shared_ptr<replay_job>& job,
                                           const replay_listener& to) {
  return {[=](const replay_now&) {
    replay_result out;
    try {
      out = std::visit(replay_by_place{*job}, job->from);
    } catch (const std::exception& e) {
      out.what = our_error(fmt::format("the dead letters could not be replayed: {}", e.what()));
    }
    self->send(to, replay_ended{job->what.topology, std::move(out)});
    self->quit();
  }};
}

}  // namespace

replay_result replay_in_store(const std::shared_ptr<node::chain_store>& store, const replay_job& job) {
  const auto prepared = prepare(store, job);
  if (!prepared)
    return {unexpected(prepared.error()), {}};
  const auto& topology = prepared->topology;
  const auto& plan = prepared->planned->topology;
  const auto chains = std::make_shared<node::topology_chains>(store, topology.chains);
  auto index = take_index(chains);
  if (!index)
    return {unexpected(index.error()), {}};
  replay::request r{plan, job.what.into};
  fill_in(r, job);
  r.is_finished = topology.state.status == cluster::topology_status::finished;
  r.batch_bytes = batch_bytes;
  const node::topology_state values(store, topology.chains, {prepared->planned->state_id, job.what.topology},
                                    {});
  r.identity_of = [&](const lane::lane_plan& p) -> expected<std::string> {
    return config::traits_of(*p.source).identity_by_lane
               ? deployment::identities_of_lanes(values, p.name, lanes_of(topology.state, p.name).size())
               : expected<std::string>();
  };
  stored_parts_of_letters letters(chains, job.what.topology);
  const auto done = replay::replay(r, letters, *index);
  const bool is_now = topology.state.is_active() && !replay::is_bounded(*plan, job.what.into);
  return {done.map([&](const replay::outcome& o) { return replay::answer_of(o, is_now); })
              .map_error(in_words_of_cluster),
          missing_starts(topology.state, *prepared->planned, index->all())};
}

replay_result replay_in_folder(const letters_folder& of, const replay_job& job) {
  const auto& t = *of.topology;
  if (const auto can = replay::check_into(t, job.what.into); !can)
    return {unexpected(can.error()), {}};
  folder_request r{{of.topology, job.what.into}, of.folder + "/dead_letters.jsonl", of.folder};
  if (t.dead_letters && !t.dead_letters->type.empty())
    return {user_error(ec::unsupported,
                       fmt::format("the dead letters of {} are in {}; millrace replay takes them from a file",
                                   t.name, observe::where_letters_lie(t, r.letters))),
            {}};
  fill_in(r, job);
  const bool is_now = job.runs && !replay::is_bounded(t, job.what.into);
  // No record has become a letter yet.
  if (std::error_code failed; !std::filesystem::exists(replay::files_of_letters(r.letters).front(), failed)) {
    replay::outcome none;
    none.unknown = r.only ? r.only->size() : 0;
    return {replay::answer_of(none, is_now), {}};
  }
  return {replay_in_folder(std::move(r)).map([&](const replay::outcome& o) {
            return replay::answer_of(o, is_now);
          }),
          {}};
}

left_batches_found unread_batches(const std::shared_ptr<node::chain_store>& store,
                                  planned_topologies& plans) {
  left_batches_found out;
  const auto control = node::control_book(store).look();
  if (!control) {
    out.failure = control.error();
    return out;
  }
  for (const auto& [topology, state] : control->state.topologies) {
    if (!state.is_active())
      continue;
    auto some = unread_of(store, plans, topology, state);
    if (some)
      out.starts.insert(out.starts.end(), std::make_move_iterator(some->begin()),
                        std::make_move_iterator(some->end()));
    else if (!out.failure || !out.failure->retry)
      out.failure = some.error();
  }
  return out;
}

replayer spawn_replayer(caf::actor_system& system, replay_job job, replay_listener to) {
  return control::spawn_blocking(system, replayer_behaviour, std::make_shared<replay_job>(std::move(job)),
                                 std::move(to));
}

}  // namespace millrace::host
