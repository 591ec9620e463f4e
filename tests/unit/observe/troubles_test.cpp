#include "actors/observe/running.hpp"
#include "actors/observe/troubles.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::observe;
using namespace std::chrono_literals;

namespace {

constexpr event_micros midnight = 1'800'000'000'000'000;

struct watching {
  running_topology t;
  trouble_watch watch;
  flow_meter::clock::time_point begun{1h};

  watching() {
    auto plan = std::make_shared<config::topology>();
    plan->name = "t";
    plan->stages.emplace_back().kind = config::stage_kind::window;
    t = {std::move(plan), {}, nullptr};
    t.is_prepared = true;
    t.gauges.sinks["table"] = std::make_shared<sink::sink_gauges>();
    t.gauges.sinks["table"]->reached = true;
    auto lane = std::make_shared<lane::lane_gauges>();
    lane->source = "clicks";
    lane->parser = "parsed";
    lane->receivers = {"table"};
    lane->held.emplace_back(0);
    t.gauges.lanes["parsed/lane0"] = lane;
    auto shard = std::make_shared<shard::shard_gauges>();
    shard->held_by["table"] = 0;
    t.gauges.shards["counts/0/0"] = shard;
  }
  [[nodiscard]] sink::sink_gauges& table() { return *t.gauges.sinks["table"]; }
  [[nodiscard]] lane::lane_gauges& lane() { return *t.gauges.lanes["parsed/lane0"]; }
  [[nodiscard]] shard::shard_gauges& shard() { return *t.gauges.shards["counts/0/0"]; }

  /// Returns the troubles after so long, as the list has them.
  std::vector<trouble> after(std::chrono::seconds passed) {
    watch.look(t.seen(midnight + std::chrono::duration_cast<micros>(passed).count()), begun + passed);
    return watch.all();
  }
  static trouble one(trouble_code c, std::string stage, std::string text, std::chrono::seconds since,
                     std::string error = {}) {
    return {"t",
            c,
            std::move(stage),
            {},
            std::move(text),
            std::move(error),
            {midnight + std::chrono::duration_cast<micros>(since).count()}};
  }
};

}  // namespace

TEST_CASE("a target that is away is told with its error, since when, and what waits for it") {
  watching w;
  CHECK(w.after(0s).empty());
  w.table().away = true;
  w.table().why_away.note("FATAL: the database is shutting down");
  w.shard().held_by["table"] = 84'000;
  w.lane().held[0] = 1'000;
  const auto away = [](std::chrono::seconds since, const std::string& error) {
    return std::vector{watching::one(trouble_code::target_away, "table",
                                     "waiting for the target of table; 85.0 kB wait for it", since, error)};
  };
  CHECK(w.after(10s) == away(10s, "FATAL: the database is shutting down"));
  w.table().why_away.note("connection refused");
  CHECK(w.after(60s) == away(10s, "connection refused"));
  w.table().away = false;
  CHECK(w.after(61s).empty());
  w.table().away = true;
  CHECK(w.after(70s) == away(70s, "connection refused"));
}

TEST_CASE("a target is slow or stalled once a call takes far longer than usual") {
  watching w;
  w.table().call.begin(w.begun);
  CHECK(w.after(5s).empty());
  CHECK(w.after(7s) ==
        std::vector{watching::one(trouble_code::target_slow, "table",
                                  "table is slow: its target has not answered a call for 7 seconds", 7s)});
  CHECK(w.after(300s).front().text == "table is stalled: its target has not answered a call for 5 minutes");
}

TEST_CASE("servers that are waited for at the start are no trouble for some seconds") {
  watching w;
  w.table().reached = false;
  w.t.is_prepared = false;
  CHECK(w.after(0s).empty());
  CHECK(w.after(4s).empty());
  const auto found = w.after(5s);
  REQUIRE(found.size() == 2);
  CHECK(found[0].code == trouble_code::source_unreached);
  CHECK(found[0].since == event_time{midnight});
  CHECK(found[1].code == trouble_code::target_unreached);
}

