// A disk that does not take a segment of spilled output, or does not give it back.
#include "tests/unit/shard/setups.hpp"

namespace millrace::shard_test {
namespace {

constexpr auto refused = "could not be spilled";
constexpr auto accepted = "output is spilled again";

}  // namespace

TEST_CASE(
    "a segment that cannot be written is tried again a second later, with nothing lost, and is said once") {
  shard_scene s(with_little_memory());
  feed_up_to(s, 30);
  REQUIRE(s.writer.segments.size() == 1);
  s.segment_fails();
  CHECK(s.log.count(refused) == 1);
  CHECK(s.gauges->spilled_bytes == 0);
  CHECK(s.gauges->retained_bytes == 3 * bytes_of_window());
  s.feed(40);
  s.pass(999ms);
  CHECK(s.writer.segments.size() == 1);
  s.pass(1ms);
  REQUIRE(s.writer.segments.size() == 2);
  CHECK(s.writer.segments.back().frames->front()->reached == position{10, whole});
  s.segment_fails();
  s.pass(1s);
  REQUIRE(s.writer.segments.size() == 3);
  CHECK(s.log.count(refused) == 1);
  CHECK(s.log.count(accepted) == 0);
  s.segment_is_durable();
  CHECK(s.log.count(accepted) == 1);
  CHECK(s.gauges->spilled_bytes == 2 * bytes_of_window());
  s.resume("db", 1);
  s.segment_is_read();
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40});
  CHECK(s.supervisor.failed.empty());
  CHECK_FALSE(s.ended_well);
}

TEST_CASE("where the disk refuses and memory is full, no input is taken until the disk accepts again") {
  shard_scene s(with_little_memory());
  feed_up_to(s, 30);
  s.segment_fails();
  s.feed(40);
  s.feed(50);
  CHECK(s.credit() == 5);
  CHECK_FALSE(s.gauges->stalled);
  s.feed(60);
  CHECK(s.credit() == 5);
  CHECK(s.gauges->stalled);
  CHECK(s.gauges->fired == 50);
  CHECK(s.log.count("'db' has not made durable, and cannot spill them") == 1);
  s.pass(1s);
  REQUIRE(s.writer.segments.size() == 2);
  s.segment_is_durable();
  CHECK(s.credit() == 6);
  CHECK_FALSE(s.gauges->stalled);
  CHECK(s.gauges->fired == 60);
}

TEST_CASE("a segment that is no longer needed is not tried again; the next failure is said anew") {
  shard_scene s(with_little_memory());
  s.resume("db", 1);
  feed_up_to(s, 30);
  s.segment_fails();
  s.acknowledge("db", 30);
  s.pass(1s);
  CHECK(s.writer.segments.size() == 1);
  for (const auto at : {40, 50, 60})
    s.feed(at);
  REQUIRE(s.writer.segments.size() == 2);
  CHECK(s.writer.segments.back().frames->front()->reached == position{40, whole});
  s.segment_fails();
  CHECK(s.log.count(refused) == 2);
  CHECK(s.log.count(accepted) == 0);
}

TEST_CASE("a life whose segment is refused because a newer one has the chain ends in silence") {
  shard_scene s(with_little_memory());
  feed_up_to(s, 30);
  s.segment_fails(newer_life);
  REQUIRE(s.supervisor.fenced.size() == 1);
  CHECK(s.supervisor.fenced.back().actor == "b/0");
  CHECK(s.supervisor.fenced.back().life == life(1));
  CHECK(s.supervisor.fenced.back().why.message == newer_life.message);
  CHECK(s.supervisor.failed.empty());
  CHECK(s.supervisor.stopped.empty());
  CHECK(s.ended_well == true);
  CHECK(s.log.count(refused) == 0);
}

TEST_CASE("a segment that is damaged ends the run with the error, and none of its rows is passed over") {
  shard_scene s(with_little_memory());
  feed_up_to(s, 30);
  s.segment_is_durable();
  s.resume("db", 1);
  REQUIRE(s.writer.reads.size() == 1);
  const error damaged{ec::corrupt, fault::outside, false, "seg-1-1 is damaged", {}};
  s.segment_is_not_read(damaged);
  REQUIRE(s.supervisor.failed.size() == 1);
  CHECK(s.supervisor.failed.back().actor == "b/0");
  CHECK(s.supervisor.failed.back().why.code == ec::corrupt);
  CHECK(s.supervisor.failed.back().why.message == damaged.message);
  CHECK(s.supervisor.fenced.empty());
  s.feed(40);
  CHECK(s.receiver["db"].windows().empty());
  CHECK_FALSE(s.ended_well);  // the end of the run is the supervisor's
}

TEST_CASE("a life that may not read its segment, because a newer one has the chain, ends in silence") {
  shard_scene s(with_little_memory());
  feed_up_to(s, 30);
  s.segment_is_durable();
  s.resume("db", 1);
  s.segment_is_not_read(newer_life);
  CHECK(s.supervisor.fenced.size() == 1);
  CHECK(s.supervisor.failed.empty());
  CHECK(s.ended_well == true);
}

TEST_CASE(
    "a segment that the store does not give back is asked for again a second later, and that is said once") {
  const error away{ec::unavailable, fault::outside, true, "the database is away", {}};
  shard_scene s(with_little_memory());
  feed_up_to(s, 30);
  s.segment_is_durable();
  s.resume("db", 1);
  REQUIRE(s.writer.reads.size() == 1);
  s.segment_is_not_read(away);
  s.feed(40);
  s.pass(999ms);
  CHECK(s.writer.reads.size() == 1);
  s.pass(1ms);
  REQUIRE(s.writer.reads.size() == 2);
  CHECK(s.writer.reads.back().id == s.writer.reads.front().id);
  s.segment_is_not_read(away);
  s.pass(1s);
  REQUIRE(s.writer.reads.size() == 3);
  CHECK(s.receiver["db"].windows().empty());
  CHECK(s.log.count("could not be read back") == 1);
  s.segment_is_read();
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40});
  CHECK(s.log.count("read back again") == 1);
  CHECK(s.supervisor.failed.empty());
}

TEST_CASE("a segment that nobody needs any more is not asked for again, and the next one is") {
  const error away{ec::unavailable, fault::outside, true, "the database is away", {}};
  shard_scene s(with_little_memory());
  feed_up_to(s, 30);
  s.segment_is_durable();
  s.resume("db", 1);
  s.segment_is_not_read(away);
  s.resume("db", 2, position{20, whole}, {}, false);
  s.pass(1s);
  CHECK(s.writer.reads.size() == 1);
  CHECK(s.receiver["db"].windows() == ends{30});
  s.resume("db", 3, position{10, whole}, {}, false);
  CHECK(s.writer.reads.size() == 2);
}

}  // namespace millrace::shard_test
