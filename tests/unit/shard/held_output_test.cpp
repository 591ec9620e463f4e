// A shard of which too much output is kept: whom it waits for, what it takes meanwhile, and when it goes on.
#include "tests/unit/shard/setups.hpp"

namespace millrace::shard_test {
namespace {

/// More than two windows are too much.
shard_setup keeping_two(std::vector<std::string> receivers = {"db"}) {
  shard_setup s;
  s.receivers = std::move(receivers);
  s.limits.retain = 2 * bytes_of_window();
  s.limits.frame_rows = 1;  // each window has a frame to itself
  return s;
}

/// The same, fed by an upstream window instead of a lane. It holds output of that one.
struct held_upstream : shard_scene {
  held_upstream() : shard_scene(fed_by_a_window()) {
    introduce(1);
    send(1, delivery::test::progress(upstream_log, lowest_position, 30));
    send(1, delivery::test::part(upstream_log, {30, whole}, 40, 0, 2, true));
  }
  static shard_setup fed_by_a_window() {
    auto setup = keeping_two();
    setup.logs.clear();
    setup.upstream = {upstream_log};
    return setup;
  }
};

constexpr auto held_by_db = "that 'db' has not made durable, more than its share of `retain`";

}  // namespace

TEST_CASE(
    "a shard that keeps too much takes no input, names the sink behind, and goes on when that commits") {
  shard_scene s(keeping_two({"db", "files"}));
  s.resume("db", 1);
  s.resume("files", 1);
  s.attach();
  for (const auto at : {10, 20, 30})
    s.feed(at);
  s.acknowledge("files", 30);
  CHECK_FALSE(s.gauges->stalled);
  CHECK(s.log.count("waiting for it") == 0);
  s.feed(40);
  CHECK(s.credit() == 3);
  CHECK(s.gauges->stalled);
  CHECK(s.gauges->fired == 30);
  CHECK(s.gauges->held_by.at("db") == 3 * bytes_of_window());
  CHECK(s.gauges->held_by.at("files") == 0);
  CHECK(s.log.count(held_by_db) == 1);
  CHECK(s.log.count("waiting for it") == 1);
  s.acknowledge("db", 10);
  CHECK(s.credit() == 4);
  CHECK_FALSE(s.gauges->stalled);
  CHECK(s.gauges->fired == 40);
  CHECK(s.receiver["files"].windows() == ends{10, 20, 30, 40});
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40});
}

TEST_CASE(
    "a sink just under the shard's pace is named every ten seconds, not each time that it is waited for") {
  shard_scene s(keeping_two());
  s.resume("db", 1);
  s.attach();
  for (const auto at : {10, 20, 30, 40})
    s.feed(at);
  CHECK(s.log.count(held_by_db) == 1);
  s.acknowledge("db", 10);
  s.pass(9s);
  s.feed(50);
  CHECK(s.gauges->stalled);
  CHECK(s.log.count(held_by_db) == 1);
  s.acknowledge("db", 20);
  s.pass(1s);
  s.feed(60);
  CHECK(s.gauges->stalled);
  CHECK(s.log.count(held_by_db) == 2);
}

TEST_CASE("a shard that waits for a disk which accepts names nobody") {
  shard_setup setup;
  setup.limits.memory = 2 * bytes_of_window();
  shard_scene s(setup);
  s.attach();
  for (const auto at : {10, 20, 30, 40, 50, 60})
    s.feed(at);
  REQUIRE(s.writer.segments.size() == 1);
  CHECK(s.gauges->stalled);
  CHECK(s.log.count("waiting for it") == 0);
  s.segment_is_durable();
  CHECK_FALSE(s.gauges->stalled);
  CHECK(s.credit() == 6);
}

TEST_CASE("a frame that ends many windows fires them as there is room, each once and in order") {
  shard_scene s(keeping_two());
  s.resume("db", 1);
  s.attach();
  s.feed(100);
  CHECK(s.gauges->fired == 30);
  CHECK(s.gauges->watermark == 100);
  s.feed(105);  // it waits
  CHECK(s.credit() == 1);
  s.acknowledge("db", 30);
  CHECK(s.gauges->fired == 60);
  CHECK(s.credit() == 1);
  s.acknowledge("db", 60);
  CHECK(s.gauges->fired == 90);
  s.acknowledge("db", 90);
  CHECK(s.gauges->fired == 105);
  CHECK(s.credit() == 2);
  CHECK(s.gauges->rows == 10);
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 105});
}

