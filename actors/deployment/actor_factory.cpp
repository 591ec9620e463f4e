#include "actors/deployment/actor_factory.hpp"

#include "actors/connectors/file/sink/file_sink.hpp"
#include "actors/deployment/parsed_by.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/deployment/window_edges.hpp"
#include "actors/parsers/date_orders.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/control/snapshot_writer.hpp"
#include "runtime/control/spawn.hpp"
#include "runtime/window/shard_windows.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace millrace::deployment {

expected<messages::shard> spawn_restored_shard(caf::actor_system& system, snapshot::shard_store& store,
                                               const life& now, delivery::shard_core::setup setup,
                                               const shard::shard_options& options, const make_windows& make,
                                               const messages::supervisor& supervisor) {
  setup.life = now;
  const auto in_files = lasting_name(options.name);
  ASSIGN_OR_RETURN(auto opened, store.open_snapshots(in_files, now.term));
  const std::shared_ptr<snapshot::snapshots> snapshots = std::move(opened);
  auto chain = snapshots->load();
  if (!chain)
    return unexpected(chain.error());
  options.gauges->snapshots_passed_over += chain->passed_over;
  if (chain->fell_back_to)
    spdlog::warn(
        "{}: its newest snapshot is damaged, or its writing was cut short; goes on from the one before, "
        "number {}, and reads its sources again from there",
        options.in_logs(), *chain->fell_back_to);
  else if (chain->passed_over != 0)
    spdlog::warn("{}: {} damaged snapshot files were passed over; others hold the same", options.in_logs(),
                 chain->passed_over);
  const auto make_core = [setup, make] { return std::make_shared<delivery::shard_core>(setup, make()); };
  const auto core = make_core();
  RETURN_IF_ERROR(core->restore(chain::records_of(std::move(*chain))));
  core->end_where_nothing_comes();
  ASSIGN_OR_RETURN(auto spilled, store.open_segments(in_files, now.term, core->out().segments()));
  caf::anon_send(options.snapshot_writer,
                 control::adopt_snapshots{options.name, now, snapshots, std::move(spilled),
                                          [=](const snapshot::snapshots::chain& c) -> expected<std::string> {
                                            const auto merged = make_core();
                                            RETURN_IF_ERROR(merged->restore(chain::records_of(c)));
                                            return merged->capture_all();
                                          },
                                          options.in_logs()});
  return shard::spawn_shard(system, options, core, now, supervisor);
}

tl::expected<decided_topology, preparation_error> decide(const pipeline_options& options,
                                                         snapshot::value_store& store,
                                                         const std::shared_ptr<source::feeds>& feeds) {
  decided_topology out;
  out.plans = lane::lane_plans(options.topology);
  auto begun = present_run(store);
  if (!begun)
    return tl::unexpected(preparation_error{begun.error(), false});
  out.run = std::move(*begun);
  for (const auto& plan : out.plans) {
    options.asking(plan->source->name);
    auto started = decide_starts(*plan, options, store, feeds);
    if (!started)
      return tl::unexpected(started.error());
    out.partitions[plan->name] = std::move(*started);
  }
  out.layout = make_layout(*options.topology, out.plans, out.partitions, out.run.number,
                           {options.threads, options.bounds.lane_credit});
  return out;
}

actor_factory::actor_factory(caf::actor_system& system, const pipeline_options& options, stored_state state,
                             decided_topology decided, keepers write_by, std::shared_ptr<source::feeds> feeds)
    : system_(system), options_(options), topology_(options.topology), state_(std::move(state)),
      decided_(std::move(decided)), write_by_(std::move(write_by)) {
  options_.cancelled = {};  // they are for the start alone, and may point to what is over by then
  options_.asking = {};
  gauges_.losses = options_.losses;
  gauges_.keeping = options_.keeping;
  gauges_.feeds = std::move(feeds);
  gauges_.present = options_.present;
  gauges_.taps = std::make_shared<stage::taps>(topology_);
  for (const auto& s : decided_.layout.shards)
    add_shard(s);
  for (const auto& s : decided_.layout.sinks)
    add_sink(s);
  for (const auto& plan : decided_.plans)
    add_lanes(plan);
}

connector_context actor_factory::context_of_sink(const std::string& name, const config::stage& stage) const {
  connector_context c{topology_->name, name, state_.values->folder(), options_.clock};
  if (records_in_store(stage))
    c.chains = options_.chains;
  return c;
}

// --- shards

