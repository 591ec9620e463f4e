// Tests what a shard says to the shards of a window upstream of its own: where it stands, what has left its
// queue, what is durable, and how far its earlier lives have taken their output.
#include "tests/unit/shard/shard_scene.hpp"

namespace millrace::shard_test {
namespace {

using delivery::test::part;
using delivery::test::progress;

shard_setup behind_a_window() {
  shard_setup s;
  s.logs.clear();
  s.upstream = {upstream_log};
  s.snapshot_every = 1s;
  return s;
}

}  // namespace

TEST_CASE("an upstream shard is told what has left the queue, of frames that hold rows") {
  shard_scene s(behind_a_window());
  s.introduce(3);
  s.send(3, part(upstream_log, lowest_position, 40, 0, 2, false));
  REQUIRE(s.upstream.taken.size() == 1);
  CHECK(s.upstream.taken.back().log == upstream_log);
  CHECK(s.upstream.taken.back().sink == "b/0");
  CHECK(s.upstream.taken.back().life == life(1));
  CHECK(s.upstream.taken.back().at == position{40, 1});
  s.send(3, progress(upstream_log, {40, 1}, 45));
  CHECK(s.upstream.taken.size() == 1);
  CHECK(s.gauges->watermark == 45);
  CHECK(s.gauges->fired == 45);
}

TEST_CASE("an upstream shard is told again of rows that were there before, and none of them counts twice") {
  shard_scene s(behind_a_window());
  s.introduce(3);
  s.send(3, part(upstream_log, lowest_position, 40, 0, 2, false));
  s.introduce(4);
  s.send(4, part(upstream_log, lowest_position, 40, 0, 1, false));
  s.send(4, part(upstream_log, {40, 0}, 40, 1, 3, true));
  CHECK(s.upstream.taken.size() == 3);
  CHECK(s.windows->taken == std::vector<position>{{40, 0}, {40, 1}, {40, 2}});
}

TEST_CASE("a capture is taken only to acknowledge the one before it; then none is taken any more") {
  shard_scene s(behind_a_window());
  s.introduce(3);
  s.send(3, part(upstream_log, lowest_position, 40, 0, 2, true));
  const auto before = s.upstream.acknowledged.size();
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 1);
  s.capture_is_durable();
  CHECK(s.upstream.acknowledged.size() == before);
  s.pass(1s);
  REQUIRE(s.writer.captures.size() == 2);  // no frame has come meanwhile
  s.capture_is_durable();
  REQUIRE(s.upstream.acknowledged.size() == before + 1);
  CHECK(s.upstream.acknowledged.back().log == upstream_log);
  CHECK(s.upstream.acknowledged.back().sink == "b/0");
  CHECK(s.upstream.acknowledged.back().at == position{40, whole});
  s.pass(1s);
  s.pass(1s);
  CHECK(s.writer.captures.size() == 2);
}

TEST_CASE("a new life of the upstream shard is told at once what is durable") {
  shard_scene s(behind_a_window());
  s.introduce(3);
  s.send(3, part(upstream_log, lowest_position, 40, 0, 2, true));
  for (int n = 0; n < 2; ++n) {
    s.pass(1s);
    s.capture_is_durable();
  }
  const auto before = s.upstream.acknowledged.size();
  s.introduce(4);
  REQUIRE(s.upstream.acknowledged.size() == before + 1);
  CHECK(s.upstream.acknowledged.back().at == position{40, whole});
  CHECK(s.upstream.resumed.back().at == position{40, whole});
  CHECK_FALSE(s.upstream.resumed.back().durable);
}

TEST_CASE("a failed capture acknowledges nothing upstream") {
  shard_scene s(behind_a_window());
  s.introduce(3);
  s.send(3, part(upstream_log, lowest_position, 40, 0, 2, true));
  const auto before = s.upstream.acknowledged.size();
  s.pass(1s);
  s.capture_is_durable();
  s.pass(1s);
  s.capture_fails();
  CHECK(s.upstream.acknowledged.size() == before);
  s.pass(1s);
  s.capture_is_durable();
  CHECK(s.upstream.acknowledged.size() == before + 1);
}

TEST_CASE("how far earlier lives have taken output is known once all receivers have said where they stand") {
  auto setup = behind_a_window();
  setup.receivers = {"db", "files"};
  shard_scene s(setup);
  s.introduce(3);
  CHECK_FALSE(s.upstream.resumed.back().taken);
  s.resume("db", 1, position{30, whole}, position{50, whole});
  CHECK(s.upstream.furthest.empty());
  s.resume("files", 1, position{20, whole}, position{20, whole});
  REQUIRE(s.upstream.furthest.size() == 1);
  CHECK(s.upstream.furthest.back().log == upstream_log);
  CHECK(s.upstream.furthest.back().sink == "b/0");
  CHECK(s.upstream.furthest.back().taken == position{50, whole});
  s.resume("files", 2, position{20, whole}, position{20, whole});
  CHECK(s.upstream.furthest.size() == 1);
  s.introduce(4);
  CHECK(s.upstream.resumed.back().taken == position{50, whole});
  s.resume("files", 3, position{20, whole}, position{20, whole});
  CHECK(s.upstream.furthest.size() == 1);  // the new life was told when it was asked
}

TEST_CASE("a receiver that is a shard itself may say later how far it has taken output") {
  auto setup = behind_a_window();
  setup.receivers = {"c/0"};
  shard_scene s(setup);
  s.introduce(3);
  s.resume("c/0", 1, position{30, whole}, {}, false);
  CHECK(s.upstream.furthest.empty());
  s.say(messages::furthest_known{own_log, "c/0", {60, whole}});
  REQUIRE(s.upstream.furthest.size() == 1);
  CHECK(s.upstream.furthest.back().taken == position{60, whole});
}

TEST_CASE("a gap in the output of an upstream shard ends the life by an error") {
  shard_scene s(behind_a_window());
  s.introduce(3);
  s.send(3, part(upstream_log, {30, whole}, 40, 0, 2, true));
  CHECK(s.ended_well == false);
  CHECK(s.upstream.taken.empty());
}

TEST_CASE("output of a shard that was not introduced is dropped, and of a life above the one that was") {
  shard_scene s(behind_a_window());
  s.send(3, part(upstream_log, lowest_position, 40, 0, 2, true));
  CHECK(s.windows->taken.empty());
  s.introduce(3);
  s.send(4, part(upstream_log, lowest_position, 40, 0, 2, true));
  CHECK(s.windows->taken.empty());
  CHECK_FALSE(s.ended_well);
  s.send(3, part(upstream_log, lowest_position, 40, 0, 2, true));
  CHECK(s.windows->taken.size() == 2);
}

}  // namespace millrace::shard_test
