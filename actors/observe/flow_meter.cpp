#include "actors/observe/flow_meter.hpp"

#include <algorithm>

namespace millrace::observe {
namespace {

double seconds(double micros) { return micros / 1e6; }

void add(std::optional<std::uint64_t>& sum, std::int64_t more, bool first) {
  if (first)
    sum = 0;
  if (more < 0)
    sum.reset();  // unknown of one is unknown of all
  else if (sum)
    *sum += static_cast<std::uint64_t>(more);
}

std::optional<std::uint64_t> most(const std::optional<std::uint64_t>& a,
                                  const std::optional<std::uint64_t>& b) {
  return a && b ? std::max(a, b) : std::nullopt;
}

}  // namespace

void flow_meter::sample(clock::time_point now, const deployment::pipeline_gauges& gauges) {
  struct sums {
    std::array<std::uint64_t, 4> counters{};
    source_flow flow{};
    bool first = true;
  };
  std::map<parser_of_source, sums> parsers;
  for (const auto& [lane, g] : gauges.lanes) {
    auto& [counters, flow, first] = parsers[{g->source, g->parser}];
    counters[0] += g->records;
    counters[1] += g->chunks;
    counters[2] += g->wait_micros;
    counters[3] += g->work_micros;
    add(flow.pending, g->away ? -1 : g->lag_at(now), first);
    add(flow.pending_bytes, g->away ? -1 : g->lag_bytes.load(), first);
    first = false;
  }
  std::map<std::string, source_flow> flows;
  for (auto& [of, lanes] : parsers) {
    auto& flow = lanes.flow;
    auto& r = of_parsers_[of];
    r.sample(now, lanes.counters);
    flow.records = lanes.counters[0];
    flow.records_per_second = r.per_second(0);
    flow.wait_seconds = seconds(r.ratio(2, 1));
    flow.work_seconds = seconds(r.ratio(3, 1));
    // Several parsers may read one source: it counts as far as the slowest of them has come.
    auto& slowest = flows.try_emplace(of.first, flow).first->second;
    const auto pending = most(slowest.pending, flow.pending);
    const auto pending_bytes = most(slowest.pending_bytes, flow.pending_bytes);
    if (flow.records < slowest.records)
      slowest = flow;
    slowest.pending = pending;
    slowest.pending_bytes = pending_bytes;
  }
  sources_ = std::move(flows);
  for (const auto& [name, g] : gauges.shards) {
    auto& r = of_shards_[name];
    r.sample(now, {g->taken, g->work_micros});
    shards_[name] = {r.per_second(0), std::min(1.0, seconds(r.per_second(1)))};
  }
  for (const auto& [name, g] : gauges.sinks) {
    auto& r = of_sinks_[name];
    r.sample(now, {g->row_commits, g->wait_micros, g->commit_micros});
    const auto under_way = static_cast<double>(g->call.age(now).value_or(micros(0)).count());
    sinks_[name] = {seconds(r.ratio(1, 0)), seconds(std::max(r.ratio(2, 0), under_way))};
  }
}

}  // namespace millrace::observe
