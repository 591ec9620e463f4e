#include "actors/window_edges.hpp"

#include "actors/pipeline.hpp"

#include <algorithm>
#include <set>

namespace millrace {
namespace {

/// A way from a window to a sink: the select stages between them, by index.
struct way {
  std::vector<std::uint32_t> transforms;
  std::uint32_t sink = 0;
};

void add_ways(const config::topology& t, const std::string& from,
              const std::vector<std::uint32_t>& transforms, std::vector<way>& out) {
  for (std::uint32_t i = 0; i < t.stages.size(); ++i) {
    const auto& s = t.stages[i];
    const bool reads =
        std::any_of(s.from.begin(), s.from.end(), [&](const auto& f) { return f.stage == from && !f.late; });
    if (!reads)
      continue;
    if (s.kind == config::stage_kind::sink) {
      out.push_back({transforms, i});
    } else if (s.kind == config::stage_kind::transform) {
      auto more = transforms;
      more.push_back(i);
      add_ways(t, s.name, more, out);
    }
  }
}

/// Ordered by sink, so that the first one on a shared stage is the same for everybody.
std::vector<way> ways_from(const config::topology& t, std::uint32_t window) {
  std::vector<way> out;
  add_ways(t, t.stages[window].name, {}, out);
  std::stable_sort(out.begin(), out.end(), [](const way& a, const way& b) { return a.sink < b.sink; });
  return out;
}

const config::window_plan& window_of(const config::topology& t, std::uint32_t index) {
  return std::get<config::window_plan>(t.stages[index].plan);
}

sink::chain chain_of(const config::topology& t, std::uint32_t window, const way& w) {
  sink::chain out;
  if (const auto& output = window_of(t, window).output; output.output && !output.columns.empty())
    out.push_back({window, &output, false, false});
  for (const auto i : w.transforms)
    out.push_back({i, &std::get<config::transform_plan>(t.stages[i].plan).select, false, false});
  out.push_back({w.sink, &std::get<config::sink_plan>(t.stages[w.sink].plan).input, false, false});
  return out;
}

sink::window_input input_of(const config::topology& t, std::uint32_t window) {
  sink::window_input in;
  in.stage = window;
  const auto& definition = window_of(t, window).definition;
  in.key_columns = definition.keys.size();
  if (definition.updates)
    in.numbered = window_of(t, window).output.input;
  for (std::uint32_t s = 0; s < definition.shards; ++s)
    in.logs.push_back(shard_log(t.stages[window].name, s));
  return in;
}

bool can_fail(const config::step& s) {
  return (s.where && s.where->can_fail) ||
         std::any_of(s.columns.begin(), s.columns.end(), [](const auto& c) { return c.value.can_fail; });
}

}  // namespace

std::vector<std::string> sinks_behind_window(const config::topology& t, std::uint32_t window) {
  std::vector<std::string> names;
  for (const auto& w : ways_from(t, window))
    if (names.empty() || names.back() != t.stages[w.sink].name)
      names.push_back(t.stages[w.sink].name);
  return names;
}

bool window_can_fail(const config::topology& t, std::uint32_t window) {
  const auto& aggregates = window_of(t, window).definition.aggregates;
  const bool overflows = std::any_of(aggregates.begin(), aggregates.end(), [](const auto& a) {
    return a.function == expression::aggregate_function::sum && a.result.id() == data::type_id::bigint;
  });
  if (overflows ||
      (window_of(t, window).definition.having && window_of(t, window).definition.having->can_fail))
    return true;
  for (const auto& w : ways_from(t, window))
    for (const auto& step : chain_of(t, window, w))
      if (can_fail(*step.step))
        return true;
  return false;
}

std::vector<sink::window_input> window_inputs_of_sink(const config::topology& t, std::uint32_t sink) {
  std::vector<sink::window_input> inputs;
  for (std::uint32_t window = 0; window < t.stages.size(); ++window) {
    if (t.stages[window].kind != config::stage_kind::window)
      continue;
    auto in = input_of(t, window);
    std::set<std::uint32_t> counted;
    for (const auto& w : ways_from(t, window)) {
      auto chain = chain_of(t, window, w);
      for (auto& step : chain) {
        const bool first = counted.insert(step.stage).second;
        // A sink counts itself on every way that leads to it; a window's own columns the dead-letter sink
        // counts.
        step.counts = w.sink == sink && step.stage != window && (first || step.stage == sink);
      }
      if (w.sink == sink)
        in.chains.push_back(std::move(chain));
    }
    if (!in.chains.empty())
      inputs.push_back(std::move(in));
  }
  return inputs;
}

std::vector<sink::window_input> window_inputs_of_dead_letters(const config::topology& t) {
  std::vector<sink::window_input> inputs;
  for (std::uint32_t window = 0; window < t.stages.size(); ++window) {
    if (t.stages[window].kind != config::stage_kind::window || !window_can_fail(t, window))
      continue;
    auto in = input_of(t, window);
    std::set<std::uint32_t> buried;
    for (const auto& w : ways_from(t, window)) {
      auto chain = chain_of(t, window, w);
      for (auto& step : chain) {
        step.buries = buried.insert(step.stage).second;
        step.counts = step.buries && step.stage == window;
      }
      in.chains.push_back(std::move(chain));
    }
    inputs.push_back(std::move(in));
  }
  return inputs;
}

}  // namespace millrace
