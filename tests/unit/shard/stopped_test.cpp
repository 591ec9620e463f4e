// The end of a shard: its last capture, and its report of an end.
#include "tests/unit/shard/setups.hpp"

namespace millrace::shard_test {
TEST_CASE("a shard that is stopped with nothing to capture stops at once") {
  shard_scene s;
  s.say(messages::stop{});
  CHECK(s.writer.captures.empty());
  CHECK(s.supervisor.stopped.size() == 1);
  CHECK(s.ended_well == true);
}

TEST_CASE("a shard whose last capture fails says so before it has stopped") {
  shard_scene s;
  s.attach();
  s.feed(10);
  s.say(messages::stop{});
  s.capture_fails();
  REQUIRE(s.supervisor.failed.size() == 1);
  CHECK(s.supervisor.failed.back().why.code == ec::io);
  CHECK(s.supervisor.stopped.size() == 1);
  CHECK(s.ended_well == true);
}

TEST_CASE("a firing of very many windows goes on by turns until all have fired") {
  shard_scene s;
  s.resume("db", 1, {}, lowest_position);
  s.attach();
  s.feed(200'000);
  CHECK(s.core->fired() == 200'000);
  CHECK(s.core->rows_out() == 20'000);
}

TEST_CASE("a stop is heard between the turns of a firing, and the next life fires the rest") {
  shard_scene s;
  s.resume("db", 1, {}, lowest_position);
  s.attach();
  s.say_both(s.next_record(200'000), messages::stop{});
  CHECK(s.core->fires_on());
  const auto rows = s.core->rows_out();
  CHECK(rows > 0);
  CHECK(rows < 20'000);
  s.acknowledge("db", 10);  // there is room, and it does not go on
  CHECK(s.core->rows_out() == rows);
  s.capture_is_durable();
  CHECK(s.supervisor.stopped.size() == 1);

  shard_setup again;
  again.now = 2;
  again.captures = s.captures();
  shard_scene next(again);
  next.resume("db", 1, {}, lowest_position);
  CHECK(next.core->fired() == 200'000);
  CHECK(next.core->rows_out() == 20'000);
}

TEST_CASE("a stop is heard between the turns of a tick, which leaves nothing, and the next life takes it") {
  shard_setup setup;
  setup.tick_every = 1s;
  setup.begins_at = 1'000'000;
  shard_scene s(setup);
  s.windows->turns_of_tick = 3;
  s.resume("db", 1, {}, lowest_position);
  s.say_both(shard::wake_up::to_tick, messages::stop{});
  CHECK(s.core->ticking());
  CHECK(s.core->ticked() == no_watermark);
  CHECK(s.receiver["db"].output.empty());
  CHECK(s.writer.captures.empty());
  CHECK(s.supervisor.stopped.size() == 1);
  CHECK(s.ended_well == true);

  setup.now = 2;
  shard_scene next(setup);
  next.windows->turns_of_tick = 3;
  next.resume("db", 1, {}, lowest_position);
  next.say(shard::wake_up::to_tick);
  CHECK(next.core->ticked() == 1'000'000);
  CHECK(next.core->rows_out() == 3);
  next.capture_is_durable();
  CHECK(next.receiver["db"].windows() == ends{1'000'000, 1'000'000, 1'000'000});
}

TEST_CASE("a shard answers between the turns of a tick, and takes what has come behind the last one") {
  shard_setup setup;
  setup.tick_every = 1s;
  setup.begins_at = 1'000'000;
  shard_scene s(setup);
  s.windows->turns_of_tick = 3;
  s.attach();
  s.say_both(shard::wake_up::to_tick, messages::collect_report{});
  REQUIRE(s.supervisor.reports.size() == 1);
  CHECK(s.supervisor.reports.back().rows == 0);
  CHECK(s.core->rows_out() == 3);
  s.capture_is_durable();
  s.clock.set(2'000'000);
  s.say_both(shard::wake_up::to_tick, s.next_record(10));
  CHECK_FALSE(s.windows->absorbed_amid_tick);
  CHECK(s.core->ticked() == 2'000'000);
  CHECK(s.core->fired() == 10);
}

TEST_CASE("a stop behind a failed capture writes it again, although there is no change") {
  shard_scene s(with_snapshots());
  s.attach();
  s.feed(10);
  s.pass(1s);
  s.capture_fails();
  s.say(messages::stop{});
  CHECK(s.supervisor.stopped.empty());
  REQUIRE(s.writer.captures.size() == 2);
  SECTION("it is durable") {
    s.capture_is_durable();
    CHECK(s.supervisor.failed.empty());
  }
  SECTION("it fails again") {
    s.capture_fails();
    CHECK(s.supervisor.failed.size() == 1);
  }
  CHECK(s.supervisor.stopped.size() == 1);
}

TEST_CASE("a stop is no failure where the capture before the last one failed") {
  shard_scene s(with_snapshots());
  s.attach();
  s.feed(10);
  s.pass(1s);
  s.feed(20);
  s.say(messages::stop{});
  REQUIRE(s.writer.captures.size() == 2);
  s.say(messages::capture_written{false, disk_is_full});
  CHECK(s.supervisor.failed.empty());
  CHECK(s.supervisor.stopped.empty());
  s.say(messages::capture_written{false, {}});
  CHECK(s.supervisor.failed.empty());
  CHECK(s.supervisor.stopped.size() == 1);
}

TEST_CASE("a report behind a second end waits for a capture of that end") {
  const log_id other = "parsed/1";
  shard_scene s;
  s.resume("db", 1, {}, lowest_position);
  s.attach();
  s.feed(end_of_time);
  s.say(messages::collect_report{});
  s.capture_is_durable();
  REQUIRE(s.supervisor.reports.size() == 1);
  s.say(messages::log_found{other, {delivery::test::at(0), no_watermark}});
  CHECK(s.writer.captures.size() == 2);
  s.capture_is_durable();
  s.attach(1, other);
  s.feed(end_of_time, other);
  s.say(messages::collect_report{});
  CHECK(s.supervisor.reports.size() == 1);
  s.capture_is_durable();
  CHECK(s.supervisor.reports.size() == 2);
}

}  // namespace millrace::shard_test
