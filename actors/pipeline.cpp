#include "actors/pipeline.hpp"

#include "actors/client/replay/replay_format.hpp"
#include "actors/next_run.hpp"
#include "actors/restored_shard.hpp"
#include "actors/sink/file/file_sink.hpp"
#include "actors/start_positions.hpp"
#include "actors/verdicts_between_lives.hpp"
#include "actors/window/window_stage.hpp"
#include "actors/window_edges.hpp"
#include "runtime/control/snapshot_writer.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace {
namespace {

using lane::lane_plan;

/// Of a window behind another one, where snapshots are off: the one in front keeps its output until they hold
/// what came of it.
constexpr micros always_snapshot_every{1'000'000};

/// Where the source itself cannot get more partitions, `millrace replay` can still give it some.
constexpr micros look_for_replayed_every{10'000'000};

/// Output that is kept lies in memory several times: as frames in the outbox and in receivers, as bytes of
/// captures and segments, in a base that is being merged, and as what the allocator keeps of all those. What
/// fills the outbox is that much less than what may be kept in memory.
constexpr std::size_t copies_of_output = 16;

class preparation {
public:
  preparation(caf::actor_system& system, const pipeline_options& options)
      : system_(system), options_(options), topology_(options.topology), plans_(lane::lane_plans(topology_)) {
  }

  tl::expected<prepared_pipeline, preparation_error> run() {
    out_.gauges.losses = options_.losses;
    auto begun = present_run(*options_.store);
    if (!begun)
      return tl::unexpected(preparation_error{begun.error(), false});
    run_ = std::move(*begun);
    for (const auto& plan : plans_) {
      options_.asking(plan->source->name);
      auto started = decide_starts(*plan, options_, out_.gauges.feeds);
      if (!started)
        return tl::unexpected(started.error());
      partitions_[plan->name] = std::move(*started);
    }
    auto verdicts = control::verdict_book::open(*options_.store);
    if (!verdicts)
      return tl::unexpected(preparation_error{verdicts.error()});
    verdicts_ = std::move(*verdicts);
    out_.supervised.snapshot_writer = control::spawn_snapshot_writer(system_);
    for (std::uint32_t i = 0; i < topology_->stages.size(); ++i) {
      if (topology_->stages[i].kind == config::stage_kind::window)
        add_shards(i);
      if (topology_->stages[i].kind == config::stage_kind::sink)
        add_sink(i);
    }
    add_dead_letter_sink();
    for (const auto& plan : plans_)
      add_lanes(plan);
    return std::move(out_);
  }

private:
  [[nodiscard]] connector_context context(const std::string& stage) const {
    return {topology_->name, stage, options_.store->folder(), options_.clock};
  }
  [[nodiscard]] connector_context context_of(const lane_plan& plan) const {
    return source_context(plan, options_, out_.gauges.feeds);
  }

  struct lane_logs {
    std::map<log_id, mark> first;  // there at the topology's first start
    std::map<log_id, mark> found;  // later

    [[nodiscard]] std::map<log_id, mark> all() const {
      auto logs = first;
      logs.insert(found.begin(), found.end());
      return logs;
    }
  };

  /// Marks at which the logs of a plan's partitions start.
  void add_starts(const lane_plan& plan, lane_logs& logs) const {
    for (const auto& p : partitions_.at(plan.name))
      (p.found_later ? logs.found : logs.first)[plan.log(p.name)] = {p.start, no_watermark};
  }

  /// All lanes' logs that reach this stage.
  [[nodiscard]] lane_logs lane_logs_of(std::uint32_t stage) const {
    lane_logs logs;
    for (const auto& plan : plans_)
      if (std::any_of(plan->edges.begin() + 1, plan->edges.end(),
                      [&](const auto& e) { return e.stage == stage; }))
        add_starts(*plan, logs);
    return logs;
  }

