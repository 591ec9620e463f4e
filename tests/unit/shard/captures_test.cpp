// Tests when a shard captures its state, what it says when that is durable, and what it does when the disk
// refuses.
#include "tests/unit/shard/setups.hpp"

namespace millrace::shard_test {
namespace {

/// Each tick is a decision: its rows wait for the capture.
shard_setup with_ticks() {
  shard_setup s;
  s.tick_every = 1s;
  return s;
}
void tick(shard_scene& s, event_micros at) {
  s.clock.set(at);
  s.pass(1s);
}

std::uint64_t all_of(const shard::snapshot_histogram& h) {
  std::uint64_t n = 0;
  for (std::size_t bucket = 0; bucket <= shard::snapshot_bounds.size(); ++bucket)
    n += h.count(bucket);
  return n;
}
std::uint64_t all_of(const shard::pause_histogram& h) {
  std::uint64_t n = 0;
  for (std::size_t bucket = 0; bucket <= shard::pause_bounds.size(); ++bucket)
    n += h.count(bucket);
  return n;
}

constexpr auto not_written = "no snapshot could be written";
constexpr auto written_again = "snapshots are written again";
constexpr event_micros second = 1'000'000;

}  // namespace

TEST_CASE(
    "a shard captures what has changed when it is time, and not while the capture before is under way") {
  shard_scene s(with_snapshots());
  s.attach();
  s.pass(1s);
  CHECK(s.writer.captures.empty());
  s.feed(10);
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 1);
  CHECK(s.writer.captures.back().actor == "b/0");
  CHECK(s.writer.captures.back().life == 1);
  CHECK_FALSE(s.writer.captures.back().twice);
  s.feed(20);
  s.pass(1s);
  CHECK(s.writer.captures.size() == 1);
  s.capture_is_durable();
  s.pass(1s);
  CHECK(s.writer.captures.size() == 2);
}

TEST_CASE(
    "lanes are told the place of the capture before the newest, so that a damaged newest one is survived") {
  shard_scene s(with_snapshots());
  s.attach();
  REQUIRE(s.lane.acknowledged.size() == 1);  // the answer comes with it: where the log begins
  CHECK(s.lane.acknowledged.back().below == delivery::test::at(0));
  s.feed(10);
  s.pass(1s);
  s.capture_is_durable();
  CHECK(s.lane.acknowledged.size() == 1);
  s.feed(20);
  s.pass(1s);
  s.feed(30);
  s.capture_is_durable();
  REQUIRE(s.lane.acknowledged.size() == 2);
  CHECK(s.lane.acknowledged.back().log == lane_log);
  CHECK(s.lane.acknowledged.back().below == delivery::test::at(1));
}

TEST_CASE(
    "the gauges say of a durable capture when it was, how large, how long it took and the shard paused") {
  shard_scene s(with_snapshots());
  s.windows->padding = 1000;
  s.attach();
  s.feed(10);
  s.pass(1s);
  CHECK(s.gauges->snapshot_at == 0);
  CHECK(all_of(s.gauges->snapshot_pauses) == 1);
  CHECK(all_of(s.gauges->snapshot_times) == 0);
  s.clock.set(7 * second);
  s.capture_is_durable();
  CHECK(s.gauges->snapshot_at == 7 * second);
  CHECK(s.gauges->snapshot_bytes == s.writer.captures.back().bytes->size());
  CHECK(s.gauges->snapshot_bytes > 1000);
  CHECK(all_of(s.gauges->snapshot_times) == 1);
  CHECK(s.gauges->snapshot_failures == 0);
}

TEST_CASE("a capture that fails is said once and tried again though nothing has changed; output goes on") {
  shard_scene s(with_snapshots());
  s.resume("db", 1);
  s.attach();
  s.feed(10);
  CHECK(!s.gauges->snapshot.now.age({}));
  s.pass(1s);
  CHECK(s.gauges->snapshot.now.age({}));
  s.capture_fails();
  CHECK(!s.gauges->snapshot.now.age({}));
  CHECK(s.log.count(not_written) == 1);
  CHECK(s.gauges->snapshot_failures == 1);
  CHECK(!s.gauges->why_no_snapshot.now().empty());
  CHECK(s.gauges->snapshot_at == 0);
  CHECK(all_of(s.gauges->snapshot_times) == 0);
  s.feed(20);
  CHECK(s.receiver["db"].windows() == ends{10, 20});
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 2);
  s.capture_fails();
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 3);
  CHECK(s.log.count(not_written) == 1);
  CHECK(s.gauges->snapshot_failures == 2);
  CHECK(s.log.count(written_again) == 0);
  s.capture_is_durable();
  CHECK(s.log.count(written_again) == 1);
  CHECK(s.supervisor.failed.empty());
  s.pass(1s);
  CHECK(s.writer.captures.size() == 4);  // it lets the lane forget what the one before it has
  s.capture_is_durable();
  s.pass(1s);
  CHECK(s.writer.captures.size() == 4);
  s.feed(30);
  s.pass(1s);
  s.capture_fails();
  CHECK(s.log.count(not_written) == 2);
}

