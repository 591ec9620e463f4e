// Tests what a shard answers to its lanes, what it gives back to them, and when it has ended.
#include "tests/unit/shard/shard_scene.hpp"

namespace millrace::shard_test {
namespace {

const log_id other_log = "parsed/1";

shard_setup over_two_logs() {
  shard_setup s;
  s.logs[other_log] = {delivery::test::at(0), no_watermark};
  return s;
}

void give_idle_note(shard_scene& s) {
  const auto& at = s.fed(other_log);
  auto note = delivery::test::idle(other_log, at.stamp, at.have.at.minor, at.have.watermark);
  note.bytes = 0;
  s.give(note);
}

}  // namespace

TEST_CASE("a lane is answered where the shard stands, under a fence of its own") {
  shard_scene s;
  s.attach();
  REQUIRE(s.lane.answers.size() == 1);
  const auto first = *s.lane.answers.back().answer;
  CHECK(first.have.at == delivery::test::at(0));
  CHECK(first.stamp.life == life(1));
  s.feed(10);
  s.attach(2);
  CHECK(s.fed().have == mark{delivery::test::at(1), 10});
  CHECK(s.fed().stamp > first.stamp);
}

TEST_CASE("an earlier life of a lane gets no answer, and its later one goes on") {
  shard_scene s;
  s.attach(2);
  s.attach(1);
  REQUIRE(s.lane.answers.size() == 2);
  CHECK_FALSE(s.lane.answers.back().answer);
  CHECK(s.lane.acknowledged.size() == 1);
  s.feed(10);
  CHECK(s.gauges->fired == 10);
}

TEST_CASE("the credit of a frame under an older fence is given back, and nothing of it is taken") {
  shard_scene s;
  s.attach();
  const auto old = s.fed().stamp;
  s.attach(2);
  auto f = delivery::test::frame(lane_log, old, 0, 1, 10);
  s.give(f);
  CHECK(s.credit() == f.bytes);
  CHECK(s.lane.credit.back().stamp == old);
  CHECK(s.gauges->watermark == no_watermark);
}

TEST_CASE("progress alone takes no credit and is given none back") {
  shard_scene s;
  s.attach();
  auto f = delivery::test::frame(lane_log, s.fed().stamp, 0, 1, 10);
  f.bytes = 0;
  s.give(f);
  CHECK(s.gauges->fired == 10);
  CHECK(s.lane.credit.empty());
}

TEST_CASE("a gap on the edge from a lane ends the life by an error") {
  shard_scene s;
  s.attach();
  s.feed(10);
  s.give(delivery::test::frame(lane_log, s.fed().stamp, 0, 2, 20));
  CHECK(s.ended_well == false);
  CHECK(s.gauges->fired == 10);
}

TEST_CASE("a lane that asks for a log that was not found yet is answered once the log has joined durably") {
  shard_setup setup;
  setup.snapshot_every = 1s;
  shard_scene s(setup);
  s.attach(3, other_log);
  s.say(messages::ask_position{other_log, 2, 0, {}});  // an earlier life: it has nothing to wait for
  CHECK(s.lane.answers.empty());
  s.attach();
  s.feed(10);
  s.pass(1s);
  s.say(messages::log_found{other_log, {delivery::test::at(7), no_watermark}});
  s.capture_is_durable();  // the capture is older; and the sink has not said where it stands
  CHECK(s.lane.answers.size() == 1);
  s.resume("db", 1, position{30, whole}, position{30, whole});
  REQUIRE(s.writer.captures.size() == 2);
  CHECK(s.writer.captures.back().twice);
  CHECK(s.log.count("partition") == 0);  // the lane that reads it tells, once for all shards
  CHECK(s.lane.answers.size() == 1);
  s.capture_is_durable();
  REQUIRE(s.lane.answers.size() == 2);
  CHECK(s.lane.answers.back().log == other_log);
  REQUIRE(s.lane.answers.back().answer);
  CHECK(s.lane.answers.back().answer->have.at == delivery::test::at(7));
  CHECK(s.lane.acknowledged.back().log == other_log);
}

TEST_CASE("a firing that leaves an idle partition out is a decision: its rows wait for two copies") {
  shard_scene s(over_two_logs());
  s.resume("db", 1, {}, lowest_position);
  s.attach();
  s.attach(1, other_log);
  s.feed(10);
  s.feed(10, other_log);
  CHECK(s.receiver["db"].windows() == ends{10});
  CHECK(s.writer.captures.empty());
  s.feed(20);
  give_idle_note(s);
  CHECK(s.gauges->fired == 20);
  REQUIRE(s.writer.captures.size() == 1);
  CHECK(s.writer.captures.back().twice);
  CHECK(s.receiver["db"].windows() == ends{10});
  s.capture_is_durable();
  CHECK(s.receiver["db"].windows() == ends{10, 20});
}

TEST_CASE("decisions that are made while a capture is written wait for one that holds them all") {
  shard_scene s(over_two_logs());
  s.resume("db", 1, {}, lowest_position);
  s.attach();
  s.attach(1, other_log);
  s.feed(10);
  s.feed(10, other_log);
  give_idle_note(s);
  for (const auto end : {20, 30, 40}) {
    s.feed(end);
    CHECK(s.gauges->fired == end);
    CHECK(s.writer.captures.size() == 1);
  }
  s.capture_is_durable();
  CHECK(s.receiver["db"].windows() == ends{10, 20});
  REQUIRE(s.writer.captures.size() == 2);
  CHECK(s.writer.captures.back().twice);
  s.capture_is_durable();
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40});
  CHECK(s.writer.captures.size() == 2);
}

