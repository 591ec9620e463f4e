#include "actors/observe/answering.hpp"
#include "actors/observe/ledger.hpp"
#include "tests/unit/observe/observe_fixture.hpp"

using namespace millrace;
using namespace millrace::observe;
using namespace millrace::observe::test;

TEST_CASE("a graph has every stage and edge, in data-flow order") {
  const auto g = graph_of(planned(), running());
  std::vector<std::string> stages;
  for (const auto& s : g.stages)
    stages.push_back(s.name + " " + s.kind + " " + s.state);
  CHECK(stages == std::vector<std::string>{"in source runs", "parsed parser runs", "counts window runs",
                                           "sums window runs", "out sink runs", "hourly sink runs"});
  CHECK(g.edges.size() == 5);
  CHECK_FALSE(g.held_up_by);
  CHECK(g.stages[0].per_second == 100);
  CHECK(g.stages[0].lag == 5);
  CHECK(g.stages[1].records == 1'000);
  CHECK(g.stages[1].watermark == at("12:03:40"));
}

TEST_CASE("an idle partition holds no watermark back, and a parser with idle ones alone is idle") {
  auto f = running();
  auto& partitions = f.lanes[0].partitions;
  partitions[1].is_idle = true;
  const auto parser = [&] { return graph_of(planned(), f).stages[1]; };
  CHECK(parser().watermark == at("12:03:50"));
  CHECK(parser().state == "runs");
  partitions[0].is_idle = true;
  CHECK(parser().watermark == at("12:03:50"));
  CHECK(parser().state == "idle");
  CHECK(graph_of(planned(), f).stages[0].state == "idle");
  for (auto& p : partitions)
    p.watermark = {end_of_time};
  CHECK(parser().watermark.at == end_of_time);
  CHECK(parser().state == "ended");
}

TEST_CASE("stages of a topology that does not run say so, and which of them has failed") {
  const auto states = [](const figures& f) {
    std::vector<std::string> out;
    for (const auto& s : graph_of(planned(), f).stages)
      out.push_back(s.state);
    return out;
  };
  figures none;
  CHECK(states(none) == std::vector<std::string>(6, "ended"));
  none.state = "stopped";
  CHECK(states(none) == std::vector<std::string>(6, "stopped"));
  auto f = running();  // its actors are still there
  f.is_running = false;
  f.state = "failed";
  f.failed_stage = "counts";
  CHECK(states(f) ==
        std::vector<std::string>{"stopped", "stopped", "failed", "stopped", "stopped", "stopped"});
  CHECK(graph_of(planned(), f).how_it_ended == "it has failed at counts; `millrace list` says why");
  f.ended_at = {1'800'000'000'000'000};
  CHECK(graph_of(planned(), f).how_it_ended ==
        "it has failed at counts, since 2027-01-15T08:00:00Z; `millrace list` says why");
  none.is_running = true;
  none.state = "running";
  CHECK(graph_of(planned(), none).how_it_ended.empty());
  CHECK(states(none) == std::vector<std::string>(6, "starts"));
}

TEST_CASE("a sink that opens its target starts, until that takes too long") {
  auto f = running();
  const auto state = [&] { return graph_of(planned(), f).stages[4].state; };
  f.sinks[0].is_reached = false;
  CHECK(state() == "starts");
  f.sinks[0].is_away = true;  // an attempt has failed
  CHECK(state() == "starts");
  f.sinks[0].pace = "slow";
  CHECK(state() == "slow");
  CHECK(graph_of(planned(), f).held_up_by->stage == "out");
  f.sinks[0].is_reached = true;
  CHECK(state() == "away");
}

TEST_CASE("a window of a topology that is over has the rows that its report tells") {
  figures f;
  f.state = "ended";
  f.counted = counted_by(R"({"topology": "t", "ended": true, "stages": {
    "parsed": {"in": 9, "out": 6, "filtered": 0, "late": 0, "dead_letters": 3},
    "counts": {"in": 6, "out": 5, "filtered": 0, "late": 1, "dead_letters": 0, "rows": 2},
    "out": {"in": 2, "out": 2, "filtered": 0, "late": 0, "dead_letters": 0}}})");
  const auto g = graph_of(planned(), f);
  CHECK(g.stages[1].records == 9);
  CHECK(g.stages[1].dead_letters == 3);
  CHECK(g.stages[2].records == 2);
  CHECK(g.stages[2].late == 1);
  CHECK(g.stages[4].records == 2);
  for (const auto* wrong : {"", "[]", "{}", R"({"stages": 1})"})
    CHECK(counted_by(wrong).empty());
}

