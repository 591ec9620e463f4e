#include "actors/deployment/window_edges.hpp"

#include "runtime/base/shard_name.hpp"

#include <algorithm>
#include <set>

namespace millrace::deployment {
namespace {

/// A way from a window to a sink or another window: the select stages between them, by index.
struct way {
  std::vector<std::uint32_t> transforms;
  std::uint32_t end = 0;
  config::side to = config::side::left;  // of a join at the end
};

void add_ways(const config::topology& t, const std::string& from,
              const std::vector<std::uint32_t>& transforms, std::vector<way>& out) {
  const auto add = [&](std::uint32_t i, config::side to) {
    const auto& s = t.stages[i];
    if (s.kind == config::stage_kind::sink || config::has_shards(s.kind)) {
      out.push_back({transforms, i, to});
    } else if (s.kind == config::stage_kind::transform) {
      auto more = transforms;
      more.push_back(i);
      add_ways(t, s.name, more, out);
    }
  };
  for (std::uint32_t i = 0; i < t.stages.size(); ++i)
    for (const auto& f : t.stages[i].from)
      if (f.stage == from && !f.late)
        add(i, f.to);
}

/// Ordered by where they end, so that the first one on a shared stage is the same for everybody.
std::vector<way> ways_from(const config::topology& t, std::uint32_t window) {
  std::vector<way> out;
  add_ways(t, t.stages[window].name, {}, out);
  std::stable_sort(out.begin(), out.end(), [](const way& a, const way& b) { return a.end < b.end; });
  return out;
}

const config::window_plan& window_of(const config::topology& t, std::uint32_t index) {
  return std::get<config::window_plan>(t.stages[index].plan);
}

stage::chain chain_of(const config::topology& t, std::uint32_t window, const way& w) {
  stage::chain out;
  if (const auto& output = window_of(t, window).output; output.output && !output.columns.empty())
    out.push_back({t.stages[window].name, &output});
  for (const auto i : w.transforms)
    out.push_back({t.stages[i].name, &std::get<config::transform_plan>(t.stages[i].plan).select});
  const auto& end = t.stages[w.end];
  if (const auto* const downstream = std::get_if<config::window_plan>(&end.plan))
    out.push_back({end.name, &downstream->of(w.to).input, downstream, w.to});
  else
    out.push_back({end.name, &std::get<config::sink_plan>(end.plan).input});
  return out;
}

/// The ways from a window to one that reads from it. A stage that ways share is counted on the first, a
/// receiver on each that leads to it, the window's own columns where its dead letters are.
std::vector<stage::chain> counting_ways(const config::topology& t, std::uint32_t window, std::uint32_t end) {
  std::vector<stage::chain> out;
  std::set<std::string> counted;
  for (const auto& w : ways_from(t, window)) {
    auto chain = chain_of(t, window, w);
    for (auto& step : chain) {
      const bool first = counted.insert(step.stage).second;
      step.counts =
          w.end == end && step.stage != t.stages[window].name && (first || step.stage == t.stages[end].name);
    }
    if (w.end == end)
      out.push_back(std::move(chain));
  }
  return out;
}

std::vector<log_id> logs_of(const config::topology& t, std::uint32_t window, std::uint64_t run) {
  std::vector<log_id> logs;
  for (std::uint32_t s = 0; s < window_of(t, window).definition.shards; ++s)
    logs.push_back(to_string(shard_name{t.stages[window].name, run, s}));
  return logs;
}

sink::window_input input_of(const config::topology& t, std::uint32_t window, std::uint64_t run) {
  sink::window_input in;
  in.stage = window;
  const auto& definition = window_of(t, window).definition;
  in.key_columns = definition.keys.size();
  if (definition.updates)
    in.numbered = window_of(t, window).output.input;
  in.logs = logs_of(t, window, run);
  return in;
}

bool can_fail(const config::step& s) {
  return (s.where && s.where->can_fail) ||
         std::any_of(s.columns.begin(), s.columns.end(), [](const auto& c) { return c.value.can_fail; });
}

bool can_fail(const stage::chain_step& s) {
  const auto any = [](const auto& expressions) {
    return std::any_of(expressions.begin(), expressions.end(),
                       [](const auto& e) { return e && e->can_fail; });
  };
  if (s.window == nullptr)
    return can_fail(*s.step);
  // A window may reach beyond the timestamps.
  const auto& in = s.window->of(s.side);
  return can_fail(*s.step) || s.window->definition.bounded || any(in.arguments) || any(in.filters);
}

}  // namespace

std::vector<std::string> receivers_of_window(const config::topology& t, std::uint32_t window,
                                             std::uint64_t run) {
  std::vector<std::string> names;
  std::set<std::uint32_t> known;
  for (const auto& w : ways_from(t, window)) {
    const auto& stage = t.stages[w.end];
    if (!known.insert(w.end).second)
      continue;
    if (stage.kind == config::stage_kind::sink)
      names.push_back(stage.name);
    else
      for (std::uint32_t s = 0; s < window_of(t, w.end).definition.shards; ++s)
        names.push_back(to_string(shard_name{stage.name, run, s}));
  }
  return names;
}

bool window_can_fail(const config::topology& t, std::uint32_t window) {
  if (window::can_fail(window_of(t, window).definition))
    return true;
  for (const auto& w : ways_from(t, window))
    for (const auto& step : chain_of(t, window, w))
      if (can_fail(step))
        return true;
  return false;
}

std::vector<sink::window_input> window_inputs_of_sink(const config::topology& t, std::uint32_t sink,
                                                      std::uint64_t run) {
  std::vector<sink::window_input> inputs;
  for (std::uint32_t window = 0; window < t.stages.size(); ++window) {
    if (!config::has_shards(t.stages[window].kind))
      continue;
    auto in = input_of(t, window, run);
    in.chains = counting_ways(t, window, sink);
    if (in.chains.empty())
      continue;
    const auto& plan = std::get<config::sink_plan>(t.stages[sink].plan);
    in.removed = plan.removed;
    in.deletes_by = plan.traits.deletes_by;
    inputs.push_back(std::move(in));
  }
  return inputs;
}

std::vector<shard::upstream_window> upstream_windows(const config::topology& t, std::uint32_t downstream,
                                                     std::uint64_t run) {
  std::vector<shard::upstream_window> out;
  for (std::uint32_t window = 0; window < t.stages.size(); ++window) {
    if (!config::has_shards(t.stages[window].kind))
      continue;
    if (auto ways = counting_ways(t, window, downstream); !ways.empty())
      out.push_back({t.stages[window].name, window_of(t, window).definition.keys.size(),
                     logs_of(t, window, run), std::move(ways)});
  }
  return out;
}

std::optional<shard::upstream_rows> upstream_rows_of(const config::topology& t, const shard_layout& s,
                                                     std::uint64_t run) {
  const auto stage = lane::stage_index(t, s.window);
  auto upstream = upstream_windows(t, stage, run);
  if (upstream.empty())
    return std::nullopt;
  return shard::upstream_rows{&window_of(t, stage), s.number, std::move(upstream)};
}

std::vector<sink::window_input> window_inputs_of_dead_letters(const config::topology& t, std::uint64_t run) {
  std::vector<sink::window_input> inputs;
  for (std::uint32_t window = 0; window < t.stages.size(); ++window) {
    if (!config::has_shards(t.stages[window].kind) || !window_can_fail(t, window))
      continue;
    auto in = input_of(t, window, run);
    std::set<std::string> known;
    for (const auto& w : ways_from(t, window)) {
      auto chain = chain_of(t, window, w);
      for (auto& step : chain) {
        step.gives_letters = known.insert(step.stage).second;
        step.counts = step.gives_letters && step.stage == t.stages[window].name;
      }
      in.chains.push_back(std::move(chain));
    }
    inputs.push_back(std::move(in));
  }
  return inputs;
}

}  // namespace millrace::deployment
