#include "actors/observe/health.hpp"
#include "actors/observe/metrics.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::observe;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const config::topology> plan(const std::string& name) {
  auto t = std::make_shared<config::topology>();
  t->name = name;
  config::stage in;
  in.name = "clicks";
  in.kind = config::stage_kind::source;
  in.type = "kafka";
  t->stages.push_back(std::move(in));
  return t;
}

running_topology prepared(const std::string& name) {
  running_topology t{plan(name), {}, nullptr};
  t.is_prepared = true;
  auto lane = std::make_shared<lane::lane_gauges>();
  lane->source = "clicks";
  t.gauges.lanes["parsed/lane0"] = lane;
  t.gauges.sinks["table"] = std::make_shared<sink::sink_gauges>();
  t.gauges.shards["counts/0/0"] = std::make_shared<shard::shard_gauges>();
  return t;
}

}  // namespace

TEST_CASE(
    "before the servers have been reached nothing is healthy or ready, and the body says who is waited for") {
  running_topology announced{plan("a"), {}, nullptr};
  CHECK_FALSE(is_healthy({announced}).good);
  CHECK_FALSE(is_ready({announced}, false).good);
  CHECK(is_healthy({announced}).text == "waiting for its sources at the start: clicks (kafka)\n");
  auto t = prepared("a");
  CHECK(is_healthy({t}).text == "waiting for the target of table at the start\n");
  CHECK_FALSE(is_ready({t}, false).good);
  t.gauges.sinks["table"]->reached = true;
  CHECK(is_healthy({t}).good);
  CHECK(is_healthy({t}).text == "ok\n");
  CHECK(is_ready({t}, false).good);
}

TEST_CASE("a target that is away later is not healthy, but input is taken") {
  auto t = prepared("a");
  t.gauges.sinks["table"]->reached = true;
  t.gauges.sinks["table"]->away = true;
  CHECK(is_healthy({t}).text == "waiting for the target of table\n");
  CHECK(is_ready({t}, false).good);
  t.gauges.shards["counts/0/0"]->stalled = true;
  CHECK(is_ready({t}, false).text == "counts/0 takes no input until a sink takes its output\n");
  t.gauges.sinks["table"]->away = t.gauges.shards["counts/0/0"]->stalled = false;
  t.gauges.lanes["parsed/lane0"]->away = true;
  CHECK(is_healthy({t}).text == "waiting for the source clicks\n");
  CHECK_FALSE(is_ready({t}, false).good);
}

TEST_CASE("a target that does not answer a call is not healthy once that has taken far longer than usual") {
  auto t = prepared("a");
  auto& table = *t.gauges.sinks["table"];
  const flow_meter::clock::time_point begun{1h};
  table.call.begin(begun);
  CHECK(is_healthy({t}, begun + 301s).text == "waiting for the target of table at the start\n");
  table.reached = true;
  CHECK(is_healthy({t}, begun + 30s).good);
  CHECK(is_healthy({t}, begun + 301s).text ==
        "table is stalled: its target has not answered a call for 5 minutes 1 second\n");
  CHECK(is_ready({t}, false).good);
  table.in_target.add(60s);
  CHECK(is_healthy({t}, begun + 301s).good);
  table.away = true;
  CHECK(is_healthy({t}, begun + 3000s).text == "waiting for the target of table\n");
  table.away = false;
  table.call.end();
  CHECK(is_healthy({t}, begun + 3000s).good);
}

TEST_CASE("a shard's series of metrics go on over its generations, and those of receivers that are shards") {
  for (const std::string generation : {"0", "7"}) {
    auto t = prepared("a");
    const auto gauges = std::make_shared<shard::shard_gauges>();
    gauges->held_by["hours/" + generation + "/1"] = 5;
    gauges->held_by["table"] = 6;
    t.gauges.shards = {{"counts/" + generation + "/3", gauges}};
    const auto text = metrics_text({t});
    INFO(text);
    for (const auto* line : {R"(millrace_stalled{topology="a",shard="counts/3"} 0)",
                             R"(millrace_held_bytes{topology="a",shard="counts/3",sink="hours/1"} 5)",
                             R"(millrace_held_bytes{topology="a",shard="counts/3",sink="table"} 6)"})
      CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("of several topologies the body names whose server it is; those that have ended say nothing") {
  auto good = prepared("good");
  good.gauges.sinks["table"]->reached = true;
  auto bad = prepared("bad");
  CHECK(is_healthy({good, bad}).text == "bad: waiting for the target of table at the start\n");
  bad.runs = false;
  CHECK(is_healthy({good, bad}).good);
}

TEST_CASE("a run that is stopping is not ready; one whose figures stand still is not alive") {
  auto t = prepared("a");
  t.gauges.sinks["table"]->reached = true;
  CHECK(is_ready({t}, true).text == "stopping\n");
  CHECK(is_healthy({t}).good);
  CHECK(is_alive(1s).good);
  CHECK_FALSE(is_alive(31s).good);
}

TEST_CASE("on a node only what lives there is waited for, and what is read there") {
  auto t = prepared("a");
  t.gauges.present = std::make_shared<stage::present_actors>();
  t.gauges.lanes["parsed/lane0"]->away = true;
  t.gauges.shards["counts/0/0"]->stalled = true;
  CHECK(is_healthy({t}).text == "ok\n");
  CHECK(is_ready({t}, false).text == "ok\n");
  t.gauges.present->began("table");
  CHECK(is_healthy({t}).text == "waiting for the target of table at the start\n");
  t.gauges.sinks["table"]->reached = t.gauges.sinks["table"]->away = true;
  CHECK(is_healthy({t}).text == "waiting for the target of table\n");
  CHECK(is_ready({t}, false).good);
  t.gauges.present->ended("table");
  t.gauges.present->began("counts/0/0");
  CHECK(is_healthy({t}).good);
  CHECK(is_ready({t}, false).text == "counts/0 takes no input until a sink takes its output\n");
  t.gauges.present->began("parsed/lane0");
  CHECK(is_healthy({t}).text == "waiting for the source clicks\n");
}

TEST_CASE("a topology that has failed is not ready, nor is what else is waited for forgotten; the failure's "
          "text is not told") {
  using s = api::topology_state;
  const api::answers::topologies known{
      {{"a", s::running, ""}, {"b", s::failed, "found \"4111\""}, {"c", s::stopped, ""}}};
  CHECK(is_ready({}, false, known).text == "b has failed; `millrace list` says why\n");
  CHECK_FALSE(is_ready({}, false, known).good);
  auto t = prepared("a");
  CHECK(is_ready({t}, false, known).text ==
        "waiting for the target of table at the start\nb has failed; `millrace list` says why\n");
  CHECK(is_ready({}, true, known).text == "stopping\n");
  CHECK(is_ready({}, false, {{{"c", s::ended, ""}}}).good);
}