TEST_CASE("the records of a stage are those of its state, and no process takes them with it") {
  auto f = running();
  f.lanes[0].records = 3;  // the process began anew
  f.sinks[0].rows = 0;
  f.losses["parsed"] = {1, 0};
  f.counted["parsed"] = {1'000, 993, 5, 2};
  f.counted["out"] = {40, 38, 0, 2};
  const auto g = graph_of(planned(), f);
  CHECK(g.stages[0].records == 1'000);
  CHECK(g.stages[1].records == 1'000);
  CHECK(g.stages[1].late == 5);
  CHECK(g.stages[1].dead_letters == 2);
  CHECK(g.stages[2].records == 40);
  CHECK(g.stages[4].records == 38);
}

TEST_CASE("the culprit is at the end of what is held") {
  auto f = running();
  f.lanes[0].partitions[1].held_by = "counts/0";
  f.lanes[0].held_by = {{"counts/0", 4'000'000}, {"dead_letters", 5'000'000}};
  CHECK(graph_of(planned(), f).held_up_by->words == "counts/0 has yet to take 4.0 MB of parsed");
  f.shards[0].is_stalled = true;
  f.shards[0].held_by = {{"out", 3'100'000'000}, {"sums/0", 5}};
  const auto g = graph_of(planned(), f);
  REQUIRE(g.held_up_by);
  CHECK(g.held_up_by->stage == "out");
  CHECK(g.held_up_by->words == "out has yet to commit 3.1 GB of counts");
  CHECK(g.stages[2].state == "stalled");
  CHECK(g.stages[0].state == "waits");
}

TEST_CASE("what is written is read as the same, and nothing else is read") {
  const auto f = running();
  CHECK(read_json<figures>(json_of(f)) == f);
  const auto g = graph_of(planned(), f);
  CHECK(read_json<graph>(json_of(g)) == g);
  const auto e = explain(planned(), f, "counts");
  CHECK(read_json<explanation>(json_of(*e)) == *e);
  for (const auto* wrong :
       {"", "[]", "{}", "null", R"({"topology":1})", R"({"topology":"t","at":"yesterday"})"})
    CHECK_FALSE(read_json<figures>(wrong));
}

TEST_CASE("figures of several processes add up") {
  auto f = running();
  auto other = running();
  other.lanes[0].name = "parsed/lane1";
  other.sources[0].is_spool_full = true;
  other.losses["parsed"] = {1, 2};
  f.flow["parsed"] = {10, 8, 2};
  other.flow = {{"parsed", {5, 4, 1}}, {"counts", {4, 3, 0}}};
  f.counted["parsed"] = {10, 8, 1, 1};
  other.counted = {{"parsed", {5, 4, 1, 0}}};
  other.missing = {"c"};
  add(f, std::move(other));
  CHECK(f.lanes.size() == 2);
  CHECK(f.sources.size() == 1);
  CHECK(f.sources[0].records_per_second == 200);
  CHECK(f.sources[0].is_spool_full == true);
  CHECK(f.losses["parsed"].dead_letters == 2);
  CHECK(f.flow == std::map<std::string, flow_figures>{{"counts", {4, 3, 0}}, {"parsed", {15, 12, 3}}});
  CHECK(f.counted.at("parsed") == count_figures{15, 12, 2, 1});
  CHECK(f.missing == std::vector<std::string>{"c"});
}

TEST_CASE("a request is answered from figures") {
  const auto t = planned();
  const auto f = running();
  const auto stage = answer_of(api::requests::stage_figures{"t", "counts"}, t, f);
  REQUIRE(stage);
  const auto of_stage = read_json<figures>(std::get<api::answers::document>(*stage).json);
  REQUIRE(of_stage);
  CHECK(of_stage->lanes.empty());
  CHECK(of_stage->shards.size() == 1);
  CHECK(answer_of(api::requests::stage_figures{"t", "no"}, t, f).error().code == ec::not_found);
  CHECK(asks_inside(api::requests::graph{"t"}) == "t");
  CHECK(asks_inside(api::requests::own_figures{"t"}).empty());
}

TEST_CASE("the ledger's equation is judged a stage") {
  const auto l = ledger_of(R"({"topology":"t","ended":true,"stages":{
    "in":{"in":10,"out":10,"filtered":0,"late":0,"dead_letters":0},
    "parsed":{"in":10,"out":7,"filtered":1,"late":0,"dead_letters":1}}})");
  REQUIRE(l);
  CHECK(l->holds == false);
  CHECK(l->stages.at(0).holds == true);
  CHECK(l->stages.at(1).holds == false);
  const auto flows = ledger_of(R"({"topology":"t","ended":false,"stages":{
    "parsed":{"in":10,"out":7,"filtered":1,"late":0,"dead_letters":1,"in_flight":1}}})");
  CHECK(flows->holds == true);
  for (const auto* wrong : {"", "[]", "{}", R"({"topology":"t","ended":true,"stages":[]})"})
    CHECK_FALSE(ledger_of(wrong));
}
