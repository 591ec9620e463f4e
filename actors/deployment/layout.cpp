#include "actors/deployment/layout.hpp"

#include "actors/deployment/window_edges.hpp"
#include "actors/stream/replay/replay_format.hpp"
#include "actors/stream/sink/rejected_log.hpp"
#include "runtime/base/shard_name.hpp"

#include <algorithm>

namespace millrace::deployment {
namespace {

/// A window downstream of another one has snapshots where they are off too: the one upstream keeps its
/// output until they hold what came of it.
constexpr micros always_snapshot_every{1'000'000};

/// `millrace replay` can give more partitions to a source that cannot get more by itself.
constexpr micros look_for_replayed_every{10'000'000};

/// Output that is kept lies in memory several times: as frames in the outbox and in receivers, as bytes of
/// captures and segments, in a base that is being merged, and as what the allocator keeps of all those. So
/// the outbox gets only this part of the memory for output.
constexpr std::size_t copies_of_output = 16;

/// Each shard has its part of what the stage may keep.
delivery::outbox_limits limits_of(const config::window_plan& plan) {
  delivery::outbox_limits out;
  out.retain = plan.retain / plan.definition.shards;
  // Spilling begins when the outbox is half full.
  out.memory = plan.retain_memory / plan.definition.shards / copies_of_output / 2;
  // Several segments of each size fit in memory, so that writing one does not wait for the next to fill.
  out.segment = std::min(out.segment, out.memory / 4 + 1);
  out.credit = std::min(out.credit, out.memory / 4 + 1);
  return out;
}

class maker {
public:
  maker(const config::topology& topology, const lane_plans& plans, const partitions_of_plans& partitions,
        std::uint64_t run, const layout_bounds& bounds)
      : topology_(topology), plans_(plans), partitions_(partitions), bounds_(bounds) {
    out_.topology = topology.name;
    out_.run = run;
  }

  layout make() && {
    for (std::uint32_t i = 0; i < topology_.stages.size(); ++i) {
      if (config::has_shards(topology_.stages[i].kind))
        add_shards(i);
      if (topology_.stages[i].kind == config::stage_kind::sink)
        add_sink(i);
    }
    add_dead_letter_sink();
    for (const auto& plan : plans_)
      add_lanes(*plan);
    return std::move(out_);
  }

private:
  struct logs {
    std::map<log_id, mark> first;  // there at the topology's first start
    std::map<log_id, mark> found;  // later

    [[nodiscard]] std::map<log_id, mark> all() const {
      auto both = first;
      both.insert(found.begin(), found.end());
      return both;
    }
  };

  void add_starts(const lane::lane_plan& plan, logs& to) const {
    for (const auto& p : partitions_.at(plan.name))
      (p.found_later ? to.found : to.first)[plan.log(p.name)] = {p.start, no_watermark};
  }

  /// Returns the logs of the lanes with an edge to the stage.
  [[nodiscard]] logs lane_logs_of(std::uint32_t stage) const {
    logs out;
    for (const auto& plan : plans_)
      if (std::any_of(plan->edges.begin() + 1, plan->edges.end(),
                      [&](const auto& e) { return e.stage == stage; }))
        add_starts(*plan, out);
    return out;
  }

  void add_shards(std::uint32_t index) {
    const auto& stage = topology_.stages[index];
    const auto& plan = std::get<config::window_plan>(stage.plan);
    shard_layout s;
    s.window = stage.name;
    s.receivers = receivers_of_window(topology_, index, out_.run);
    if (window_can_fail(topology_, index))
      s.receivers.emplace_back(dead_letter_sink);
    auto logs = lane_logs_of(index);
    s.lane_logs = std::move(logs.first);
    s.found_later = std::move(logs.found);
    for (const auto& w : upstream_windows(topology_, index, out_.run))
      s.upstream.insert(s.upstream.end(), w.logs.begin(), w.logs.end());
    s.allowed_lateness = plan.definition.allowed_lateness;
    s.updates = plan.definition.updates;
    if (s.updates)
      s.tick_every = plan.every;
    s.snapshot_every = topology_.snapshot_every;
    if (!s.snapshot_every && !s.upstream.empty())
      s.snapshot_every = always_snapshot_every;
    s.limits = limits_of(plan);
    for (s.number = 0; s.number < plan.definition.shards; ++s.number) {
      s.name = to_string(shard_name{stage.name, out_.run, s.number});
      out_.shards.push_back(s);
    }
  }