  /// Of one shard: each has its share of what the stage may keep.
  static delivery::outbox_limits limits_of(const config::window_plan& plan) {
    delivery::outbox_limits out;
    out.retain = plan.retain / plan.definition.shards;
    // Spilling begins when the outbox is half full.
    out.memory = plan.retain_memory / plan.definition.shards / copies_of_output / 2;
    // Several segments of each size fit in memory, so that writing one does not wait for the next to fill.
    out.segment = std::min(out.segment, out.memory / 4 + 1);
    out.credit = std::min(out.credit, out.memory / 4 + 1);
    return out;
  }

  void add_shards(std::uint32_t index) {
    const auto& stage = topology_->stages[index];
    const auto& plan = std::get<config::window_plan>(stage.plan);
    auto receivers = receivers_behind_window(*topology_, index);
    const auto in_front = windows_in_front(*topology_, index, run_.number);
    if (window_can_fail(*topology_, index))
      receivers.emplace_back(dead_letter_sink);
    for (std::uint32_t s = 0; s < plan.definition.shards; ++s) {
      delivery::shard_core::setup setup;
      setup.log = shard_log(stage.name, s, run_.number);
      setup.stage = index;
      setup.run = run_.number;
      setup.earlier = run_.left_of(stage.name, s);
      setup.allowed_lateness = plan.definition.allowed_lateness;
      setup.receivers = receivers;
      auto logs = lane_logs_of(index);
      setup.logs = std::move(logs.first);
      setup.found = std::move(logs.found);
      for (const auto& w : in_front)
        setup.in_front.insert(setup.in_front.end(), w.logs.begin(), w.logs.end());
      setup.updates = plan.definition.updates;
      setup.limits = limits_of(plan);
      shard::shard_options options;
      options.name = shard_name(stage.name, s);
      options.stage = stage.name;
      options.losses = options_.losses;
      options.snapshot_every = topology_->snapshot_every;
      if (!options.snapshot_every && !in_front.empty())
        options.snapshot_every = always_snapshot_every;
      if (plan.definition.updates)
        options.tick_every = plan.every;
      options.clock = options_.clock;
      options.snapshot_writer = out_.supervised.snapshot_writer;
      for (const auto& receiver : receivers)
        options.gauges->held_by[receiver] = 0;
      out_.gauges.shards[options.name] = options.gauges;
      std::optional<shard::rows_in_front> rows;
      if (!in_front.empty())
        rows = shard::rows_in_front{&plan, s, in_front};
      out_.supervised.shards.push_back(
          {options.name, setup.log, setup.in_front,
           [this_ = shared(), setup, options, frame_rows = options_.output_frame_rows,
            make = windows_of(stage.name, plan, setup.log, rows)](const std::map<log_id, mark>& found,
                                                                  const caf::actor& supervisor) {
             auto now = setup;
             now.found.insert(found.begin(), found.end());
             now.limits.frame_rows = frame_rows();
             return spawn_restored_shard(this_->system, *this_->store, std::move(now), options, make,
                                         supervisor);
           }});
    }
  }

  [[nodiscard]] make_windows windows_of(const std::string& stage, const config::window_plan& plan,
                                        const log_id& log, std::optional<shard::rows_in_front> rows) const {
    return [topology = topology_, stage, &plan, log, rows = std::move(rows)] {
      return shard::make_window_state(plan.definition, stage, log, rows);
    };
  }

  /// What the factories need after the preparation is gone.
  struct surroundings {
    caf::actor_system& system;
    std::shared_ptr<snapshot::state_store> store;
    std::shared_ptr<const config::topology> topology;  // keeps what definitions refer to
  };
  [[nodiscard]] std::shared_ptr<const surroundings> shared() {
    if (!surroundings_)
      surroundings_ = std::make_shared<const surroundings>(surroundings{system_, options_.store, topology_});
    return surroundings_;
  }

  [[nodiscard]] sink::sink_options common_sink_options(const std::string& name) const {
    sink::sink_options o;
    o.name = name;
    o.run = run_.number;
    o.topology = topology_;
    o.who = {options_.store->id().state_id, topology_->name, name, 0, false, options_.fresh, options_.adopt};
    o.next_life = [store = options_.store] { return store->next_incarnation(); };
    const auto note = "committed/" + name;
    o.has_committed = [store = options_.store, note] { return store->get(note).has_value(); };
    o.note_committed = [store = options_.store, note] {
      if (store->get(note))
        return;
      if (const auto kept = store->put(note, "1"); !kept)
        spdlog::warn("{}", kept.error().message);
    };
    o.commit_every = topology_->commit_every;
    o.start_timeout = options_.start_timeout;
    o.clock = options_.clock;
    return o;
  }

