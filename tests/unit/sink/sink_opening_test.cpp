// Tests how a sink opens its target, goes on from what that has, and waits for one that is away.
#include "tests/unit/sink/driven_sink.hpp"

using namespace millrace;
using test::driven_sink;
using test::words;
using namespace std::chrono_literals;

namespace {

sink::progress progress_at(const log_id& log, position at, std::uint64_t batch = 1) {
  return {{{log, {at, 0}}}, {}, batch};
}

}  // namespace

TEST_CASE("lanes and shards that came before the target was open go on from what it has") {
  driven_sink s([](auto& o) {
    o.lane_logs["clicks/0"] = {};
    test::add_window(o, {"counts/0"});
  });
  s.target.stored = sink::progress{{{"clicks/0", {{0, 7}, 0}}, {"counts/0", {{40, whole}, 40}}}, {}, 3};
  CHECK(s.ask());
  CHECK(s.introduce("counts/0"));
  CHECK(s.happened().empty());
  s.open();
  CHECK(s.happened() == words{"open", "ask again clicks/0", "resume counts/0", "acknowledge clicks/0 7",
                              "acknowledge counts/0 40"});
  CHECK(s.resumed->life == life{5, 1});
  CHECK(s.resumed->at == position{40, whole});
  CHECK(s.resumed->taken == position{40, whole});
  CHECK(s.gauges->reached);
  CHECK(s.gauges->life == number_of({5, 1}));
  CHECK(s.ask());
  CHECK(s.happened() == words{"answer 7", "acknowledge clicks/0 7", "acknowledge counts/0 40"});
}

TEST_CASE("each opening claims the target under a higher life, as fresh until one went well") {
  driven_sink s([](auto& o) { o.who.fresh = true; });
  s.target.fails["open"] = test::gone;
  s.open();
  s.pass(5s);
  REQUIRE(s.target.claims.size() == 2);
  CHECK(s.target.claims[0].life == number_of({5, 1}));
  CHECK(s.target.claims[1].life == number_of({5, 2}));
  CHECK(s.target.claims[1].fresh);
  CHECK_FALSE(s.target.claims[1].expects_progress);
  s.open();  // a late tick
  CHECK(s.target.claims.size() == 2);
}

TEST_CASE("a target that is away is told of once, and waited for") {
  driven_sink s;
  s.target.fails["make"] = test::gone;
  s.open();
  CHECK(s.happened() == words{"shop/rows: nobody answers; waiting for it"});
  CHECK(s.gauges->away);
  s.target.fails["open"] = test::gone;
  s.pass(5s);
  CHECK(s.happened() == words{"open", "open", "shop/rows: the target answers again"});
  CHECK_FALSE(s.gauges->away);
}

TEST_CASE("a target that cannot be opened in time ends the run") {
  driven_sink s([](auto& o) { o.start_timeout = 0ms; });
  s.target.fails["open"] = test::gone;
  s.open();
  CHECK(s.happened() == words{"open", "failed: rows: nobody answers"});
  s.open();
  s.pass(100s);
  CHECK(s.happened().empty());
}

TEST_CASE("an error that trying again does not mend ends the run, under the stage that it names") {
  driven_sink s;
  auto why = test::misfit;
  why.stage = "table";
  s.target.fails["open"] = why;
  s.open();
  CHECK(s.happened() == words{"open", "failed: table: no such table"});
}

TEST_CASE("a target that a newer life has ends the life in silence, after its report") {
  driven_sink s;
  s.target.fails["open"] = test::taken_over;
  s.open();
  CHECK(s.happened() ==
        words{"open", "shop/rows: this life is over: a newer life has it", "report", "fenced", "end"});
  s.stop();
  CHECK(s.happened().empty());
}

TEST_CASE("where another life may still give way, that is told as it is") {
  driven_sink s;
  auto why = test::taken_over;
  why.retry = true;
  s.target.fails["open"] = why;
  s.open();
  CHECK(s.happened() ==
        words{"open", "shop/rows: a newer life has it; looking whether another life has its place"});
}

TEST_CASE("a target that lacks a run is an error of the user") {
  driven_sink s([](auto& o) {
    o.lane_logs["clicks/0"] = {};
    o.run = 2;
  });
  s.target.stored = progress_at("clicks/0", {0, 7});
  s.open();
  CHECK(s.happened() ==
        words{"open",
              "failed: rows: sink 'rows' stands before what the topology's last run gave it: its target was "
              "restored from an older copy, or it was left out of that run; put it back as it was, or start "
              "over with --fresh"});
}

TEST_CASE("counters that cannot be read begin anew, and that is said") {
  driven_sink s;
  s.target.stored = progress_at("clicks/0", {0, 7});
  s.target.stored->counters = "\xff\xff";
  s.open();
  const auto all = s.happened();
  REQUIRE(all.size() == 2);
  CHECK(all[0] == "open");
  CHECK(all[1].ends_with("; the report counts from here"));
}

TEST_CASE("a life of a lane asks in the place of an older one, and an older one gets no answer") {
  driven_sink s;
  CHECK(s.ask("clicks/0", 2));
  CHECK_FALSE(s.ask("clicks/0", 1));
  s.open();
  CHECK(s.ask("clicks/0", 3));
  (void)s.happened();
  CHECK_FALSE(s.ask("clicks/0", 2));
  CHECK(s.happened() == words{"answer nothing"});
}

TEST_CASE("a lane whose log is not known yet asks again once it is found") {
  driven_sink s;
  s.open();
  CHECK(s.ask("clicks/1"));
  CHECK(s.happened() == words{"open"});
  s.tell([](auto& l) { l.on_found("clicks/1", {}); });
  CHECK(s.happened() == words{"ask again clicks/1"});
  CHECK(s.ask("clicks/1"));
  CHECK(s.happened() == words{"answer 0"});
}

TEST_CASE("a log that is found before the target is open asks nobody") {
  driven_sink s;
  s.tell([](auto& l) { l.on_found("clicks/1", {}); });
  CHECK(s.happened().empty());
}

TEST_CASE("a report that is asked for before the target was read waits for it") {
  driven_sink s([](auto& o) {
    o.lane_logs["clicks/0"] = {};
    o.has_committed = true;
  });
  s.target.stored = progress_at("clicks/0", {0, 7});
  s.report();
  s.report();
  CHECK(s.happened().empty());
  s.open();
  CHECK(s.target.claims[0].expects_progress);
  CHECK(s.happened() == words{"open", "report"});
  CHECK(s.reported->vector.at("clicks/0").at == position{0, 7});
  CHECK(s.reported->life == life{5, 1});
  s.report();
  CHECK(s.happened() == words{"report"});
}

TEST_CASE("a sink that has never committed reports at once") {
  driven_sink s;
  s.report();
  CHECK(s.happened() == words{"report"});
  CHECK(s.reported->life == life(5));
}

TEST_CASE("a target is opened only so often in one life") {
  test::fake_target target;
  fake_steady_time time;
  sink::sink_settings o;
  sink::sink_life l(std::move(o), life{5, most_counts}, sink::first_commit::is_told, time, 1);
  CHECK_THROWS_WITH(l.open(), "its target was opened too often for one life");
}