TEST_CASE("a source that is away, a spool or a window that takes nothing: each is a trouble of its stage") {
  watching w;
  w.lane().away = true;
  w.lane().why_away.note("broker down");
  w.shard().stalled = true;
  CHECK(w.after(1s) ==
        std::vector{watching::one(trouble_code::source_away, "clicks", "waiting for the source clicks", 1s,
                                  "broker down"),
                    watching::one(trouble_code::window_stalled, "counts",
                                  "counts/0 takes no input until a sink takes its output", 1s)});
  const auto second = std::make_shared<shard::shard_gauges>();
  second->stalled = true;
  w.t.gauges.shards["counts/0/1"] = second;
  CHECK(w.after(2s).back() == watching::one(trouble_code::window_stalled, "counts",
                                            "counts/0 takes no input until a sink takes its output; counts/1 "
                                            "takes no input until a sink takes its output",
                                            1s));
  w.t.gauges.present = std::make_shared<stage::present_actors>();  // they live elsewhere
  CHECK(w.after(2s).empty());
}

TEST_CASE(
    "records that wait for a registry have it as their trouble, with its reason, before the source's own") {
  watching w;
  w.lane().awaited->note({"the registry http://r", "connection refused"});
  const auto registry = watching::one(trouble_code::source_away, "clicks",
                                      "waiting for the registry http://r", 1s, "connection refused");
  CHECK(w.after(1s) == std::vector{registry});
  w.lane().away = true;
  w.lane().why_away.note("schema registry http://r: connection refused");
  CHECK(w.after(2s) == std::vector{registry});
  w.lane().away = false;
  w.lane().awaited->over();
  CHECK(w.after(3s).empty());
}

TEST_CASE("late records are a trouble above a share of those that came lately, and for no longer") {
  watching w;
  CHECK(w.after(0s).empty());
  w.lane().records = 10'000;
  w.t.gauges.losses->note(stage::loss::late, "counts", 100, {}, w.begun);
  CHECK(w.after(10s).empty());
  w.t.gauges.losses->note(stage::loss::late, "counts", 1, {}, w.begun);
  CHECK(w.after(20s) == std::vector{watching::one(
                            trouble_code::late, "counts",
                            "101 of the 10000 records of the last minutes came too late for counts", 20s)});
  CHECK_FALSE(w.after(60s).empty());
  for (auto at = 70s; at < 330s; at += 10s)
    w.after(at);
  CHECK(w.after(330s).empty());
}

TEST_CASE("dead letters, gaps and snapshots that fail are troubles while they are new") {
  watching w;
  CHECK(w.after(0s).empty());
  w.t.gauges.losses->note(stage::loss::dead_letter, "parsed", 3, {}, w.begun);
  w.t.gauges.losses->note_gap("clicks");
  w.shard().snapshot_failures = 2;
  w.shard().why_no_snapshot.note("No space left on device");
  const auto found = w.after(1s);
  REQUIRE(found.size() == 3);
  CHECK(found[0].text == "1 gap of the log of clicks in the last minutes: lines were lost, or may have been");
  CHECK(found[1].text == "3 dead letters of the last minutes at parsed");
  CHECK(found[2].text == "2 snapshots could not be written in the last minutes");
  CHECK(found[2].error == "No space left on device");
  for (auto at = 10s; at < 320s; at += 10s)
    w.after(at);
  CHECK(w.after(320s).empty());
}

TEST_CASE("a value that is written for far longer than usual is a trouble of the topology") {
  watching w;
  w.t.gauges.keeping->now.begin(w.begun);
  CHECK(w.after(5s).empty());
  CHECK(w.after(12s) ==
        std::vector{watching::one(trouble_code::state_slow, "",
                                  "a value of the state has not been written for 12 seconds", 12s)});
  CHECK(w.t.gauges.keeping->time([] { return 7; }) == 7);
  CHECK(w.after(13s).empty());
}

TEST_CASE("a snapshot that is written for far longer than usual is a trouble of its window") {
  watching w;
  w.shard().snapshot.now.begin(w.begun);
  CHECK(w.after(5s).empty());
  CHECK(w.after(12s) ==
        std::vector{watching::one(trouble_code::state_slow, "counts",
                                  "a snapshot of counts/0 has not been written for 12 seconds", 12s)});
  w.shard().snapshot.now.end();
  CHECK(w.after(13s).empty());
  for (int i = 0; i < 100; ++i)
    w.shard().snapshot.takes.add(std::chrono::seconds(10));  // a slow store
  w.shard().snapshot.now.begin(w.begun + 13s);
  CHECK(w.after(40s).empty());
  CHECK(w.after(45s).size() == 1);
}