void actor_factory::add_shard(const shard_layout& s) {
  const auto stage = lane::stage_index(*topology_, s.window);
  const auto& plan = std::get<config::window_plan>(topology_->stages[stage].plan);
  shard_entry e{setup_of(decided_.layout, s), {}, {}};
  e.setup.earlier = decided_.run.left_of(s.window, s.number);
  e.options.name = s.name;
  e.options.topology = topology_->name;
  e.options.stage = s.window;
  e.options.losses = options_.losses;
  e.options.flow = gauges_.flow;
  e.options.taps = gauges_.taps;
  e.options.snapshot_every = s.snapshot_every;
  e.options.tick_every = s.tick_every;
  e.options.clock = options_.clock;
  e.options.snapshot_writer = write_by_.snapshots;
  for (const auto& receiver : s.receivers)
    e.options.gauges->held_by[receiver] = 0;
  e.make = windows_of(plan, upstream_rows_of(*topology_, s, decided_.run.number));
  gauges_.shards[s.name] = e.options.gauges;
  shards_.emplace(s.name, std::move(e));
}

make_windows actor_factory::windows_of(const config::window_plan& plan,
                                       std::optional<shard::upstream_rows> rows) const {
  return [topology = topology_, &plan, rows = std::move(rows)] {
    return window::make_shard_windows(plan.definition, shard::partials_of(rows));
  };
}

expected<messages::shard> actor_factory::make_shard(const std::string& name, const life& now,
                                                    const std::map<log_id, mark>& found,
                                                    const messages::supervisor& supervisor) const {
  const auto& e = shards_.at(name);
  auto setup = e.setup;
  setup.found.insert(found.begin(), found.end());
  setup.limits.frame_rows = options_.bounds.output_frame_rows(name);
  return spawn_restored_shard(system_, *state_.shards, now, std::move(setup), e.options, e.make, supervisor);
}

// --- sinks

void actor_factory::add_sink(const sink_layout& s) {
  sink::sink_options o;
  o.name = s.name;
  o.run = decided_.run.number;
  o.topology = topology_;
  o.who = {state_.values->id().state_id, topology_->name, s.name, 0, false, options_.fresh, options_.adopt};
  o.keeper = write_by_.values;
  o.commit_every = s.commit_every;
  o.lane_logs = s.lane_logs;
  o.gives_up_later = s.gives_up_later;
  o.start_timeout = options_.start_timeout;
  o.clock = options_.clock;
  o.flow = gauges_.flow;
  if (s.takes_dead_letters())
    set_dead_letters(o);
  else
    set_target(o);
  gauges_.sinks[o.name] = o.gauges;
  sinks_.emplace(s.name, std::move(o));
}

void actor_factory::set_target(sink::sink_options& o) const {
  o.stage = lane::stage_index(*topology_, o.name);
  const auto& stage = topology_->stages[o.stage];
  const auto& plan = std::get<config::sink_plan>(stage.plan);
  o.schema = plan.rows;
  o.order = plan.order;
  o.windows = window_inputs_of_sink(*topology_, o.stage, decided_.run.number);
  o.make_writer = [topology = topology_, make = options_.make.writer, &stage,
                   c = context_of_sink(stage.name, stage)] { return make(stage, c); };
}

void actor_factory::set_dead_letters(sink::sink_options& o) const {
  o.takes_dead_letters = true;
  o.losses = options_.losses;
  o.schema = config::dead_letter_schema();
  o.windows = window_inputs_of_dead_letters(*topology_, decided_.run.number);
  if (topology_->dead_letters && !topology_->dead_letters->type.empty()) {
    o.make_writer = [topology = topology_, make = options_.make.writer,
                     c = context_of_sink(o.name, *topology_->dead_letters)] {
      return make(*topology->dead_letters, c);
    };
  } else {
    o.make_writer = [path = state_.values->folder() + "/dead_letters.jsonl", schema = o.schema,
                     topology = topology_,
                     make = options_.make_letters]() -> expected<std::unique_ptr<sink::writer>> {
      const auto options = topology->dead_letters ? topology->dead_letters->options : config::values{};
      return make ? make(options) : sink::make_dead_letter_writer(path, schema, options);
    };
  }
}

messages::sink actor_factory::make_sink(const std::string& name, const life& now,
                                        const std::map<log_id, mark>& found,
                                        const messages::supervisor& supervisor) const {
  auto next = sinks_.at(name);
  next.lane_logs.insert(found.begin(), found.end());
  next.has_committed = state_.values->get(sink::committed_name(next.name)).has_value();
  return sink::spawn_sink(system_, std::move(next), now, supervisor);
}

// --- lanes

/// A lane works a quarter as long on rows as helpers do on parsing them, so more helpers would wait for it.
static constexpr std::size_t most_helpers = 4;

