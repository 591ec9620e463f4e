// Output beyond its share of memory: it goes to segments, comes back from them in order, and its files go when nobody
// needs them any more.
#include "tests/unit/shard/setups.hpp"

namespace millrace::shard_test {
namespace {

const segment_id first_segment{1, 1};
const segment_id second_segment{1, 2};

/// Six windows, of which the first four are in two segments.
void fill(shard_scene& s) {
  feed_up_to(s, 30);
  s.segment_is_durable();
  s.feed(40);
  s.feed(50);
  s.segment_is_durable();
  s.feed(60);
}

}  // namespace

TEST_CASE("output beyond its share of memory goes to a segment, the oldest first, one segment at a time") {
  shard_scene s(with_little_memory());
  const auto window = bytes_of_window();
  s.attach();
  s.feed(10);
  s.feed(20);
  CHECK(s.writer.segments.empty());
  s.feed(30);
  REQUIRE(s.writer.segments.size() == 1);
  const auto& asked = s.writer.segments.back();
  CHECK(asked.actor == "b/0");
  CHECK(asked.id == first_segment);
  REQUIRE(asked.frames->size() == 2);
  CHECK(asked.frames->front()->reached == position{10, whole});
  CHECK(asked.frames->back()->reached == position{20, whole});
  s.feed(40);
  CHECK(s.writer.segments.size() == 1);
  CHECK(s.gauges->spilled_bytes == 0);  // it is not durable yet
  CHECK(s.gauges->retained_bytes == 4 * window);
  s.segment_is_durable();
  CHECK(s.gauges->spilled_bytes == 2 * window);
  CHECK(s.gauges->retained_bytes == 4 * window);
  CHECK(s.gauges->held_by.at("db") == 4 * window);
  CHECK(s.writer.segments.size() == 1);
  s.feed(50);
  REQUIRE(s.writer.segments.size() == 2);
  CHECK(s.writer.segments.back().id == second_segment);
  CHECK(s.writer.segments.back().frames->front()->reached == position{30, whole});
}

TEST_CASE("a receiver that comes to a segment gets its rows in order, and nothing behind it before") {
  shard_scene s(with_little_memory());
  fill(s);
  CHECK(s.writer.reads.empty());  // nobody has come to it
  s.resume("db", 1);
  REQUIRE(s.writer.reads.size() == 1);
  CHECK(s.writer.reads.back().id == first_segment);
  CHECK(s.writer.reads.back().life == 1);
  CHECK(s.writer.reads.back().log == own_log);
  CHECK(s.receiver["db"].windows().empty());
  s.segment_is_read();
  CHECK(s.receiver["db"].windows() == ends{10, 20});
  REQUIRE(s.writer.reads.size() == 2);
  CHECK(s.writer.reads.back().id == second_segment);
  s.segment_is_read();
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40, 50, 60});
  CHECK(s.writer.reads.size() == 2);
}

TEST_CASE("receivers that come to one segment have it read once; those ahead of it do not wait for them") {
  auto setup = with_little_memory();
  setup.receivers = {"ahead", "db", "files"};
  shard_scene s(setup);
  s.resume("ahead", 1);
  fill(s);
  CHECK(s.receiver["ahead"].windows() == ends{10, 20, 30, 40, 50, 60});
  s.resume("db", 1);
  s.resume("files", 1);
  CHECK(s.writer.reads.size() == 1);
  s.segment_is_read();
  CHECK(s.receiver["db"].windows() == ends{10, 20});
  CHECK(s.receiver["files"].windows() == ends{10, 20});
  s.acknowledge("ahead", 60);
  CHECK(s.gauges->held_by.at("ahead") == 0);
  CHECK(s.gauges->held_by.at("files") == 6 * bytes_of_window());
  CHECK(s.gauges->retained_bytes == 6 * bytes_of_window());
}

TEST_CASE("a segment is removed once the capture before the newest good one is past it") {
  auto setup = with_little_memory();
  setup.snapshot_every = 1s;
  shard_scene s(setup);
  fill(s);
  s.pass(1s);
  s.capture_is_durable();  // it names both
  s.resume("db", 1);
  s.acknowledge("db", 60);
  CHECK(s.gauges->retained_bytes == 0);
  CHECK(s.gauges->spilled_bytes == 0);
  CHECK(s.removed().empty());
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 2);
  s.capture_is_durable();
  CHECK(s.removed().empty());  // the former capture names them, and serves if this one is damaged
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 3);  // no frame has come since: the capture only frees files
  s.capture_is_durable();
  CHECK(s.removed() == std::vector<segment_id>{first_segment, second_segment});
  CHECK(s.writer.removals.back().life == 1);
  s.pass(1s);
  CHECK(s.writer.captures.size() == 3);
}

TEST_CASE("a segment that no capture names is removed with the next capture") {
  shard_scene s([] {
    auto setup = with_little_memory();
    setup.snapshot_every = 1s;
    return setup;
  }());
  fill(s);
  s.resume("db", 1);
  s.acknowledge("db", 30);  // the position is in the second one
  s.pass(1s);
  s.capture_is_durable();
  CHECK(s.removed() == std::vector<segment_id>{first_segment});
}

TEST_CASE("a segment whose rows everybody has by the time it is written is removed at once") {
  shard_scene s(with_little_memory());
  s.resume("db", 1);
  s.attach();
  for (const auto at : {10, 20, 30})
    s.feed(at);
  REQUIRE(s.writer.segments.size() == 1);
  s.acknowledge("db", 30);
  s.segment_is_durable();
  CHECK(s.removed() == std::vector<segment_id>{first_segment});
  CHECK(s.gauges->spilled_bytes == 0);
}

TEST_CASE("the next life reads the segments that its captures name, under its own term") {
  std::vector<std::string> captures;
  std::map<segment_id, std::vector<delivery::output_ptr>> disk;
  {
    auto setup = with_little_memory();
    setup.snapshot_every = 1s;
    shard_scene s(setup);
    fill(s);
    s.pass(1s);
    captures = s.captures();
    disk = s.writer.disk;
  }
  auto setup = with_little_memory();
  setup.now = 2;
  setup.captures = captures;
  shard_scene s(setup);
  s.writer.disk = disk;
  CHECK(s.gauges->spilled_bytes == 4 * bytes_of_window());
  s.resume("db", 1, position{20, whole});
  REQUIRE(s.writer.reads.size() == 1);
  CHECK(s.writer.reads.back().id == second_segment);
  CHECK(s.writer.reads.back().life == 2);
  s.segment_is_read();
  CHECK(s.receiver["db"].windows() == ends{30, 40, 50, 60});
}

}  // namespace millrace::shard_test