TEST_CASE(
    "a shard that waits takes frames that cannot fire anything, since other shards may need their log") {
  const log_id other = "parsed/1";
  auto setup = keeping_two();
  setup.logs[other] = {delivery::test::at(0), no_watermark};
  shard_scene s(setup);
  s.attach();
  s.attach(1, other);
  s.feed(100);
  s.feed(30, other);
  REQUIRE(s.gauges->fired == 30);
  s.feed(110);
  CHECK(s.gauges->stalled);
  CHECK(s.credit() == 2);
  s.feed(30, other);  // no further than what has fired
  CHECK(s.credit() == 3);
  CHECK(s.gauges->stalled);
  s.feed(40, other);
  CHECK(s.credit() == 3);
  CHECK(s.gauges->fired == 30);
}

TEST_CASE("what a lane has sent is void when its next life asks while it waits") {
  shard_scene s(keeping_two());
  s.attach();
  for (const auto at : {10, 20, 30, 40})
    s.feed(at);
  CHECK(s.gauges->stalled);
  s.attach(2);
  CHECK(s.lane.answers.back().answer->have.at == delivery::test::at(3));
  s.resume("db", 1);
  s.acknowledge("db", 30);
  CHECK(s.credit() == 3);  // the one that waited is not taken
  CHECK_FALSE(s.gauges->stalled);
  s.feed(40);
  CHECK(s.credit() == 4);
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40});
}

TEST_CASE("output of an upstream window waits as frames do, and is void when its shard is introduced anew") {
  held_upstream s;
  CHECK(s.gauges->stalled);
  CHECK(s.gauges->fired == 30);
  CHECK(s.upstream.taken.empty());
  s.introduce(2);
  CHECK(s.upstream.resumed.back().at == position{30, whole});
  s.resume("db", 1);
  s.acknowledge("db", 30);
  CHECK(s.gauges->fired == 30);
  CHECK_FALSE(s.gauges->stalled);
  s.send(2, delivery::test::part(upstream_log, {30, whole}, 40, 0, 2, true));
  CHECK(s.gauges->fired == 40);
  CHECK(s.upstream.taken.size() == 1);
  CHECK(s.windows->taken == std::vector<position>{{40, 0}, {40, 1}});
}

TEST_CASE("output of an upstream window that waits is taken when there is room") {
  held_upstream s;
  s.resume("db", 1);
  s.acknowledge("db", 30);
  CHECK(s.gauges->fired == 40);
  CHECK(s.windows->taken.size() == 2);
  REQUIRE(s.upstream.taken.size() == 1);
  CHECK(s.upstream.taken.back().at == position{40, whole});
}

TEST_CASE("a sink is named although the stall began by waiting for the disk, and once") {
  const auto w = bytes_of_window();
  auto setup = with_little_memory();
  setup.limits.retain = 6 * w;
  shard_scene s(setup);
  feed_up_to(s, 200);
  REQUIRE(s.gauges->stalled);
  CHECK(s.log.count("waiting for it") == 0);
  for (std::size_t n = 0; n < s.writer.segments.size(); ++n)
    s.say(messages::segment_written{s.writer.segments[n].id, {}});
  CHECK(s.gauges->stalled);
  CHECK(s.gauges->retained_bytes > 6 * w);
  CHECK(s.log.count("waiting for it") == 1);
  for (int i = 0; i < 20; ++i)
    s.pass(1s);
  s.acknowledge("db", 10);
  REQUIRE(s.gauges->stalled);
  CHECK(s.log.count("waiting for it") == 1);
}

TEST_CASE("a sink is named where the disk refuses after the stall began") {
  shard_scene s(with_little_memory());
  feed_up_to(s, 100);
  REQUIRE(s.gauges->stalled);
  CHECK(s.log.count("cannot spill them") == 0);
  s.segment_fails();
  CHECK(s.log.count("cannot spill them") == 1);
}

}  // namespace millrace::shard_test