/// Helpers keep threads busy if a source has fewer lanes than there are threads. There is one more helper
/// than threads, so that a chunk waits for the next free thread.
static lane::parsing_ahead parsing_ahead_of(std::size_t lanes, std::size_t threads) {
  lane::parsing_ahead out;
  out.helpers = lanes < threads ? std::min(threads + 1, most_helpers) : 0;
  return out;
}

void actor_factory::add_lanes(const std::shared_ptr<const lane::lane_plan>& plan) {
  std::vector<const lane_layout*> lanes;
  for (const auto& l : decided_.layout.lanes)
    if (l.plan == plan->name)
      lanes.push_back(&l);
  // A source that receives has no identity of its own; the schemas of a registry, which are kept as one, are a parser's.
  const auto& traits = config::traits_of(*plan->source);
  const bool by_lane = traits.identity_by_lane || traits.receives;
  // A plan of a cluster keeps its number of lanes. Here a run before may have had others, of the same partitions.
  auto earlier = by_lane ? state_.values->get(identity_name(plan->source->name)).value_or(std::string())
                         : std::string();  // as the first start found the log
  const auto dates =
      parser::watch_first_dates(*plan->parser, options_.make.parser,
                                [who = name_in_logs(plan->topology->name, plan->parser->name)](
                                    const std::string& warning) { spdlog::warn("{}: {}", who, warning); });
  if (by_lane && options_.chains_of_run)
    earlier += identities_of_lanes(*state_.values, plan->name, decided_.partitions.at(plan->name).size())
                   .value_or(std::string());
  for (const auto* const l : lanes) {
    lane::lane_options o;
    o.name = l->name;
    o.plan = plan;
    o.partitions = l->partitions;
    for (const auto& p : decided_.partitions.at(plan->name))
      o.known.insert(p.name);
    o.make_parser = [plan, make = options_.make.parser, dates] {
      return make(*plan->parser).map([&](std::unique_ptr<parser::record_parser>&& rows) {
        return parser::watched(std::move(rows), dates);
      });
    };
    o.identity.name = by_lane ? lane_identity_name(l->name) : identity_name(plan->source->name);
    o.identity.value = earlier;
    o.rate = l->rate;
    o.max_drift = l->max_drift;
    o.discover_every = l->discover_every;
    o.credit = l->credit;
    o.clock = options_.clock;
    o.gauges = std::make_shared<lane::lane_gauges>();
    o.gauges->parser = plan->parser->name;
    o.gauges->source = plan->source->name;
    o.gauges->receivers = l->receivers;
    for (const auto& e : plan->edges)
      if (e.what == lane::edge::kind::window)
        o.gauges->hot_keys.try_emplace(plan->topology->stages[e.stage].name);
    for (std::size_t r = 0; r < l->receivers.size(); ++r)
      o.gauges->held.emplace_back(0);
    o.losses = options_.losses;
    o.taps = gauges_.taps;
    o.is_only_lane = lanes.size() == 1;
    o.ahead =
        options_.bounds.ahead.value_or(parsing_ahead_of(lanes.size(), control::shared_threads(system_)));
    gauges_.lanes[o.name] = o.gauges;
    lanes_.emplace(l->name, std::move(o));
  }
}

expected<messages::lane> actor_factory::make_lane(const std::string& name, const life& now,
                                                  delivery::lane_log::start how,
                                                  const std::vector<control::found_partition>& found,
                                                  std::shared_ptr<const delivery::verdicts> verdicts,
                                                  const delivery::failing_records& failing,
                                                  const messages::supervisor& supervisor) const {
  auto next = lanes_.at(name);
  // Lanes of a cluster begin one by one, so each keeps by what it has parsed.
  const auto& now_by = options_.parses_by.empty() ? topology_->state_fingerprint : options_.parses_by;
  ASSIGN_OR_RETURN(const auto by, parsed_by(*state_.values, name));
  next.parser_changed = by && config::compare_fingerprints(*by, now_by).parses_otherwise();
  if (by != now_by)
    next.before_reading = {parsed_by_name(name), now_by};
  for (const auto& p : found) {
    next.known.insert(p.name);
    if (p.lane == next.name)
      next.partitions.push_back(p.name);
  }
  auto c = source_context(*next.plan, options_, *state_.values, gauges_.feeds);
  c.now = now;  // its readers share what c has for them
  c.losses = options_.losses;
  c.awaited = next.gauges->awaited;
  next.make_reader = [plan = next.plan, make = options_.make.reader, c = std::move(c)] {
    return make(*plan->source, wants_of(*plan->parser), c);
  };
  next.verdicts = std::move(verdicts);
  next.failing = failing;
  next.identity.value += state_.values->get(next.identity.name).value_or(std::string());
  return lane::spawn_lane(system_, std::move(next), now, how, supervisor, write_by_.values);
}

}  // namespace millrace::deployment
