#include "actors/deployment/pipeline.hpp"

#include "actors/deployment/actor_factory.hpp"
#include "actors/deployment/state_keeper.hpp"
#include "actors/deployment/verdicts_between_lives.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/cluster/suspects.hpp"
#include "runtime/control/snapshot_writer.hpp"

#include <algorithm>
#include <utility>

namespace millrace::deployment {
namespace {

void add_shards(const std::shared_ptr<const actor_factory>& factory, control::supervisor_options& to) {
  for (const auto& s : factory->whole().shards)
    to.shards.push_back({s.name, s.name, s.upstream,
                         [factory, name = s.name](const life& now, const std::map<log_id, mark>& found,
                                                  const messages::supervisor& supervisor) {
                           return factory->make_shard(name, now, found, supervisor);
                         }});
}

void add_sinks(const std::shared_ptr<const actor_factory>& factory, control::supervisor_options& to) {
  for (const auto& s : factory->whole().sinks)
    to.sinks.push_back({s.name, s.takes_dead_letters(), s.upstream,
                        [factory, name = s.name](const life& now, const std::map<log_id, mark>& found,
                                                 const messages::supervisor& supervisor) {
                          return factory->make_sink(name, now, found, supervisor);
                        }});
}

/// Returns the crashes that blame this actor (cluster/suspects.hpp).
std::vector<delivery::crash_on_records> crashes_of(const std::vector<last_work>& all,
                                                   const std::string& actor) {
  cluster::actor_state seen;
  for (const auto& w : all)
    if (w.actor == actor)
      cluster::note_crash(seen, {"", w.process, w.signal, w.records});
  std::vector<delivery::crash_on_records> out;
  for (const auto& c : seen.crashes)
    if (c.records)
      out.push_back({*c.records, delivery::name_of_signal(c.signal)});
  return out;
}

void add_lanes(const std::shared_ptr<const actor_factory>& factory,
               const std::shared_ptr<control::verdict_book>& book, const std::vector<last_work>& last_works,
               control::supervisor_options& to) {
  for (const auto& l : factory->whole().lanes) {
    const auto& o = factory->lane_options_of(l.name);
    to.lanes.push_back(
        {l.name, l.plan, l.partitions.size(), l.max_drift.has_value() && !o.is_only_lane, l.receivers,
         [factory, book, crashes = crashes_of(last_works, l.name),
          &o](const life& now, delivery::lane_log::start how,
              const std::vector<control::found_partition>& found, delivery::failing_records& failing,
              const messages::supervisor& supervisor) -> expected<messages::lane> {
           return heed_crashes(o, crashes, failing, *book)
               .and_then([&] { return verdicts_for_next_life(o, failing, now, *book, supervisor); })
               .map([&](const std::shared_ptr<const delivery::verdicts>& verdicts) {
                 return factory->make_lane(o.name, now, how, found, verdicts, failing, supervisor);
               });
         }});
  }
}

}  // namespace

shard::open_shard find_shard(const pipeline_gauges& gauges, const std::string& name) {
  const auto at =
      std::ranges::find_if(gauges.shards, [&](const auto& s) { return lasting_name(s.first) == name; });
  return at == gauges.shards.end() ? shard::open_shard() : at->second->door.find();
}

tl::expected<prepared_pipeline, preparation_error> prepare_pipeline(caf::actor_system& system,
                                                                    const pipeline_options& options) {
  const auto feeds = std::make_shared<source::feeds>();
  auto decided = decide(options, *options.store, feeds);
  if (!decided)
    return tl::unexpected(decided.error());
  auto verdicts = control::verdict_book::open(*options.store);
  if (!verdicts)
    return tl::unexpected(preparation_error{verdicts.error()});
  prepared_pipeline out;
  auto& supervised = out.supervised;
  supervised.next_term = [store = options.store] { return store->next_incarnation(); };
  supervised.snapshot_writer = control::spawn_snapshot_writer(system);
  supervised.state_keeper = spawn_state_keeper(system, options.store, decided->plans);
  const auto factory = std::make_shared<const actor_factory>(
      system, options, stored_state{options.store, options.store}, std::move(*decided),
      keepers{supervised.snapshot_writer, supervised.state_keeper}, feeds);
  out.gauges = factory->gauges();
  supervised.note_restart = [restarts = out.gauges.restarts](const std::string& actor) {
    restarts->note(actor);
  };
  add_shards(factory, supervised);
  add_sinks(factory, supervised);
  add_lanes(factory, std::move(*verdicts), options.last_works, supervised);
  return out;
}

}  // namespace millrace::deployment
