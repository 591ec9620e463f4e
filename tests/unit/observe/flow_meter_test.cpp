#include "actors/observe/flow_meter.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<lane::lane_gauges> lane_of(const std::string& parser, const std::string& source) {
  auto g = std::make_shared<lane::lane_gauges>();
  g->parser = parser;
  g->source = source;
  return g;
}

}  // namespace

TEST_CASE("a rate is that of the last seconds, and zero once nothing comes") {
  observe::rates<1> r;
  observe::rates<1>::clock::time_point now{};
  std::uint64_t records = 0;
  CHECK(r.per_second(0) == 0);
  for (int i = 0; i < 20; ++i) {
    r.sample(now, {records});
    now += 1s;
    records += 100;
  }
  CHECK(r.per_second(0) == Approx(100));
  for (int i = 0; i < 6; ++i) {
    r.sample(now, {records});
    now += 1s;
  }
  CHECK(r.per_second(0) == 0);
}

TEST_CASE("a source's figures are those of all lanes of its parser") {
  deployment::pipeline_gauges gauges;
  for (const auto* name : {"parsed/lane0", "parsed/lane1"})
    gauges.lanes[name] = lane_of("parsed", "in");
  observe::flow_meter meter;
  observe::flow_meter::clock::time_point now{};
  meter.sample(now, gauges);
  CHECK_FALSE(meter.sources().at("in").pending);
  for (const auto& [name, g] : gauges.lanes) {
    g->records = 50;
    g->lag = 7;
    g->chunks = 5;
    g->wait_micros = 1'000'000;
    g->work_micros = 500'000;
  }
  meter.sample(now + 1s, gauges);
  const auto& in = meter.sources().at("in");
  CHECK(in.records_per_second == Approx(100));
  CHECK(in.pending == 14);
  CHECK_FALSE(in.pending_bytes);
  CHECK(in.wait_seconds == Approx(0.2));
  CHECK(in.work_seconds == Approx(0.1));
}

TEST_CASE("where several parsers read one source, the slowest says how far it is read") {
  deployment::pipeline_gauges gauges;
  for (const auto* parser : {"fast", "slow"})
    gauges.lanes[std::string(parser) + "/lane0"] = lane_of(parser, "in");
  gauges.lanes["fast/lane0"]->records = 10;
  gauges.lanes["slow/lane0"]->records = 3;
  observe::flow_meter meter;
  meter.sample({}, gauges);
  CHECK(meter.sources().at("in").records == 3);
  CHECK_FALSE(meter.sources().at("in").pending);
  gauges.lanes["slow/lane0"]->lag = 5;
  meter.sample({}, gauges);
  CHECK_FALSE(meter.sources().at("in").pending);  // the lag of the other one is not known
  gauges.lanes["fast/lane0"]->lag = 7;            // it has begun further back
  meter.sample({}, gauges);
  CHECK(meter.sources().at("in").pending == 7);
}

TEST_CASE("a parser over several sources has figures for each of them") {
  deployment::pipeline_gauges gauges;
  for (const auto* source : {"web", "shop"})
    gauges.lanes["parsed:" + std::string(source) + "/lane0"] = lane_of("parsed", source);
  gauges.lanes["parsed:web/lane0"]->records = 10;
  gauges.lanes["parsed:shop/lane0"]->records = 3;
  observe::flow_meter meter;
  meter.sample({}, gauges);
  CHECK(meter.sources().at("web").records == 10);
  CHECK(meter.sources().at("shop").records == 3);
}

TEST_CASE("a sink's batches have the time that they wait and that their commit takes") {
  deployment::pipeline_gauges gauges;
  auto g = gauges.sinks["out"] = std::make_shared<sink::sink_gauges>();
  observe::flow_meter meter;
  meter.sample({}, gauges);
  g->row_commits = 4;
  g->wait_micros = 400'000;
  g->commit_micros = 40'000;
  meter.sample(observe::flow_meter::clock::time_point{} + 1s, gauges);
  CHECK(meter.sinks().at("out").wait_seconds == Approx(0.1));
  CHECK(meter.sinks().at("out").commit_seconds == Approx(0.01));
  g->call.begin(observe::flow_meter::clock::time_point{} + 2s);
  meter.sample(observe::flow_meter::clock::time_point{} + 302s, gauges);
  CHECK(meter.sinks().at("out").commit_seconds == Approx(300));
  g->call.end();
  meter.sample(observe::flow_meter::clock::time_point{} + 303s, gauges);
  CHECK(meter.sinks().at("out").commit_seconds == 0);
}
