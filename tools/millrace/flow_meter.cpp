#include "tools/millrace/flow_meter.hpp"

namespace millrace::cli {
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

}  // namespace

void flow_meter::sample(clock::time_point now, const config::topology& t, const pipeline_gauges& gauges) {
  std::map<std::string, source_flow> flows;
  for (const auto& s : t.stages) {
    if (s.kind != config::stage_kind::parser)
      continue;
    source_flow flow;
    std::array<std::uint64_t, 4> counters{};
    bool first = true;
    for (const auto& [lane, g] : gauges.lanes) {
      if (!lane.starts_with(s.name + "/"))
        continue;
      counters[0] += g->records;
      counters[1] += g->chunks;
      counters[2] += g->wait_micros;
      counters[3] += g->work_micros;
      add(flow.pending, g->lag, first);
      add(flow.pending_bytes, g->lag_bytes, first);
      first = false;
    }
    auto& r = of_parsers_[s.name];
    r.sample(now, counters);
    flow.records = counters[0];
    flow.records_per_second = r.per_second(0);
    flow.wait_seconds = seconds(r.ratio(2, 1));
    flow.work_seconds = seconds(r.ratio(3, 1));
    // Several parsers may read one source: as far as the slowest of them has come.
    const auto [known, added] = flows.try_emplace(s.from.front().stage, flow);
    if (!added && flow.records < known->second.records)
      known->second = flow;
  }
  sources_ = std::move(flows);
  for (const auto& [name, g] : gauges.sinks) {
    auto& r = of_sinks_[name];
    r.sample(now, {g->row_commits, g->wait_micros, g->commit_micros});
    sinks_[name] = {seconds(r.ratio(1, 0)), seconds(r.ratio(2, 0))};
  }
}

}  // namespace millrace::cli