  void add_spec(sink::sink_options o) {
    control::sink_spec spec;
    spec.name = o.name;
    spec.takes_dead_letters = o.takes_dead_letters;
    for (const auto& w : o.windows)
      spec.shard_logs.insert(spec.shard_logs.end(), w.logs.begin(), w.logs.end());
    out_.gauges.sinks[o.name] = o.gauges;
    spec.spawn = [this_ = shared(), o = std::move(o)](const std::map<log_id, mark>& found,
                                                      const caf::actor& supervisor) {
      auto now = o;
      now.lane_logs.insert(found.begin(), found.end());
      return sink::spawn_sink(this_->system, std::move(now), supervisor);
    };
    out_.supervised.sinks.push_back(std::move(spec));
  }

  void add_sink(std::uint32_t index) {
    const auto& stage = topology_->stages[index];
    const auto& plan = std::get<config::sink_plan>(stage.plan);
    auto o = common_sink_options(stage.name);
    o.stage = index;
    o.schema = plan.rows;
    o.order_by = plan.order_by;
    o.lane_logs = lane_logs_of(index).all();
    o.windows = window_inputs_of_sink(*topology_, index, run_.number);
    o.gives_up_later = stage.type == "console" && ends_by_itself();
    o.make_writer = [this_ = shared(), make = options_.make.writer, &stage, c = context(stage.name)] {
      return make(stage, c);
    };
    add_spec(std::move(o));
  }

  /// All sources come to an end.
  [[nodiscard]] bool ends_by_itself() const {
    return std::ranges::none_of(topology_->stages, [](const auto& s) {
      return s.kind == config::stage_kind::source && !std::get<config::source_plan>(s.plan).bounded;
    });
  }

  void add_dead_letter_sink() {
    auto o = common_sink_options(std::string(dead_letter_sink));
    o.takes_dead_letters = true;
    o.losses = options_.losses;
    o.schema = config::dead_letter_schema();
    lane_logs logs;
    for (const auto& plan : plans_)
      add_starts(*plan, logs);
    o.lane_logs = logs.all();
    for (const auto& s : topology_->stages)
      if (s.kind == config::stage_kind::sink)
        o.lane_logs[sink::rejected_log(s.name)] = {};
    o.windows = window_inputs_of_dead_letters(*topology_, run_.number);
    if (topology_->dead_letters && !topology_->dead_letters->type.empty()) {
      o.make_writer = [this_ = shared(), make = options_.make.writer, c = context(o.name)] {
        return make(*this_->topology->dead_letters, c);
      };
    } else {
      o.make_writer = [path = options_.store->folder() + "/dead_letters.jsonl", schema = o.schema,
                       topology = topology_]() -> expected<std::unique_ptr<sink::writer>> {
        return sink::make_dead_letter_writer(
            path, schema, topology->dead_letters ? topology->dead_letters->options : config::values{});
      };
    }
    add_spec(std::move(o));
  }

