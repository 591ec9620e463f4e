#include "actors/observe/late_sinks.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::observe;
using namespace std::chrono_literals;

namespace {

running_topology with_sink(const std::string& name) {
  auto plan = std::make_shared<config::topology>();
  plan->name = name;
  running_topology out{std::move(plan), {}, nullptr};
  out.gauges.sinks["table"] = std::make_shared<sink::sink_gauges>();
  return out;
}

}  // namespace

TEST_CASE(
    "a sink is late once a call takes far longer than usual, unless its target is away or it runs no more") {
  auto t = with_sink("t");
  auto& table = *t.gauges.sinks["table"];
  const flow_meter::clock::time_point begun{1h};
  CHECK(late_sinks_of({t}, begun).all.empty());
  table.call.begin(begun);  // it opens its target
  CHECK(late_sinks_of({t}, begun + 5s).all.empty());
  const late_sink slow{"t", "table is slow: its target has not answered a call for 7 seconds"};
  CHECK(late_sinks_of({t}, begun + 7s).all == std::vector{slow});
  table.away = true;  // an earlier attempt has failed
  CHECK(late_sinks_of({t}, begun + 7s).all == std::vector{slow});
  table.reached = true;
  CHECK(late_sinks_of({t}, begun + 7s).all.empty());
  table.away = false;
  CHECK(late_sinks_of({t}, begun + 300s).all.front().words ==
        "table is stalled: its target has not answered a call for 5 minutes");
  t.runs = false;
  CHECK(late_sinks_of({t}, begun + 300s).all.empty());
}

TEST_CASE("reasons of topologies that run name their late sinks behind what they say already") {
  using s = api::topology_state;
  api::answers::topologies all{
      {{"a", s::running, ""}, {"b", s::running, "it is paused"}, {"c", s::stopped, ""}}};
  add_reasons(all, {{{"a", "x is slow"}, {"b", "y is slow"}, {"c", "z is slow"}, {"d", "z is slow"}}});
  CHECK(all.all == std::vector<api::answers::topology>{{"a", s::running, "x is slow"},
                                                       {"b", s::running, "it is paused; y is slow"},
                                                       {"c", s::stopped, ""}});
  add_reasons(all, {{{"a", "w is slow"}}});
  CHECK(all.all.front().reason == "x is slow; w is slow");
}
