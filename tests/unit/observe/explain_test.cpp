#include "tests/unit/observe/observe_fixture.hpp"

using namespace millrace;
using namespace millrace::observe;
using namespace millrace::observe::test;
using Catch::Contains;
using Catch::EndsWith;

namespace {

explanation of(const config::topology& t, const figures& f, const std::string& stage) {
  const auto e = explain(t, f, stage);
  REQUIRE(e);
  CAPTURE(e->summary);
  return *e;
}

std::vector<std::string> codes(const explanation& e) {
  std::vector<std::string> out;
  for (const auto& c : e.causes)
    out.push_back(c.code);
  return out;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("a window waits for the partition that is furthest behind its end") {
  const auto e = of(planned(), running(), "counts");
  CHECK(e.is_waiting);
  CHECK(e.next_end == at("12:05:00"));
  CHECK(e.waits_for == at("12:05:00"));
  CHECK(codes(e) == list{"behind", "behind"});
  CHECK_THAT(e.summary,
             Contains("the window that ends at 2026-11-01T12:05:00Z") && Contains("partition 1 of in"));
}

TEST_CASE("a quiet partition is named, with what releases it") {
  auto f = running();
  f.lanes[0].partitions[0].watermark = at("12:07:00");
  f.lanes[0].partitions[1].is_caught_up = true;
  f.lanes[0].partitions[1].quiet_seconds = 420;
  const auto e = of(planned(), f, "counts");
  REQUIRE(codes(e) == list{"quiet_partition"});
  CHECK_THAT(e.causes[0].text, Contains("partition 1 of in has reached 2026-11-01T12:03:40Z") &&
                                   Contains("its last record came 7 minutes ago"));
  // The watermark lags records by watermark_delay, so the record that releases it is as much later.
  CHECK_THAT(e.causes[0].remedy,
             Contains("a record at or after 2026-11-01T12:05:10Z releases it") &&
                 Contains("with an idle_timeout of parsed windows would not wait for it") &&
                 Contains("its later records for them would be late"));
  CHECK(e.causes[0].since_seconds == 420);
  CHECK_THAT(of(planned(R"(, "idle_timeout": "off")"), f, "counts").causes.at(0).remedy,
             EndsWith("releases it; idle_timeout of parsed is off"));
}

TEST_CASE(
    "a key that has far more records than others is told with its share and shard, summed up over lanes") {
  auto f = running();
  f.shards[0].keys = 50;
  f.lanes.push_back(f.lanes[0]);
  f.lanes[0].largest_keys = {{"counts", 3, 800, 1'000}, {"sums", 1, 999, 1'000}};
  f.lanes[1].largest_keys = {{"counts", 3, 400, 1'000}};
  const auto e = of(planned(), f, "counts");
  REQUIRE(codes(e).back() == "hot_key");
  CHECK(e.causes.back().text ==
        "the largest key of counts has about 60 % of its records of the last minutes, at counts/3");
  CHECK_THAT(e.summary, !Contains("largest key"));  // it holds nothing up
  f.lanes[1].largest_keys.clear();
  f.shards[0].keys = 2;  // each has its half
  CHECK(codes(of(planned(), f, "counts")).back() != "hot_key");
  f.shards[0].keys = 50;
  f.lanes[0].largest_keys = {{"counts", 3, 99, 1'000}};
  CHECK(codes(of(planned(), f, "counts")).back() != "hot_key");
  f.lanes[0].largest_keys = {{"counts", 3, 800, 900}};  // so few say nothing
  CHECK(codes(of(planned(), f, "counts")).back() != "hot_key");
}

TEST_CASE("idle_timeout is no remedy where no other partition has come as far as the window waits for") {
  auto f = running();
  for (auto& p : f.lanes[0].partitions) {
    p.is_caught_up = true;
    p.quiet_seconds = 420;
  }
  for (const auto& c : of(planned(), f, "counts").causes)
    CHECK_THAT(c.remedy, Contains("releases it") && !Contains("idle_timeout"));
  f.lanes[0].partitions[0].watermark = {end_of_time};  // one that has ended lets no window go on
  CHECK_THAT(of(planned(), f, "counts").causes.at(0).remedy, !Contains("idle_timeout"));
}

TEST_CASE("silence is judged by the partition's own pace") {
  auto f = running();
  f.lanes[0].partitions.erase(f.lanes[0].partitions.begin());
  auto& p = f.lanes[0].partitions[0];
  p.is_caught_up = true;
  p.quiet_seconds = 0.037;
  p.usual_seconds = 0.01;
  for (const auto* stage : {"in", "parsed"}) {
    CHECK_FALSE(of(planned(), f, stage).is_waiting);
    CHECK(of(planned(), f, stage).causes.empty());
  }
  CHECK(of(planned(), f, "in").summary == "in is read as its records come; 1000 records so far.");
  const auto waits = of(planned(), f, "counts");
  REQUIRE(codes(waits) == list{"comes_on"});
  CHECK(waits.causes[0].text ==
        "partition 1 of in has reached 2026-11-01T12:03:40Z, and its records keep coming");
  const auto releases = waits.causes[0].remedy;
  CHECK_THAT(releases, Contains("a record at or after 2026-11-01T") && Contains(" releases it") &&
                           !Contains("idle_timeout"));
  p.quiet_seconds = 170;  // 3 minutes are 3 times what is usual
  p.usual_seconds = 60;
  CHECK(codes(of(planned(), f, "counts")) == list{"comes_on"});
  CHECK_THAT(of(planned(), f, "counts").causes[0].text, Contains("its records keep coming"));
  p.quiet_seconds = 190;
  CHECK(codes(of(planned(), f, "counts")) == list{"quiet_partition"});
  const auto quiet = of(planned(), f, "in");
  CHECK(quiet.is_waiting);
  REQUIRE(codes(quiet) == list{"quiet_partition"});
  CHECK_THAT(quiet.summary, Contains("in has nothing more to read at present: partition 1 of in") &&
                                Contains("3 minutes 10 seconds ago, where they come every 1 minute else"));
  CHECK(quiet.causes[0].remedy.empty());
}

TEST_CASE(
    "a partition that came to rest a moment ago is told with its last record, and the one that releases it") {
  auto f = running();
  f.lanes[0].partitions.erase(f.lanes[0].partitions.begin());
  auto& p = f.lanes[0].partitions[0];
  p.is_caught_up = true;
  p.quiet_seconds = 4;  // too short for a silence
  const std::string stands =
      "partition 1 of in has reached 2026-11-01T12:03:40Z; its last record came 4 seconds ago";
  CHECK(of(planned(), f, "counts").causes.at(0).text == stands);
  p.usual_seconds = 0.1;
  const auto e = of(planned(), f, "counts");
  REQUIRE(codes(e) == list{"comes_on"});
  CHECK(e.causes[0].text == stands + ", where they come every 100 ms else");
  const auto soon = e.causes[0].remedy;
  p.quiet_seconds = 420;
  const auto later = of(planned(), f, "counts");
  REQUIRE(codes(later) == list{"quiet_partition"});
  CHECK(later.causes[0].remedy.starts_with(soon));
  CHECK_FALSE(soon.empty());
}

TEST_CASE("a source of which one partition is silent gives all the same, and so does its parser") {
  auto f = running();
  f.lanes[0].partitions[0].is_caught_up = true;
  f.lanes[0].partitions[0].quiet_seconds = 420;
  for (const auto* stage : {"in", "parsed"}) {
    CHECK_FALSE(of(planned(), f, stage).is_waiting);
    CHECK(codes(of(planned(), f, stage)) == list{"quiet_partition"});
  }
  CHECK(of(planned(), f, "in").summary == "in is being read; 1000 records so far, 5 to go.");
  f.counted["in"] = {30969, 30969, 0, 0};  // with those of former processes
  CHECK(of(planned(), f, "in").summary == "in is being read; 30969 records so far, 5 to go.");
  // The quiet partition is told first, also where it stands further on than one that gives.
  CHECK(codes(of(planned(), f, "counts")) == list{"quiet_partition", "behind"});
}

TEST_CASE("an idle source says so, and asks for nothing") {
  auto f = running();
  for (auto& p : f.lanes[0].partitions) {
    p.is_caught_up = p.is_idle = true;
    p.quiet_seconds = 420;
  }
  const auto e = of(planned(R"(, "idle_timeout": "5 minutes")"), f, "in");
  CHECK(e.is_waiting);
  REQUIRE(codes(e) == list{"idle", "idle"});
  CHECK(e.causes[0].text ==
        "partition 1 of in is idle: its last record came 7 minutes ago; windows do not wait for it");
  CHECK(e.causes[0].remedy.empty());
}

TEST_CASE("records without an event time are told apart from no records") {
  auto f = running();
  f.lanes[0].partitions = {{"0", {}, 0.1, true, true, false, {}, 0.1}};
  CHECK(of(planned(), f, "in").causes.empty());
  CHECK(of(planned(), f, "counts").causes.at(0).text ==
        "partition 0 of in has given no record with an event time yet");
  f.lanes[0].partitions[0].quiet_seconds = 60;
  CHECK(of(planned(), f, "in").causes.at(0).text ==
        "partition 0 of in is quiet: its last record came 1 minute ago, where they come every 100 ms else");
}

TEST_CASE("where idle_timeout is set it is told how long it is, and an idle partition holds up nobody") {
  auto f = running();
  f.lanes[0].partitions[0].watermark = at("12:07:00");
  f.lanes[0].partitions[1].is_caught_up = true;
  f.lanes[0].partitions[1].quiet_seconds = 420;
  const auto t = planned(R"(, "idle_timeout": "15 minutes")");
  CHECK_THAT(of(t, f, "counts").causes.at(0).remedy,
             Contains("after idle_timeout of parsed (15 minutes) windows do not wait for it"));
  f.lanes[0].partitions[1].is_idle = true;
  CHECK(codes(of(t, f, "counts")) == list{"on_its_way"});
  CHECK_THAT(of(t, f, "counts").summary, Contains("fires when every partition that is not idle has reached"));
}

TEST_CASE("where all partitions are idle a record on any of them releases the window") {
  auto f = running();
  for (auto& p : f.lanes[0].partitions)
    p.is_caught_up = p.is_idle = true;
  const auto t = planned(R"(, "idle_timeout": "15 minutes")");
  const auto e = of(t, f, "counts");
  REQUIRE(codes(e) == list{"all_idle"});
  CHECK_THAT(e.summary, Contains("fires when a partition has reached 2026-11-01T12:05:00Z"));
  CHECK_THAT(e.causes[0].text, Contains("the furthest of them has reached 2026-11-01T12:03:50Z"));
  CHECK(e.causes[0].remedy == "a record at or after 2026-11-01T12:05:10Z on any of them releases it");
  f.lanes[0].partitions[1].watermark = at("12:05:00");
  CHECK(codes(of(t, f, "counts")) == list{"on_its_way"});
}

TEST_CASE(
    "rows that the targets have of a later state have windows wait for idle partitions, which are named") {
  auto f = running();
  f.lanes[0].partitions[0].watermark = at("12:07:00");
  for (auto& p : f.lanes[0].partitions)
    p.is_caught_up = p.is_idle = true;
  f.shards[0].watermark = at("12:07:00");
  f.shards[0].later_rows = at("12:06:00");
  f.shards[0].waits_for = {"parsed/1"};
  const auto t = planned(R"(, "idle_timeout": "15 minutes")");
  const auto e = of(t, f, "counts");
  REQUIRE(codes(e) == list{"targets_ahead"});
  CHECK_THAT(e.summary, Contains("fires when every partition has reached 2026-11-01T12:05:00Z"));
  CHECK(e.causes[0].text ==
        "the targets have rows of a later state, up to 2026-11-01T12:06:00Z, and windows go on once every "
        "partition, idle ones too, has come there; partition 1 of in has not");
  CHECK(e.causes[0].remedy ==
        "a record at or after 2026-11-01T12:06:10Z on it lets windows go on, and so does "
        "a state as new as the targets, or targets as old as the state");
  CHECK(codes(of(t, f, "sums")) == list{"upstream_window", "targets_ahead"});
  const auto source = of(t, f, "in");
  REQUIRE(codes(source) == list{"idle", "idle"});
  CHECK_THAT(source.causes[0].text, EndsWith("counts waits for it all the same"));
  CHECK(source.causes[0].remedy == "`explain counts` says why");
  CHECK_THAT(source.causes[1].text, EndsWith("windows do not wait for it"));
  f.lanes[0].partitions.push_back({"2", at("12:04:00"), 0.1, true, true, false, {}, 0.1});
  CHECK(codes(of(t, f, "counts")) == list{"targets_ahead", "comes_on"});
  f.shards[0].watermark = at("12:04:00");  // partition 2 holds the window up, too
  CHECK(codes(of(t, f, "counts")) == list{"comes_on", "targets_ahead"});
  f.lanes[0].partitions.pop_back();

  f.shards[1].window = "counts";  // another shard of it
  f.shards[1].waits_for = {"parsed/0", "parsed/1"};
  CHECK_THAT(of(t, f, "counts").causes.at(0).text, EndsWith("partitions 0 of in, 1 of in have not"));
  CHECK_THAT(of(t, f, "counts").causes.at(0).remedy, Contains("on each of them lets windows go on"));
}

TEST_CASE("idle_timeout is no remedy for a partition below the rows that the targets have of a later state") {
  auto f = running();
  f.lanes[0].partitions[0].watermark = at("12:07:00");
  f.lanes[0].partitions[1].is_caught_up = true;
  f.lanes[0].partitions[1].quiet_seconds = 420;
  f.shards[0].later_rows = at("12:06:00");
  const auto e = of(planned(), f, "counts");
  REQUIRE(codes(e) == list{"quiet_partition"});
  CHECK(e.causes[0].remedy == "a record at or after 2026-11-01T12:05:10Z releases it");
}

TEST_CASE("a partition that has given no record yet is told apart from one that went quiet") {
  auto f = running();
  f.lanes[0].partitions[0] = {"0", {}, {}, true, true, false, {}, {}};
  const auto e = of(planned(), f, "counts");
  CHECK(codes(e).at(0) == "no_record_yet");
  CHECK_THAT(e.causes[0].text, Contains("partition 0 of in has given no record yet"));
}

TEST_CASE("a source that does not answer is the cause, once for all its lanes") {
  auto f = running();
  f.lanes.push_back(f.lanes[0]);
  for (auto& l : f.lanes)
    l.is_away = true;
  CHECK(codes(of(planned(), f, "counts")) == list{"source_away"});
  CHECK(codes(of(planned(), f, "in")) == list{"source_away"});
  CHECK(of(planned(), f, "in").is_waiting);
}

TEST_CASE("a registry that records wait for is named with its reason") {
  auto f = running();
  f.lanes[0].is_away = true;
  f.lanes[0].waits_for = "the registry http://r: connection refused";
  const auto e = of(planned(), f, "in");
  CHECK(codes(e) == list{"source_away"});
  CHECK_THAT(e.summary,
             Contains("records of the source in wait for the registry http://r: connection refused"));
}

TEST_CASE("a pause is the cause, once for all lanes, of whatever waits for them") {
  auto f = running();
  f.lanes.push_back(f.lanes[0]);
  for (auto& l : f.lanes)
    l.is_paused = true;
  CHECK(codes(of(planned(), f, "counts")) == list{"paused"});
  CHECK(codes(of(planned(), f, "in")) == list{"paused"});
  CHECK(codes(of(planned(), f, "out")) == list{"upstream_window", "paused"});
  CHECK(graph_of(planned(), f).stages.front().state == "paused");
}

TEST_CASE("a stalled window names the sink that has committed least, and why that does not") {
  auto f = running();
  f.shards[0].is_stalled = true;
  f.shards[0].held_by["out"] = 3'100'000'000;
  f.sinks[0].is_away = true;
  const auto e = of(planned(), f, "counts");
  CHECK(codes(e) == list{"output_held", "target_away"});
  CHECK_THAT(e.causes[0].text, Contains("out has yet to commit 3.1 GB of its output"));
  CHECK(e.causes[0].stage == "out");
}

TEST_CASE(
    "an actor that has taken down nodes is the first cause for every stage, and why its own stage waits") {
  auto f = running();
  f.crashes = {{"parsed", "parsed/lane0", "parsed/lane0 has taken down node b at record parsed/0@5", true}};
  const auto own = of(planned(), f, "parsed");
  CHECK(own.is_waiting);
  CHECK(own.summary == "parsed/lane0 has taken down node b at record parsed/0@5.");
  CHECK_THAT(own.causes.at(0).remedy, Contains("the log and core dump of that node") && Contains("on_crash"));
  const auto next = of(planned(), f, "counts");
  CHECK(next.causes.at(0).code == "crashes");
  CHECK(next.causes.at(0).stage == "parsed");
  f.crashes[0].stage = "counts";
  CHECK_THAT(of(planned(), f, "counts").causes.at(0).remedy, !Contains("on_crash"));
}

TEST_CASE("actors without a node are the first cause for their own stages and for all that they feed") {
  auto f = running();
  f.lanes.clear();
  f.missing = {"a"};
  const std::string text = "parsed/lane0 waits for node a, on whose disk it is";
  f.not_placed = {{{"parsed"}, text, "start node a again", at("12:03:00")}};
  for (const auto* stage : {"in", "parsed"}) {
    const auto e = of(planned(), f, stage);
    CHECK(codes(e) == list{"not_placed"});
    CHECK(e.summary == std::string(stage) + " stands still: " + text + ".");
    CHECK((e.is_waiting && e.causes[0].remedy == "start node a again" && e.causes[0].since_seconds == 60));
  }
  const auto window = of(planned(), f, "counts");
  CHECK(codes(window) == list{"not_placed"});
  CHECK_THAT(window.summary, EndsWith("; " + text + "."));
  // The window upstream is told, and its own input once.
  CHECK(codes(of(planned(), f, "sums")) == list{"not_placed", "upstream_window"});
  CHECK(of(planned(), f, "hourly").causes.at(0).code == "not_placed");
}

TEST_CASE("actors without a node come before a quiet partition, and lanes elsewhere go on giving") {
  auto f = running();
  f.lanes[0].partitions.erase(f.lanes[0].partitions.begin());
  f.lanes[0].partitions[0].is_caught_up = true;
  f.lanes[0].partitions[0].quiet_seconds = 420;
  f.not_placed = {{{"parsed"}, "parsed/lane1 waits for node a, on whose disk it is", {}, {}}};
  CHECK(codes(of(planned(), f, "counts")) == list{"not_placed", "quiet_partition"});
  f.lanes[0].partitions[0].quiet_seconds = 0.1;
  const auto own = of(planned(), f, "parsed");
  CHECK(own.is_waiting);
  CHECK_THAT(own.summary, Contains("waits for node a"));
}

TEST_CASE("a receiver without a node is named where its senders stand still, and nowhere else") {
  auto f = running();
  f.not_placed = {{{"out"}, "out waits for node a, on whose disk it is", "start node a again", {}}};
  std::erase_if(f.sinks, [](const sink_figures& s) { return s.name == "out"; });
  CHECK(codes(of(planned(), f, "counts")) == list{"behind", "behind"});
  CHECK(of(planned(), f, "out").summary == "out stands still: out waits for node a, on whose disk it is.");
  f.shards[0].is_stalled = true;
  f.shards[0].held_by["out"] = 200'000'000;
  CHECK(codes(of(planned(), f, "counts")) == list{"output_held", "not_placed"});
  f.not_placed[0].stages = {"counts"};
  for (auto& p : f.lanes[0].partitions)
    p.is_open = false;
  CHECK(codes(of(planned(), f, "parsed")) == list{"not_placed"});
}

TEST_CASE("a window without input names a node that does not answer, before anybody knows that it has died") {
  auto f = running();
  f.lanes.clear();
  f.missing = {"a"};
  CHECK(codes(of(planned(), f, "counts")) == list{"node_away"});
}

TEST_CASE("a lane without credit names who gives none, and what holds that up") {
  auto f = running();
  f.lanes[0].partitions[0].held_by = "counts/0";
  f.lanes[0].held_by = {{"counts/0", 4'000'000}};
  f.shards[0].is_stalled = true;
  f.shards[0].held_by["out"] = 200'000'000;
  const auto e = of(planned(), f, "parsed");
  CHECK(codes(e) == list{"no_credit", "output_held"});
  CHECK_THAT(e.causes[0].text, Contains("counts/0 has yet to take 4.0 MB"));
  CHECK_THAT(e.causes[0].remedy, Contains("explain counts"));
}

TEST_CASE("a window without records says so, and where they were lost") {
  auto f = running();
  f.shards[0].windows_open = 0;
  f.shards[0].next_end = {};
  f.losses["counts"] = {12, 0};
  f.losses["parsed"] = {0, 988};
  const auto e = of(planned(), f, "counts");
  CHECK(codes(e) == list{"late", "dead_letters"});
  CHECK_THAT(e.summary, Contains("counts has no open window: 12 records came too late for counts"));
  CHECK_THAT(e.causes[1].text, Contains("988 records of parsed are dead letters"));
  f.counted["counts"] = {5000, 4000, 1200, 0};  // with those of former processes
  f.counted["parsed"] = {6000, 5000, 0, 900};   // less than this one has told
  const auto whole = of(planned(), f, "counts");
  CHECK_THAT(whole.causes[0].text, Contains("1200 records came too late for counts"));
  CHECK_THAT(whole.causes[1].text, Contains("988 records of parsed are dead letters"));
}

TEST_CASE("a window behind a window waits for it, and for what that waits for") {
  auto f = running();
  f.lanes[0].partitions[0].watermark = at("12:07:00");
  f.lanes[0].partitions[1].is_caught_up = true;
  f.lanes[0].partitions[1].quiet_seconds = 420;
  const auto e = of(planned(), f, "sums");
  CHECK(e.next_end == at("13:00:00"));
  CHECK(codes(e) == list{"upstream_window", "quiet_partition"});
  CHECK(e.causes[0].stage == "counts");
  // The cause itself is told once: neither the summary nor what is said of the window upstream has it, too.
  CHECK_THAT(e.causes[0].text, !Contains("partition 1"));
  CHECK_THAT(e.summary,
             Contains("counts: the window that ends at 2026-11-01T12:05:00Z") && !Contains("partition 1"));
}

TEST_CASE("a sink that commits says how; one that does not says what it waits for") {
  auto f = running();
  f.sinks[0].newest.back().at = at("12:03:59");
  const auto commits = of(planned(), f, "out");
  CHECK_FALSE(commits.is_waiting);
  CHECK_THAT(commits.summary, Contains("the last commit had 12 rows and took 20 ms"));
  f = running();
  f.lanes[0].partitions[1].is_caught_up = true;
  const auto waits = of(planned(), f, "out");
  CHECK(waits.is_waiting);
  CHECK(codes(waits).at(0) == "upstream_window");
  f.sinks[0].is_reached = false;
  CHECK(codes(of(planned(), f, "out")) == list{"target_away_at_start"});
  f.sinks[0].pace = "stalled";  // it opens its target, which does not answer
  f.sinks[0].under_way_seconds = 60;
  CHECK(codes(of(planned(), f, "out")) == list{"target_stalled"});
}

TEST_CASE("a call to a target that takes too long is the cause, wherever it holds something up") {
  auto f = running();
  f.sinks[0].newest.back().at = at("12:03:59");
  f.sinks[0].usual_seconds = 0.006;
  f.sinks[0].under_way_seconds = 3;
  CHECK_THAT(of(planned(), f, "out").summary,
             Contains("took 20 ms; the one under way has taken 3 seconds so far"));
  CHECK_FALSE(of(planned(), f, "out").is_waiting);
  f.sinks[0].under_way_seconds = 300;
  for (const std::string pace : {"slow", "stalled"}) {
    f.sinks[0].pace = pace;
    const auto e = of(planned(), f, "out");
    CHECK(e.is_waiting);
    REQUIRE(codes(e) == list{"target_" + pace});
    CHECK(e.causes[0].since_seconds == 300);
    CHECK(e.summary == "out commits nothing: the target of out has not answered a call for 5 minutes; a "
                       "commit usually takes 6 ms.");
    CHECK(graph_of(planned(), f).stages[4].state == pace);
    CHECK(graph_of(planned(), f).held_up_by->stage == "out");
  }
  f.shards[0].is_stalled = true;
  f.shards[0].held_by["out"] = 3'100'000'000;
  CHECK(codes(of(planned(), f, "counts")) == list{"output_held", "target_stalled"});
  f.sinks[0].is_away = true;
  CHECK(codes(of(planned(), f, "out")) == list{"target_away"});
}

TEST_CASE("a stage that holds several partitions is told once") {
  auto f = running();
  for (auto& p : f.lanes[0].partitions)
    p.held_by = "counts/0";
  CHECK(codes(of(planned(), f, "in")) == list{"no_credit"});
  for (auto& p : f.lanes[0].partitions)
    p.is_open = false;
  CHECK(codes(of(planned(), f, "in")) == list{"receivers_away"});
}

TEST_CASE("a topology that has ended waits for nothing") {
  auto f = running();
  f.is_running = false;
  for (auto& p : f.lanes[0].partitions)
    p.watermark = {end_of_time};
  for (auto& s : f.shards) {
    s.fired = s.watermark = {end_of_time};
    s.windows_open = 0;
    s.next_end = {};
  }
  for (const auto* stage : {"in", "parsed", "counts", "sums", "out", "hourly"}) {
    const auto e = of(planned(), f, stage);
    CHECK_FALSE(e.is_waiting);
    CHECK(e.causes.empty());
  }
}

TEST_CASE("what has not begun, and nodes that do not answer, are told") {
  figures f;
  f.topology = "t";
  f.is_running = true;
  for (const auto* stage : {"in", "parsed", "counts", "out"})
    CHECK(codes(of(planned(), f, stage)) == list{"starts"});
  f.missing = {"b"};
  const auto e = of(planned(), f, "counts");
  CHECK(codes(e) == list{"node_away"});
  CHECK(e.missing == list{"b"});
}

TEST_CASE("a spool that is full is the cause at its source") {
  auto f = running();
  f.sources[0].is_spool_full = true;
  CHECK(codes(of(planned(), f, "in")) == list{"spool_full"});
}

TEST_CASE("there is no such stage") {
  const auto e = explain(planned(), running(), "nowhere");
  REQUIRE_FALSE(e);
  CHECK(e.error().code == ec::not_found);
}

TEST_CASE("a partition that max_drift holds back names the one that it waits for") {
  auto t = planned_text(R"json({
    "millrace": 1, "topology": "t",
    "stages": {
      "in": { "source": "kafka", "brokers": "127.0.0.1:1", "topic": "clicks", "max_drift": "1 minute", "rate": "50/s" },
      "parsed": { "parser": "json", "from": "in", "event_time": "at", "schema": { "at": "timestamp" } },
      "out": { "sink": "console", "from": "parsed" }
    }
  })json");
  auto f = running();
  auto& partitions = f.lanes[0].partitions;
  partitions[0].watermark = at("12:05:01");
  partitions[1].watermark = at("12:04:00");
  const auto e = of(t, f, "in");
  REQUIRE(codes(e) == list{"max_drift"});
  CHECK_THAT(e.causes[0].text, Contains("partition 0 of in waits at 2026-11-01T12:05:01Z for partition 1"));
  CHECK_THAT(e.causes[0].remedy, Contains("a longer max_drift (1 minute)"));
  partitions[0].watermark = at("12:05:00");  // no further apart than it may be
  CHECK(codes(of(t, f, "in")).empty());
  partitions[0].watermark = at("12:30:00");
  partitions[1].is_caught_up = true;  // nobody waits for what has nothing more
  CHECK(codes(of(t, f, "in")).empty());
}

TEST_CASE("a partition that is behind names the rate that it is read at") {
  auto t = planned_text(R"json({
    "millrace": 1, "topology": "t",
    "stages": {
      "in": { "source": "kafka", "brokers": "127.0.0.1:1", "topic": "clicks", "rate": "50/s" },
      "parsed": { "parser": "json", "from": "in", "event_time": "at", "schema": { "at": "timestamp" } },
      "counts": { "window": "tumbling", "size": "5 minutes", "from": "parsed", "aggregates": { "n": "count(*)" } },
      "out": { "sink": "console", "from": "counts" }
    }
  })json");
  const auto e = of(t, running(), "counts");
  REQUIRE(codes(e) == list{"behind", "behind"});
  CHECK(e.causes[0].remedy == "a higher `rate` of in (50/s)");
  CHECK(of(planned(), running(), "counts").causes[0].remedy.empty());
  CHECK_THAT(e.causes[0].text, Contains("; 5 records are behind the partitions of its lane"));
  auto f = running();
  f.lanes[0].partitions.pop_back();
  f.lanes[0].lag = 1;
  CHECK_THAT(of(t, f, "counts").causes.at(0).text, Contains("; 1 record is behind it"));
}

TEST_CASE("where a select has the event time, a partition without any row of it says so") {
  const auto t = planned_text(R"json({
  "millrace": 1, "topology": "t",
  "stages": {
    "in": { "source": "generator", "kind": "clicks", "count": 10 },
    "parsed": { "parser": "json", "from": "in", "schema": { "l": [{ "at": "timestamp" }] } },
    "ticks": { "transform": "select", "from": "parsed", "columns": { "at": "(unnest(l)).at" }, "event_time": "at" },
    "counts": { "window": "tumbling", "size": "5 minutes", "from": "ticks", "aggregates": { "n": "count(*)" } },
    "out": { "sink": "console", "from": "counts" }
  }
})json");
  auto f = running();
  f.lanes[0].partitions[0] = {"0", {}, {}, true, true, false, {}, {}};
  const auto e = of(t, f, "counts");
  CHECK(codes(e).at(0) == "no_record_yet");
  CHECK(e.causes[0].text == "partition 0 of in has given ticks no row with an event time yet");
  f.shards[0].windows_open = 0;
  f.shards[0].next_end = {};
  f.losses["ticks"] = {0, 3};
  CHECK(of(t, f, "counts").causes.back().text == "3 records of ticks are dead letters");
}

TEST_CASE("a join tells what fires next, and which side it waits for") {
  const auto text = [](const std::string& join) {
    return R"json({ "millrace": 1, "topology": "t", "stages": {
      "in": { "source": "generator", "kind": "clicks", "count": 10 },
      "parsed": { "parser": "json", "from": "in", "event_time": "at", "schema": { "user": "text", "at": "timestamp" } },
      "others": { "parser": "json", "from": "in", "event_time": "at", "schema": { "user": "text", "at": "timestamp" } },
      "counts": {)json" +
           join + R"json(}, "out": { "sink": "console", "from": "counts" } } })json";
  };
  const std::string sides =
      R"("left": "parsed", "right": "others", "key": "user", "columns": { "time": "l.at" })";
  auto f = running();
  f.shards.pop_back();
  f.lanes.push_back(f.lanes[0]);
  f.lanes[1].parser = "others";
  for (auto& p : f.lanes[1].partitions)
    p.watermark = at("12:30:00");
  const auto windows = planned_text(text(R"("join": "window", "size": "5 minutes", )" + sides));
  CHECK_THAT(of(windows, f, "counts").summary,
             Contains("the window that ends at 2026-11-01T12:05:00Z fires when every partition has reached "
                      "2026-11-01T12:05:00Z, and the left side has not"));
  f.shards[0].next_end.at += 1;
  const auto intervals =
      planned_text(text(R"("join": "interval", "before": "0 s", "after": "1 hour", )" + sides));
  CHECK_THAT(of(intervals, f, "counts").summary,
             Contains("the left row of 2026-11-01T12:05:00Z fires when every partition has reached "
                      "2026-11-01T13:05:00.000001Z, and neither side has"));
  const auto unique = planned_text(text(
      R"("window": "dedup", "from": "parsed", "ttl": "1 hour", "key": "user", "columns": { "time": "at" })"));
  CHECK_THAT(of(unique, f, "counts").summary, Contains("the row of 2026-11-01T12:05:00Z fires when"));
}
