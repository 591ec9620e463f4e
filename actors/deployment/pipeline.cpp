#include "actors/deployment/pipeline.hpp"

#include "actors/deployment/next_run.hpp"
#include "actors/deployment/restored_shard.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/deployment/state_keeper.hpp"
#include "actors/deployment/verdicts_between_lives.hpp"
#include "actors/deployment/window_edges.hpp"
#include "actors/sink/file/file_sink.hpp"
#include "runtime/control/snapshot_writer.hpp"
#include "runtime/window/shard_windows.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace millrace::deployment {
namespace {

using lane::lane_plan;

class pipeline_maker {
public:
  pipeline_maker(caf::actor_system& system, const pipeline_options& options)
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
    layout_ =
        make_layout(*topology_, plans_, partitions_, run_.number, {options_.threads, options_.lane_credit});
    auto verdicts = control::verdict_book::open(*options_.store);
    if (!verdicts)
      return tl::unexpected(preparation_error{verdicts.error()});
    verdicts_ = std::move(*verdicts);
    out_.supervised.next_term = [store = options_.store] { return store->next_incarnation(); };
    out_.supervised.snapshot_writer = control::spawn_snapshot_writer(system_);
    out_.supervised.state_keeper = spawn_state_keeper(system_, options_.store, plans_);
    for (const auto& s : layout_.shards)
      add_shard(s);
    for (const auto& s : layout_.sinks)
      add_sink(s);
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

  void add_shard(const shard_layout& s) {
    const auto stage = lane::stage_index(*topology_, s.window);
    const auto& plan = std::get<config::window_plan>(topology_->stages[stage].plan);
    auto setup = setup_of(layout_, s, *topology_);
    setup.earlier = run_.left_of(s.window, s.number);
    shard::shard_options options;
    options.name = s.name;
    options.stage = s.window;
    options.losses = options_.losses;
    options.snapshot_every = s.snapshot_every;
    options.tick_every = s.tick_every;
    options.clock = options_.clock;
    options.snapshot_writer = out_.supervised.snapshot_writer;
    for (const auto& receiver : s.receivers)
      options.gauges->held_by[receiver] = 0;
    out_.gauges.shards[options.name] = options.gauges;
    out_.supervised.shards.push_back(
        {s.name, s.name, s.upstream,
         [this_ = shared(), setup, options, frame_rows = options_.output_frame_rows,
          make = windows_of(plan, upstream_rows_of(*topology_, s, run_.number))](
             const life& now, const std::map<log_id, mark>& found, const messages::supervisor& supervisor) {
           auto s = setup;
           s.found.insert(found.begin(), found.end());
           s.limits.frame_rows = frame_rows();
           return spawn_restored_shard(this_->system, *this_->store, now, std::move(s), options, make,
                                       supervisor);
         }});
  }

  [[nodiscard]] make_windows windows_of(const config::window_plan& plan,
                                        std::optional<shard::upstream_rows> rows) const {
    return [topology = topology_, &plan, rows = std::move(rows)] {
      return window::make_shard_windows(plan.definition, shard::partials_of(rows));
    };
  }

  /// The factories need these after the maker is gone.
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

  void add_sink(const sink_layout& s) {
    sink::sink_options o;
    o.name = s.name;
    o.run = run_.number;
    o.topology = topology_;
    o.who = {
        options_.store->id().state_id, topology_->name, s.name, 0, false, options_.fresh, options_.adopt};
    o.keeper = out_.supervised.state_keeper;
    o.commit_every = s.commit_every;
    o.lane_logs = s.lane_logs;
    o.gives_up_later = s.gives_up_later;
    o.start_timeout = options_.start_timeout;
    o.clock = options_.clock;
    if (s.takes_dead_letters())
      set_dead_letters(o);
    else
      set_target(o);
    control::sink_spec spec;
    spec.name = s.name;
    spec.takes_dead_letters = s.takes_dead_letters();
    spec.shard_logs = s.upstream;
    out_.gauges.sinks[o.name] = o.gauges;
    spec.spawn = [this_ = shared(), o = std::move(o)](const life& now, const std::map<log_id, mark>& found,
                                                      const messages::supervisor& supervisor) {
      auto next = o;
      next.lane_logs.insert(found.begin(), found.end());
      next.has_committed = this_->store->get(sink::committed_name(next.name)).has_value();
      return sink::spawn_sink(this_->system, std::move(next), now, supervisor);
    };
    out_.supervised.sinks.push_back(std::move(spec));
  }