  void add_lanes(const std::shared_ptr<const lane_plan>& plan) {
    const auto& partitions = partitions_.at(plan->name);
    // A log that has an identity of its own to keep while it is read (a followed file, a spool) is one
    // partition. Replayed records make no lane: theirs would have a reader that keeps the identity, too.
    const auto of_source =
        static_cast<std::size_t>(std::count_if(partitions.begin(), partitions.end(), [](const auto& p) {
          return !replay::parse_partition_name(p.name);
        }));
    const std::size_t lanes =
        std::clamp<std::size_t>(of_source, 1, std::max<std::size_t>(options_.threads, 1));
    std::vector<std::shared_ptr<lane::lane_gauges>> gauges(lanes);
    for (auto& g : gauges) {
      g = std::make_shared<lane::lane_gauges>();
      g->parser = plan->parser->name;
      g->source = plan->source->name;
    }
    for (std::size_t i = 0; i < lanes; ++i) {
      lane::lane_options o;
      o.name = plan->name + "/lane" + std::to_string(i);
      o.plan = plan;
      for (auto p = i; p < partitions.size(); p += lanes)
        o.partitions.push_back(partitions[p].name);
      for (const auto& p : partitions)
        o.known.insert(p.name);
      o.make_reader = [plan, make = options_.make.reader, c = context_of(*plan)] {
        return make(*plan->source, wants_of(*plan->parser), c);
      };
      o.make_parser = [plan, make = options_.make.parser] { return make(*plan->parser); };
      o.identities.load = [store = options_.store, name = identity_name(*plan)] {
        return store->get(name).value_or(std::string());
      };
      o.identities.keep = [store = options_.store, name = identity_name(*plan)](const std::string& text) {
        return store->put(name, text);
      };
      o.identities.reading = options_.on_reading;
      o.parser_changed = options_.parsers_changed;
      const auto& source = plan->source->options;
      if (source.has("rate"))
        o.rate = source.rate("rate") / static_cast<double>(lanes);
      if (source.has("max_drift"))
        o.max_drift = source.duration("max_drift");
      if (i == 0 && source.has("discover_every"))
        o.discover_every = source.duration("discover_every");
      else if (i == 0 && !std::get<config::source_plan>(plan->source->plan).bounded)
        o.discover_every = look_for_replayed_every;
      o.credit = options_.lane_credit;
      o.clock = options_.clock;
      o.gauges = gauges[i];
      o.losses = options_.losses;
      for (const auto& g : gauges)
        if (g != o.gauges)
          o.peers.push_back(g);
      out_.gauges.lanes[o.name] = o.gauges;
      control::lane_spec spec;
      spec.name = o.name;
      spec.parser = plan->name;
      spec.partitions = o.partitions.size();
      spec.keep_start = [plan, store = options_.store](const std::string& partition, position first) {
        return keep_start(*plan, *store, partition, first).map([&](position start) {
          return control::lane_spec::started{plan->log(partition), {start, no_watermark}};
        });
      };
      for (const auto& e : plan->edges)
        for (std::uint32_t r = 0; r < e.receivers; ++r)
          spec.receivers.push_back(e.what == lane::edge::kind::window ? shard_name(e.name, r) : e.name);
      spec.spawn = [this_ = shared(), o = std::move(o), book = verdicts_](
                       delivery::lane_log::start how, const std::vector<control::found_partition>& found,
                       const caf::actor& supervisor) -> expected<caf::actor> {
        const auto life = this_->store->next_incarnation();
        if (!life)
          return unexpected(life.error());
        auto next = o;
        for (const auto& p : found) {
          next.known.insert(p.name);
          if (p.lane == next.name)
            next.partitions.push_back(p.name);
        }
        auto verdicts = verdicts_for_next_life(next, *book, supervisor);
        if (!verdicts)
          return unexpected(verdicts.error());
        next.verdicts = std::move(*verdicts);
        return lane::spawn_lane(this_->system, std::move(next), *life, how, supervisor);
      };
      out_.supervised.lanes.push_back(std::move(spec));
    }
  }

  caf::actor_system& system_;
  const pipeline_options& options_;
  std::shared_ptr<const config::topology> topology_;
  std::vector<std::shared_ptr<const lane_plan>> plans_;
  run_record run_;
  std::map<std::string, std::vector<started_partition>> partitions_;
  std::shared_ptr<const surroundings> surroundings_;
  std::shared_ptr<control::verdict_book> verdicts_;
  prepared_pipeline out_;
};

}  // namespace

log_id shard_log(const std::string& window, std::uint32_t shard, std::uint64_t run) {
  return window + "/" + std::to_string(run) + "/" + std::to_string(shard);
}

std::string shard_name(const std::string& window, std::uint32_t shard) {
  return window + "/" + std::to_string(shard);
}

tl::expected<prepared_pipeline, preparation_error> prepare_pipeline(caf::actor_system& system,
                                                                    const pipeline_options& options) {
  return preparation(system, options).run();
}

}  // namespace millrace