  /// All sources come to an end.
  [[nodiscard]] bool ends_by_itself() const {
    return std::ranges::none_of(topology_.stages, [](const auto& s) {
      return s.kind == config::stage_kind::source && !config::traits_of(s).bounded;
    });
  }

  template<class Windows>
  void add(sink_layout s, const Windows& windows) {
    for (const auto& w : windows)
      s.upstream.insert(s.upstream.end(), w.logs.begin(), w.logs.end());
    s.commit_every = topology_.commit_every;
    out_.sinks.push_back(std::move(s));
  }

  void add_sink(std::uint32_t index) {
    const auto& stage = topology_.stages[index];
    sink_layout s;
    s.name = stage.name;
    s.lane_logs = lane_logs_of(index).all();
    s.gives_up_later = config::sink_traits_of(stage).gives_up_later && ends_by_itself();
    add(std::move(s), window_inputs_of_sink(topology_, index, out_.run));
  }

  void add_dead_letter_sink() {
    logs all;
    for (const auto& plan : plans_)
      add_starts(*plan, all);
    sink_layout s;
    s.name = dead_letter_sink;
    s.lane_logs = all.all();
    for (const auto& stage : topology_.stages)
      if (stage.kind == config::stage_kind::sink)
        s.lane_logs[sink::rejected_log(stage.name)] = {};
    add(std::move(s), window_inputs_of_dead_letters(topology_, out_.run));
  }

  void add_lanes(const lane::lane_plan& plan) {
    const auto& partitions = partitions_.at(plan.name);
    // A log that has an identity of its own to keep while it is read (a followed file, a spool) is one
    // partition. Replayed records make no lane: theirs would have a reader that keeps the identity, too.
    const auto of_source =
        static_cast<std::size_t>(std::count_if(partitions.begin(), partitions.end(), [](const auto& p) {
          return !replay::parse_partition_name(p.name);
        }));
    const auto lanes =
        std::clamp<std::size_t>(of_source, 1, std::max<std::size_t>(bounds_.lanes_of_a_plan, 1));
    const auto& source = plan.source->options;
    lane_layout common;
    common.plan = plan.name;
    common.credit = bounds_.lane_credit;
    if (source.has("rate"))
      common.rate = source.rate("rate") / static_cast<double>(lanes);
    if (source.has("max_drift"))
      common.max_drift = source.duration("max_drift");
    for (const auto& e : plan.edges)
      for (std::uint32_t r = 0; r < e.receivers; ++r)
        common.receivers.push_back(
            e.what == lane::edge::kind::window ? to_string(shard_name{e.name, out_.run, r}) : e.name);
    for (std::size_t i = 0; i < lanes; ++i) {
      auto l = common;
      l.name = lane_name(plan.name, i);
      for (auto p = i; p < partitions.size(); p += lanes)
        l.partitions.push_back(partitions[p].name);
      if (i == 0 && source.has("discover_every"))
        l.discover_every = source.duration("discover_every");
      else if (i == 0 && !config::traits_of(*plan.source).bounded)
        l.discover_every = look_for_replayed_every;
      out_.lanes.push_back(std::move(l));
    }
  }

  const config::topology& topology_;
  const lane_plans& plans_;
  const partitions_of_plans& partitions_;
  const layout_bounds& bounds_;
  layout out_;
};

}  // namespace

layout make_layout(const config::topology& topology, const lane_plans& plans,
                   const partitions_of_plans& partitions, std::uint64_t run, const layout_bounds& bounds) {
  return maker(topology, plans, partitions, run, bounds).make();
}

std::string lane_name(const std::string& plan, std::size_t number) {
  return plan + "/lane" + std::to_string(number);
}

delivery::shard_core::setup setup_of(const layout& l, const shard_layout& s) {
  delivery::shard_core::setup out;
  out.log = s.name;
  out.window = s.window;
  out.allowed_lateness = s.allowed_lateness;
  out.receivers = s.receivers;
  out.logs = s.lane_logs;
  out.found = s.found_later;
  out.upstream = s.upstream;
  out.limits = s.limits;
  out.updates = s.updates;
  out.run = l.run;
  return out;
}

}  // namespace millrace::deployment