TEST_CASE("a stop captures, in two copies, a decision that waits for the capture under way") {
  shard_scene s(over_two_logs());
  s.resume("db", 1, {}, lowest_position);
  s.attach();
  s.attach(1, other_log);
  s.feed(10);
  s.feed(10, other_log);
  give_idle_note(s);
  s.feed(20);
  s.feed(30);
  s.say(messages::stop{});
  REQUIRE(s.writer.captures.size() == 2);
  CHECK(s.writer.captures.back().twice);
  s.capture_is_durable();
  s.capture_is_durable();
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30});
  CHECK(s.writer.captures.size() == 2);
}

TEST_CASE("a firing that would leave an idle partition out waits until receivers say where they stand") {
  shard_scene s(over_two_logs());
  s.attach();
  s.attach(1, other_log);
  s.feed(10);
  s.feed(10, other_log);
  s.feed(20);
  give_idle_note(s);
  CHECK(s.gauges->fired == 10);
  CHECK(s.writer.captures.empty());
  s.resume("db", 1, {}, lowest_position);
  CHECK(s.gauges->fired == 20);
  REQUIRE(s.writer.captures.size() == 1);
  CHECK(s.writer.captures.back().twice);
}

TEST_CASE("no idle partition is left out of rows that a receiver has of an earlier life") {
  shard_scene s(over_two_logs());
  s.resume("db", 1, position{10, whole}, position{20, whole});
  s.attach();
  s.attach(1, other_log);
  s.feed(10);
  s.feed(10, other_log);
  give_idle_note(s);
  s.feed(30);
  CHECK(s.gauges->fired == 10);
  CHECK(s.gauges->later.now() == delivery::later_rows{20, {other_log}});
  s.feed(20, other_log);
  CHECK(s.gauges->fired == 20);
  CHECK(s.gauges->later.now() == delivery::later_rows{});
  CHECK(s.writer.captures.empty());
  give_idle_note(s);
  CHECK(s.gauges->fired == 30);
  CHECK(s.writer.captures.size() == 1);
}

TEST_CASE("rows that come when their windows have fired without their partition are counted and said") {
  shard_scene s;
  s.attach();
  s.windows->missed = 3;
  s.feed(10);
  CHECK(s.gauges->late_at_shard == 3);
  REQUIRE(s.lost.size() == 1);
  CHECK(s.lost.back().what == stage::loss::late_at_shard);
  CHECK(s.lost.back().stage == "b");
  CHECK(s.lost.back().count == 3);
  CHECK(s.lost.back().example.partition == lane_log);
  CHECK(s.lost.back().example.at == delivery::test::at(0));
  s.windows->missed = 0;
  s.feed(20);
  CHECK(s.gauges->late_at_shard == 3);
  CHECK(s.lost.size() == 1);
}

TEST_CASE("the end of all inputs is said once, and again where a log was found since") {
  shard_scene s(over_two_logs());
  s.attach();
  s.attach(1, other_log);
  s.feed(end_of_time);
  CHECK(s.supervisor.completed.empty());
  s.feed(end_of_time, other_log);
  REQUIRE(s.supervisor.completed.size() == 1);
  CHECK(s.supervisor.completed.back().actor == "b/0");
  CHECK(s.supervisor.completed.back().life == life(1));
  CHECK(s.supervisor.completed.back().found == 0);
  s.resume("db", 1);
  CHECK(s.supervisor.completed.size() == 1);
  s.say(messages::log_found{other_log, {delivery::test::at(0), no_watermark}});
  REQUIRE(s.supervisor.completed.size() == 2);
  CHECK(s.supervisor.completed.back().found == 1);
}

TEST_CASE(
    "the report of an end that a capture has already made durable is given at once, else after that one") {
  shard_setup setup;
  setup.snapshot_every = 1s;
  shard_scene s(setup);
  s.attach();
  s.feed(end_of_time);
  s.pass(1s);
  s.say(messages::collect_report{});
  CHECK(s.supervisor.reports.empty());
  REQUIRE(s.writer.captures.size() == 1);
  s.capture_is_durable();
  CHECK(s.supervisor.reports.size() == 1);
  s.say(messages::collect_report{});
  REQUIRE(s.supervisor.reports.size() == 2);
  CHECK(s.writer.captures.size() == 1);
  CHECK(s.supervisor.reports.back().vector.at(lane_log) == mark{delivery::test::at(1), end_of_time});
}

}  // namespace millrace::shard_test