TEST_CASE(
    "captures that meet another life which takes the chain over are no failures, up to three in a row") {
  shard_scene s(with_snapshots());
  s.attach();
  s.feed(10);
  const auto contested = [&](std::size_t nth) {
    s.pass(1s);
    REQUIRE(s.writer.captures.size() == nth);  // tried again though nothing has changed
    s.capture_fails(taken_over);
  };
  for (std::size_t n = 1; n <= 3; ++n)
    contested(n);
  CHECK(s.log.count("a snapshot waits: another process reads the chain") == 3);
  CHECK(s.log.count(not_written) == 0);
  CHECK(s.gauges->snapshot_failures == 0);
  SECTION("the other life has ended before it opened the chain") {
    s.pass(1s);
    s.capture_is_durable();
    CHECK(s.log.count(written_again) == 0);
    s.feed(20);
    contested(5);
    CHECK(s.gauges->snapshot_failures == 0);
  }
  SECTION("it has the chain") {
    s.pass(1s);
    s.capture_fails(newer_life);
    CHECK(s.supervisor.fenced.size() == 1);
    CHECK(s.gauges->snapshot_failures == 0);
  }
  SECTION("it goes on for longer") {
    contested(4);
    CHECK(s.log.count(not_written) == 1);
    CHECK(s.gauges->snapshot_failures == 1);
    CHECK(s.gauges->why_no_snapshot.now() == taken_over.message);
    s.pass(1s);
    s.capture_is_durable();
    CHECK(s.log.count(written_again) == 1);
  }
}

TEST_CASE("a lane is told nothing of captures that have failed") {
  shard_scene s(with_snapshots());
  s.attach();
  s.feed(10);
  s.pass(1s);
  s.capture_fails();
  s.feed(20);
  s.pass(1s);
  s.capture_is_durable();
  CHECK(s.lane.acknowledged.size() == 1);
  s.feed(30);
  s.pass(1s);
  s.capture_is_durable();
  REQUIRE(s.lane.acknowledged.size() == 2);
  CHECK(s.lane.acknowledged.back().below == delivery::test::at(2));
}

TEST_CASE(
    "beyond 4 MB that the disk has refused, a shard asks for those to be written and captures no more") {
  shard_scene s(with_snapshots());
  s.windows->padding = 3'000'000;
  s.attach();
  s.feed(10);
  for (std::size_t n = 1; n <= 2; ++n) {
    s.pass(1s);
    REQUIRE(s.writer.captures.size() == n);
    CHECK(s.writer.captures.back().bytes->size() > 3'000'000);
    s.capture_fails();
  }
  s.feed(20);
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 3);
  CHECK(s.writer.captures.back().bytes->empty());
  s.capture_fails();
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 4);
  CHECK(s.writer.captures.back().bytes->empty());
  s.capture_is_durable();
  CHECK(s.log.count(written_again) == 1);
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 5);  // the changes since then
  CHECK(s.writer.captures.back().bytes->size() > 3'000'000);
}

TEST_CASE("a life whose capture is refused because a newer one has the chain ends in silence") {
  shard_scene s(with_snapshots());
  s.resume("db", 1);
  s.attach();
  s.feed(10);
  s.pass(1s);
  s.capture_fails(newer_life);
  REQUIRE(s.supervisor.fenced.size() == 1);
  CHECK(s.supervisor.fenced.back().life == life(1));
  CHECK(s.supervisor.fenced.back().why.code == ec::fenced);
  CHECK(s.supervisor.failed.empty());
  CHECK(s.supervisor.stopped.empty());
  CHECK(s.ended_well == true);
  CHECK(s.log.count(not_written) == 0);
  CHECK(s.gauges->snapshot_failures == 0);
  s.feed(20);
  CHECK(s.receiver["db"].windows() == ends{10});
}

TEST_CASE("a tick's rows leave once they are durable in two copies") {
  shard_scene s(with_ticks());
  s.resume("db", 1);
  s.attach();
  tick(s, second);
  REQUIRE(s.writer.captures.size() == 1);
  CHECK(s.writer.captures.back().twice);
  CHECK(s.receiver["db"].windows().empty());
  s.capture_is_durable();
  CHECK(s.receiver["db"].windows() == ends{second});
}

TEST_CASE("rows of a tick whose capture fails wait for the next one, a second later where no time is set") {
  shard_scene s(with_ticks());
  s.resume("db", 1);
  tick(s, second);
  s.capture_fails();
  CHECK(s.log.count(not_written) == 1);
  s.pass(999ms);
  CHECK(s.writer.captures.size() == 1);
  s.pass(1ms);
  REQUIRE(s.writer.captures.size() == 2);
  CHECK(s.receiver["db"].windows().empty());
  // The writer writes both together, in as many copies as the first asked for.
  s.say(messages::capture_written{true, {}});
  CHECK(s.receiver["db"].windows() == ends{second});
  CHECK(s.log.count(written_again) == 1);
}

