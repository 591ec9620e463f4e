#include "actors/deployment/layout.hpp"
#include "runtime/base/shard_name.hpp"
#include "tests/unit/observe/observe_fixture.hpp"

#include <algorithm>

using namespace millrace;
using namespace millrace::observe;
using namespace millrace::observe::test;

namespace {

constexpr std::uint64_t bytes = 3'000'000;
constexpr auto pipelines = {"active_users", "customer_sales", "game", "meetup", "sparkify"};

config::topology pipeline(const std::string& name) {
  auto loaded = config::load({"pipelines/" + name + "/topology.json", {}, {}}, connectors());
  REQUIRE(loaded.plan);
  return std::move(*loaded.plan);
}

/// Two partitions for each source, all caught up: the lanes and shards of the real layout, with their receivers.
struct deployed {
  explicit deployed(config::topology of) : plan(std::make_shared<const config::topology>(std::move(of))) {
    const auto plans = lane::lane_plans(plan);
    deployment::partitions_of_plans partitions;
    for (const auto& p : plans)
      partitions[p->name] = {{"0", {}}, {"1", {}}};
    layout = deployment::make_layout(*plan, plans, partitions, 0, {2});
    f.topology = plan->name;
    f.is_running = true;
    for (const auto& l : layout.lanes) {
      lane_figures lane;
      lane.name = l.name;
      for (const auto& p : plans)
        if (p->name == l.plan) {
          lane.parser = p->parser->name;
          lane.source = p->source->name;
        }
      for (const auto& p : l.partitions)
        lane.partitions.push_back({p, {}, {}, true, true, false, {}, {}});
      f.lanes.push_back(std::move(lane));
    }
    for (const auto& s : layout.shards) {
      shard_figures shard;
      shard.name = lasting_name(s.name);
      shard.window = s.window;
      for (const auto& r : s.receivers)
        shard.held_by[lasting_name(r)] = 0;
      f.shards.push_back(std::move(shard));
    }
  }
  /// Makes the stage slow: each sender to the stage keeps this many bytes for each of the stage's actors, and
  /// waits. Returns the bytes that they keep.
  std::uint64_t slow(const std::string& stage) {
    std::uint64_t kept = 0;
    for (std::size_t i = 0; i < layout.shards.size(); ++i)
      if (auto& s = f.shards[i]; keeps_for(layout.shards[i].receivers, stage, s.held_by)) {
        s.is_stalled = true;
        kept += bytes;
      }
    for (std::size_t i = 0; i < layout.lanes.size(); ++i)
      if (auto& l = f.lanes[i]; keeps_for(layout.lanes[i].receivers, stage, l.held_by)) {
        for (auto& p : l.partitions)
          p.held_by = l.held_by.begin()->first;
        kept += bytes * l.held_by.size();
      }
    return kept;
  }

  std::shared_ptr<const config::topology> plan;
  deployment::layout layout;
  figures f;

private:
  static bool keeps_for(const std::vector<std::string>& receivers, const std::string& stage,
                        std::map<std::string, std::uint64_t>& held) {
    bool any = false;
    for (const auto& r : receivers)
      if (stage_of_actor(r) == stage) {
        held[lasting_name(r)] = bytes;
        any = true;
      }
    return any;
  }
};

std::uint64_t held_before(const graph& g, const std::string& stage) {
  std::uint64_t out = 0;
  for (const auto& e : g.edges)
    out += e.to == stage ? e.held_bytes : 0;
  return out;
}
std::uint64_t held_in_all(const graph& g) {
  std::uint64_t out = 0;
  for (const auto& e : g.edges)
    out += e.held_bytes;
  return out;
}

}  // namespace

TEST_CASE(
    "wherever a pipeline's sink or window is slow, its bytes stand in front of it, and it is the culprit") {
  for (const auto* const name : pipelines)
    for (const auto& s : pipeline(name).stages) {
      if (s.kind != config::stage_kind::sink && s.kind != config::stage_kind::window)
        continue;
      INFO(name << ": " << s.name);
      deployed d(pipeline(name));
      CHECK(held_in_all(graph_of(*d.plan, d.f)) == 0);
      CHECK_FALSE(graph_of(*d.plan, d.f).held_up_by);
      const auto kept = d.slow(s.name);
      REQUIRE(kept > 0);
      const auto g = graph_of(*d.plan, d.f);
      REQUIRE(g.held_up_by);
      CHECK(g.held_up_by->stage == s.name);
      CHECK(held_before(g, s.name) == kept);
      CHECK(held_in_all(g) == kept);
    }
}

TEST_CASE("the bytes of a lane stand on the edge of the receiver that has yet to take them, late rows too") {
  const auto t = planned_text(R"json({
    "millrace": 1, "topology": "t",
    "stages": {
      "in": { "source": "generator", "kind": "clicks", "count": 10 },
      "parsed": { "parser": "json", "from": "in", "event_time": "at", "watermark_delay": "10 s",
                  "schema": { "user": "text", "at": "timestamp" } },
      "counts": { "window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["user"],
                  "aggregates": { "n": "count(*)" } },
      "some": { "transform": "select", "from": "parsed", "where": "\"user\" <> 'u'", "columns": { "*": true } },
      "out": { "sink": "console", "from": ["some", "counts.late"] },
      "rows": { "sink": "console", "from": "counts" }
    }
  })json");
  figures f;
  lane_figures l;
  l.parser = "parsed";
  l.source = "in";
  l.in_flight_bytes = 12;
  l.held_by = {{"counts/0", 5}, {"out", 7}};
  l.partitions = {{"0", {}, {}, true, false, false, "out", {}}};
  f.lanes = {l};
  const auto g = graph_of(t, f);
  std::vector<std::string> held;
  for (const auto& e : g.edges)
    held.push_back(e.from + ">" + e.to + " " + std::to_string(e.held_bytes));
  std::ranges::sort(held);
  CHECK(held == std::vector<std::string>{"counts.late>out 0", "counts>rows 0", "in>parsed 0",
                                         "parsed>counts 5", "parsed>some 0", "some>out 7"});
  REQUIRE(g.held_up_by);
  CHECK(g.held_up_by->words == "out has yet to take 7 bytes of parsed");
}

TEST_CASE("the shards of a window downstream share what a shard keeps for them") {
  auto f = running();
  f.shards[0].held_by = {{"out", 2}, {"sums/0", 40}, {"sums/1", 50}};
  const auto g = graph_of(planned(), f);
  CHECK(held_before(g, "sums") == 50);
  CHECK(held_before(g, "out") == 2);
}

TEST_CASE("two parsers that read one source have its lag once, as far as the slower one has come") {
  auto f = running();
  auto other = f.lanes[0];
  other.parser = "raw";
  other.lag = 70;
  f.lanes.push_back(other);
  CHECK(graph_of(planned(), f).stages[0].lag == 70);
  f.lanes[1].lag = 4;
  CHECK(graph_of(planned(), f).stages[0].lag == 5);
  auto second_lane = f.lanes[0];  // a second lane of the same parser
  f.lanes.push_back(second_lane);
  CHECK(graph_of(planned(), f).stages[0].lag == 10);
  f.lanes[1].lag.reset();
  CHECK_FALSE(graph_of(planned(), f).stages[0].lag);
}
