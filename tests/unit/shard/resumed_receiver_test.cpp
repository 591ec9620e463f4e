// Tests from where a receiver of a shard's output gets it, and how much of it at once.
#include "tests/unit/shard/shard_scene.hpp"

namespace millrace::shard_test {
namespace {

void feed_up_to_fifty(shard_scene& s) {
  s.attach();
  for (const auto at : {10, 20, 30, 40, 50})
    s.feed(at);
}

constexpr auto window_20 = position{20, whole};

}  // namespace

TEST_CASE("a receiver that restarts at an older position gets again what lies beyond it") {
  shard_scene s;
  s.resume("db", 1);
  feed_up_to_fifty(s);
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40, 50});
  CHECK(s.receiver["db"].output.back().life == life(1));
  s.acknowledge("db", 20);
  CHECK(s.gauges->retained_bytes == 3 * bytes_of_window());
  s.resume("db", 2, window_20);
  REQUIRE(s.receiver["db"].resumed.size() == 2);
  CHECK(s.receiver["db"].resumed.back().from == window_20);
  CHECK(s.receiver["db"].resumed.back().log == own_log);
  CHECK(s.receiver["db"].resumed.back().life == life(1));
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40, 50, 30, 40, 50});
}

TEST_CASE("a receiver that stands amid a window gets the frame in which its next row lies") {
  shard_setup setup;
  setup.limits.frame_rows = 2;
  shard_scene s(setup);
  s.windows->rows = 6;
  s.attach();
  s.feed(10);
  s.resume("db", 1, position{10, 2});
  const auto& output = s.receiver["db"].output;
  REQUIRE(output.size() == 2);
  CHECK(output[0].frame->begin == 2);
  CHECK(output[0].frame->reached == position{10, 3});
  CHECK(output[1].frame->reached == position{10, whole});
}

TEST_CASE("what a receiver stands at when it resumes is durable, unless it is a shard") {
  auto setup = shard_setup();
  setup.receivers = {"db", "behind"};
  shard_scene s(setup);
  feed_up_to_fifty(s);
  s.resume("behind", 1, position{30, whole}, {}, false);
  CHECK(s.gauges->held_by.at("behind") == 5 * bytes_of_window());
  s.resume("db", 1, window_20);
  CHECK(s.gauges->held_by.at("db") == 3 * bytes_of_window());
  CHECK(s.gauges->retained_bytes == 5 * bytes_of_window());
  CHECK(s.receiver["behind"].windows() == ends{40, 50});
}

TEST_CASE("a receiver that stands below what it once acknowledged is the run's error, and is sent nothing") {
  shard_scene s;
  s.resume("db", 1);
  feed_up_to_fifty(s);
  s.acknowledge("db", 30);
  s.resume("db", 2, window_20);
  REQUIRE(s.supervisor.failed.size() == 1);
  const auto& why = s.supervisor.failed.back().why;
  CHECK(why.code == ec::log_trimmed);
  CHECK(why.stage == "db");
  CHECK_THAT(why.message,
             Catch::Contains("'db' stands before what it once acknowledged") && Catch::Contains("--fresh"));
  CHECK(s.receiver["db"].resumed.size() == 1);
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40, 50});
  CHECK_FALSE(s.ended_well);
}

TEST_CASE("nobody but a receiver of the shard gets its output") {
  shard_scene s;
  feed_up_to_fifty(s);
  s.resume("stranger", 1);
  REQUIRE(s.supervisor.failed.size() == 1);
  CHECK(s.supervisor.failed.back().why.code == ec::internal);
  CHECK(s.receiver["stranger"].output.empty());
}

TEST_CASE("an earlier life of a receiver, overtaken by its next one, is passed over") {
  shard_scene s;
  feed_up_to_fifty(s);
  s.resume("db", life{1, 3}, position{40, whole});
  s.resume("db", life{1, 2}, window_20);
  CHECK(s.receiver["db"].resumed.size() == 1);
  CHECK(s.receiver["db"].windows() == ends{50});
  CHECK(s.supervisor.failed.empty());
}

TEST_CASE("a receiver that is new since the captures begins at the mark of then; the old one goes on") {
  std::vector<std::string> captures;
  {
    shard_setup setup;
    setup.snapshot_every = 1s;
    shard_scene s(setup);
    feed_up_to_fifty(s);
    s.pass(1s);
    captures = s.captures();
  }
  shard_setup setup;
  setup.now = 2;
  setup.receivers = {"db", "new"};
  setup.captures = captures;
  shard_scene s(setup);
  s.resume("new", 1);
  s.resume("db", 2, window_20);
  REQUIRE(s.receiver["new"].resumed.size() == 1);
  CHECK(s.receiver["new"].resumed.back().from == position{50, whole});
  CHECK(s.receiver["new"].resumed.back().life == life(2));
  CHECK(s.receiver["new"].output.empty());
  CHECK(s.receiver["db"].windows() == ends{30, 40, 50});
}

TEST_CASE("with updates a receiver that has more than the captures know is an error with its remedy") {
  shard_setup setup;
  setup.tick_every = 1s;
  shard_scene s(setup);
  s.resume("db", 1, position{5'000'000, whole});
  REQUIRE(s.supervisor.failed.size() == 1);
  CHECK(s.supervisor.failed.back().why.code == ec::corrupt);
  CHECK_THAT(s.supervisor.failed.back().why.message, Catch::Contains("--fresh"));
  CHECK(s.receiver["db"].resumed.empty());
}

TEST_CASE("a receiver gets no more than its credit before it says what it has taken") {
  shard_setup setup;
  setup.limits.credit = 2 * bytes_of_window();
  shard_scene s(setup);
  s.resume("db", 2);
  feed_up_to_fifty(s);
  CHECK(s.receiver["db"].windows() == ends{10, 20});
  s.say(messages::output_taken{own_log, "db", 1, window_20});  // the life before said it
  CHECK(s.receiver["db"].windows() == ends{10, 20});
  s.say(messages::output_taken{own_log, "db", 2, {10, whole}});
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30});
  s.say(messages::output_taken{own_log, "db", 2, {30, whole}});
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40, 50});
  CHECK(s.gauges->held_by.at("db") == 5 * bytes_of_window());  // none of it is durable
}

TEST_CASE("what a receiver has durable it has taken as well") {
  shard_setup setup;
  setup.limits.credit = 2 * bytes_of_window();
  shard_scene s(setup);
  s.resume("db", 1);
  feed_up_to_fifty(s);
  s.acknowledge("db", 20);
  CHECK(s.receiver["db"].windows() == ends{10, 20, 30, 40});
  CHECK(s.gauges->held_by.at("db") == 3 * bytes_of_window());
}

}  // namespace millrace::shard_test