TEST_CASE("ticks are multiples of their time; none is taken while the one before is not durable") {
  shard_scene s(with_ticks());
  s.resume("db", 1);
  tick(s, second + 300'000);
  CHECK(s.core->ticked() == second);
  tick(s, 2 * second + 300'000);
  CHECK(s.core->ticked() == second);
  CHECK(s.writer.captures.size() == 1);
  s.capture_is_durable();
  tick(s, 4 * second);
  CHECK(s.core->ticked() == 4 * second);
  s.capture_is_durable();
  CHECK(s.receiver["db"].windows() == ends{second, 4 * second});
}

TEST_CASE("the time of the next tick runs while this one is taken, and while its state is captured") {
  shard_scene s(with_ticks());
  s.attach();
  s.resume("db", 1);
  s.feed(10);
  s.pass(500ms);  // it has looked at its size
  s.steps.clear();
  tick(s, second);
  REQUIRE(s.steps.size() >= 3);  // the wake-up, the tick, the capture
  CHECK(s.steps[0] == 1);
  CHECK(s.steps[2] == 1);
  REQUIRE(s.writer.captures.size() == 1);
}

TEST_CASE("a life that finds a tick missed takes it soon; one that has missed none waits for the next") {
  auto setup = with_ticks();
  {
    shard_scene s(setup);
    tick(s, second);
    setup.captures = s.captures();
  }
  setup.now = 2;
  SECTION("missed") {
    setup.begins_at = 3 * second + 200'000;
    shard_scene s(setup);
    s.pass(299ms);
    CHECK(s.core->ticked() == second);
    s.pass(1ms);
    CHECK(s.core->ticked() == 3 * second);
    s.capture_is_durable();
    s.clock.set(4 * second);
    s.pass(500ms);
    CHECK(s.core->ticked() == 3 * second);
    s.pass(300ms);
    CHECK(s.core->ticked() == 4 * second);
  }
  SECTION("missed, and the next one is due earlier") {
    setup.begins_at = 3 * second + 900'000;
    shard_scene s(setup);
    s.clock.set(4 * second);
    s.pass(100ms);
    CHECK(s.core->ticked() == 4 * second);
  }
  SECTION("none missed") {
    setup.begins_at = second + 200'000;
    shard_scene s(setup);
    s.pass(799ms);
    CHECK(s.writer.captures.empty());
    s.clock.set(2 * second);
    s.pass(1ms);
    CHECK(s.core->ticked() == 2 * second);
  }
}

TEST_CASE("where nothing has changed a tick is announced all the same") {
  shard_scene s(with_ticks());
  s.windows->rows = 0;
  s.resume("db", 1);
  tick(s, second);
  s.capture_is_durable();
  REQUIRE(s.receiver["db"].output.size() == 1);
  CHECK(s.receiver["db"].output.back().frame->reached == position{second, whole});
  CHECK_FALSE(s.receiver["db"].output.back().frame->has_content());
}

TEST_CASE("a clock that is set back makes ticks count on by a microsecond") {
  shard_scene s(with_ticks());
  tick(s, 10 * second);
  s.capture_is_durable();
  tick(s, 10 * second + 1);  // the tick is the same
  tick(s, 9 * second);       // the clock is back by one tick: that passes soon
  CHECK(s.core->ticked() == 10 * second);
  CHECK(s.writer.captures.size() == 1);
  tick(s, 5 * second);
  CHECK(s.core->ticked() == 10 * second + 1);
}

TEST_CASE("no tick is taken while too much output is kept") {
  auto setup = with_ticks();
  setup.limits.retain = bytes_of_window();
  shard_scene s(setup);
  s.resume("db", 1);
  for (const auto at : {1, 2, 3}) {
    tick(s, at * second);
    s.capture_is_durable();
  }
  CHECK(s.core->ticked() == 2 * second);
  s.acknowledge("db", second);
  tick(s, 4 * second);
  CHECK(s.core->ticked() == 4 * second);
}

TEST_CASE("a shard that is stopped captures what has changed, and has stopped once that is durable") {
  shard_scene s;
  s.attach();
  s.feed(10);
  s.say(messages::stop{});
  REQUIRE(s.writer.captures.size() == 1);
  CHECK(s.supervisor.stopped.empty());
  s.capture_is_durable();
  REQUIRE(s.supervisor.stopped.size() == 1);
  CHECK(s.supervisor.stopped.back().actor == "b/0");
  CHECK(s.supervisor.stopped.back().life == life(1));
  CHECK(s.ended_well == true);
}

TEST_CASE("a shard that is being stopped takes no tick any more") {
  shard_scene s(with_ticks());
  s.attach();
  s.feed(10);
  s.say(messages::stop{});
  tick(s, second);
  CHECK(s.core->ticked() == no_watermark);
  CHECK(s.writer.captures.size() == 1);
  s.capture_is_durable();
  CHECK(s.supervisor.stopped.size() == 1);
}

}  // namespace millrace::shard_test