TEST_CASE("users say from where on late records are a trouble, and over what time they count") {
  watching w;
  const auto look = [&](std::chrono::seconds passed) {
    const auto wall = midnight + std::chrono::duration_cast<micros>(passed).count();
    w.watch.look(w.t.seen(wall, {.late = 0.5, .recently = 1min}), w.begun + passed);
    return w.watch.all().size();
  };
  w.lane().records = 1'000;
  CHECK(look(1s) == 0);
  w.lane().records = 1'100;
  w.t.gauges.losses->note(stage::loss::late, "counts", 400, {}, w.begun);
  CHECK(look(11s) == 0);
  w.t.gauges.losses->note(stage::loss::late, "counts", 400, {}, w.begun);
  CHECK(look(21s) == 1);
  CHECK(look(31s) == 1);
  CHECK(look(111s) == 0);
}

TEST_CASE("an actor that begins again is a trouble until it has not failed for a minute, one a stage") {
  watching w;
  CHECK(w.after(1s).empty());
  w.watch.failed_again("table", "no such column: ann", w.begun + 2s);
  CHECK(w.after(2s) ==
        std::vector{watching::one(trouble_code::restarts, "table", "table has failed once, and begins again",
                                  2s, "no such column: ann")});
  w.watch.failed_again("table", "refused", w.begun + 40s);
  w.watch.failed_again("counts/0", "no disk", w.begun + 41s);
  w.watch.failed_again("counts/1", "no room", w.begun + 42s);
  CHECK(w.after(43s) ==
        std::vector{watching::one(trouble_code::restarts, "counts",
                                  "counts/0 has failed once, and begins again; counts/1 has failed once, and "
                                  "begins again",
                                  43s, "no room"),
                    watching::one(trouble_code::restarts, "table",
                                  "table has failed 2 times, and begins again", 2s, "refused")});
  CHECK(w.after(99s).size() == 2);
  CHECK(w.after(100s).size() == 1);
  CHECK(w.after(102s).empty());
}

TEST_CASE(
    "topologies that run have their troubles, and name them in their reason behind what it says already") {
  using s = api::topology_state;
  const auto slow = [](std::string topology, std::string text, std::string node = {}, event_time since = {}) {
    return trouble{
        std::move(topology), trouble_code::target_slow, "x", std::move(node), std::move(text), {}, since};
  };
  api::answers::topologies all{
      {{"a", s::running, ""}, {"b", s::running, "it is paused"}, {"c", s::stopped, ""}}};
  add_troubles(
      all, {slow("a", "x is slow", "n1", {midnight + 1}), slow("b", "y is slow"), slow("c", "z is slow")});
  CHECK(all.all[0].reason == "x is slow, since " + format_timestamp(midnight) + ", on n1");
  CHECK(all.all[0].troubles.size() == 1);
  CHECK(word_of(all.all[0]) == "degraded");
  CHECK(all.all[1].reason == "it is paused; y is slow");
  CHECK(all.all[2] == api::answers::topology{"c", s::stopped, ""});
}

TEST_CASE("an error of a server is told with the token alone, since it may quote a record") {
  api::answers::topologies all{{{"a", api::topology_state::running, ""}}};
  add_troubles(all, {{"a",
                      trouble_code::target_away,
                      "table",
                      "b",
                      "waiting for the target of table",
                      "no such user: ann",
                      {midnight}}});
  CHECK(all.all[0].reason.ends_with(", on b: no such user: ann"));
  const auto told = std::get<api::answers::topologies>(api::for_anybody(all));
  CHECK(told.all[0].reason.ends_with(", on b"));
  CHECK(told.all[0].troubles[0].error.empty());

  // One error begins as another does.
  api::answers::topologies two{{{"a", api::topology_state::running, ""}}};
  add_troubles(two,
               {{{"a", trouble_code::target_away, "x", "b", "waiting for x", "no such user: ann", {midnight}},
                 {"a", trouble_code::target_away, "y", "b", "waiting for y", "no such user", {midnight}}}});
  const auto both = std::get<api::answers::topologies>(api::for_anybody(two));
  CHECK(both.all[0].reason.find("user") == std::string::npos);
  CHECK(both.all[0].reason.find("ann") == std::string::npos);
}