  void set_target(sink::sink_options& o) {
    o.stage = lane::stage_index(*topology_, o.name);
    const auto& stage = topology_->stages[o.stage];
    const auto& plan = std::get<config::sink_plan>(stage.plan);
    o.schema = plan.rows;
    o.order_by = plan.order_by;
    o.windows = window_inputs_of_sink(*topology_, o.stage, run_.number);
    o.make_writer = [this_ = shared(), make = options_.make.writer, &stage, c = context(stage.name)] {
      return make(stage, c);
    };
  }

  void set_dead_letters(sink::sink_options& o) {
    o.takes_dead_letters = true;
    o.losses = options_.losses;
    o.schema = config::dead_letter_schema();
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
  }

  void add_lanes(const std::shared_ptr<const lane_plan>& plan) {
    std::vector<const lane_layout*> lanes;
    for (const auto& l : layout_.lanes)
      if (l.plan == plan->name)
        lanes.push_back(&l);
    std::vector<std::shared_ptr<lane::lane_gauges>> gauges(lanes.size());
    for (auto& g : gauges) {
      g = std::make_shared<lane::lane_gauges>();
      g->parser = plan->parser->name;
      g->source = plan->source->name;
    }
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      const auto& l = *lanes[i];
      lane::lane_options o;
      o.name = l.name;
      o.plan = plan;
      o.partitions = l.partitions;
      for (const auto& p : partitions_.at(plan->name))
        o.known.insert(p.name);
      o.make_reader = [plan, make = options_.make.reader, c = context_of(*plan)] {
        return make(*plan->source, wants_of(*plan->parser), c);
      };
      o.make_parser = [plan, make = options_.make.parser] { return make(*plan->parser); };
      o.identity.name = identity_name(plan->source->name);
      o.before_reading = options_.before_reading;
      o.parser_changed = options_.parsers_changed;
      o.rate = l.rate;
      o.max_drift = l.max_drift;
      o.discover_every = l.discover_every;
      o.credit = l.credit;
      o.clock = options_.clock;
      o.gauges = gauges[i];
      o.losses = options_.losses;
      o.is_only_lane = gauges.size() == 1;
      out_.gauges.lanes[o.name] = o.gauges;
      control::lane_spec spec;
      spec.name = o.name;
      spec.parser = plan->name;
      spec.partitions = o.partitions.size();
      spec.limits_drift = o.max_drift.has_value() && !o.is_only_lane;
      spec.receivers = l.receivers;
      spec.spawn = [this_ = shared(), o = std::move(o), book = verdicts_,
                    keeper = out_.supervised.state_keeper](
                       const life& now, delivery::lane_log::start how,
                       const std::vector<control::found_partition>& found, delivery::failing_records& failing,
                       const messages::supervisor& supervisor) -> expected<messages::lane> {
        auto next = o;
        for (const auto& p : found) {
          next.known.insert(p.name);
          if (p.lane == next.name)
            next.partitions.push_back(p.name);
        }
        auto verdicts = verdicts_for_next_life(next, failing, now, *book, supervisor);
        if (!verdicts)
          return unexpected(verdicts.error());
        next.verdicts = std::move(*verdicts);
        next.failing = failing;
        next.identity.value = this_->store->get(next.identity.name).value_or(std::string());
        return lane::spawn_lane(this_->system, std::move(next), now, how, supervisor, keeper);
      };
      out_.supervised.lanes.push_back(std::move(spec));
    }
  }

  caf::actor_system& system_;
  const pipeline_options& options_;
  std::shared_ptr<const config::topology> topology_;
  lane_plans plans_;
  run_record run_;
  partitions_of_plans partitions_;
  std::shared_ptr<const surroundings> surroundings_;
  std::shared_ptr<control::verdict_book> verdicts_;
  deployment::layout layout_;
  prepared_pipeline out_;
};

}  // namespace

tl::expected<prepared_pipeline, preparation_error> prepare_pipeline(caf::actor_system& system,
                                                                    const pipeline_options& options) {
  return pipeline_maker(system, options).run();
}

}  // namespace millrace::deployment
