#include "runtime/delivery/sink.hpp"
#include "tests/unit/delivery/frames.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {
namespace {

output_frame output(const log_id& log, position since, position reached, std::uint32_t begin,
                    std::uint32_t end) {
  output_frame f;
  f.log = log;
  f.since = since;
  f.reached = reached;
  f.begin = begin;
  f.end = end;
  if (begin < end)
    f.rows = test::rows(end);
  return f;
}
output_frame window(const log_id& log, position since, event_micros end, std::uint32_t rows = 1) {
  return output(log, since, {end, whole}, 0, rows);
}

sink_core two_shards() {
  sink_core sink(1);
  sink.add_shard_log(1, "a");
  sink.add_shard_log(1, "b");
  sink.restore({}, 1);
  sink.begin_at("a", lowest_position);
  sink.begin_at("b", lowest_position);
  return sink;
}

}  // namespace

TEST_CASE("a window comes out once every shard has passed it, earlier ones first") {
  auto sink = two_shards();
  REQUIRE(sink.take(window("a", lowest_position, 10)));
  REQUIRE(sink.take(window("a", {10, whole}, 20)));
  CHECK_FALSE(sink.next_window());
  REQUIRE(sink.take(window("b", lowest_position, 20)));
  auto w = sink.next_window();
  REQUIRE(w);
  CHECK(w->end == 10);
  CHECK(w->frames.size() == 1);
  w = sink.next_window();
  REQUIRE(w);
  CHECK(w->end == 20);
  CHECK(w->frames.size() == 2);
  CHECK_FALSE(sink.next_window());
}

TEST_CASE("a window of which a part is under way does not come out") {
  auto sink = two_shards();
  REQUIRE(sink.take(window("a", lowest_position, 10)));
  REQUIRE(sink.take(output("b", lowest_position, {10, 3}, 0, 4)));
  CHECK_FALSE(sink.next_window());
  REQUIRE(sink.take(output("b", {10, 3}, {10, whole}, 4, 6)));
  CHECK(sink.next_window()->frames.size() == 3);
}

TEST_CASE("rows at or below the position are dropped one by one, however frames are cut") {
  auto sink = two_shards();
  REQUIRE(sink.take(output("a", lowest_position, {10, 3}, 0, 4)));
  REQUIRE(sink.take(output("a", lowest_position, {10, 1}, 0, 2)));
  REQUIRE(sink.take(output("a", {10, 1}, {10, whole}, 2, 6)));
  REQUIRE(sink.take(window("b", lowest_position, 10, 0)));
  const auto w = sink.next_window();
  REQUIRE(w);
  REQUIRE(w->frames.size() == 2);
  CHECK(w->frames[0].end == 4);
  CHECK(w->frames[1].begin == 4);
}

TEST_CASE("of a frame of several windows each comes out by itself, once it is whole") {
  auto sink = two_shards();
  auto f = output("a", lowest_position, {30, whole}, 0, 6);
  f.windows = {{10, 0}, {20, 2}, {30, 3}};
  REQUIRE(sink.take(f));
  REQUIRE(sink.take(window("b", lowest_position, 20, 1)));
  auto w = sink.next_window();
  REQUIRE(w);
  CHECK(w->end == 10);
  REQUIRE(w->frames.size() == 1);
  CHECK(w->frames[0].end - w->frames[0].begin == 2);
  w = sink.next_window();
  REQUIRE(w);
  CHECK(w->end == 20);
  CHECK(w->frames.size() == 2);
  CHECK_FALSE(sink.next_window());
  CHECK(sink.come_out("a") == position{20, whole});
  CHECK(sink.progress().at("a").at == position{29, whole});

  // Its next life is given the frame whole, and drops what the target has.
  sink.restore({{"a", {{20, whole}, 20}}, {"b", {{20, whole}, 20}}}, 2);
  sink.begin_at("a", {20, whole});
  sink.begin_at("b", {20, whole});
  REQUIRE(sink.take(f));
  REQUIRE(sink.take(window("b", {20, whole}, 30, 0)));
  w = sink.next_window();
  REQUIRE(w);
  CHECK(w->end == 30);
  REQUIRE(w->frames.size() == 1);
  CHECK(w->frames[0].end - w->frames[0].begin == 3);
  CHECK_FALSE(sink.next_window());
}

TEST_CASE("a gap is noticed, and a log that nobody has named") {
  auto sink = two_shards();
  CHECK_FALSE(sink.take(window("a", {5, whole}, 10)));
  CHECK_FALSE(sink.take(window("c", lowest_position, 10)));
}

TEST_CASE("after opening again, what was under way is dropped until the shard sends from the position") {
  auto sink = two_shards();
  sink.restore({{"a", {{10, whole}, 10}}}, 2);
  CHECK(sink.take(window("a", {30, whole}, 40)));
  CHECK(sink.held_frames() == 0);
  sink.begin_at("a", {10, whole});
  CHECK_FALSE(sink.take(window("a", {30, whole}, 40)));
  CHECK(sink.take(window("a", {10, whole}, 20)));
  CHECK(sink.held_frames() == 1);
}

TEST_CASE("positions to commit never go back, and hold no row that has not come out") {
  auto sink = two_shards();
  REQUIRE(sink.take(window("a", lowest_position, 10, 0)));
  CHECK(sink.progress().at("a").at == position{10, whole});
  REQUIRE(sink.take(window("a", {10, whole}, 20)));
  // No frame ends between 10 and 20: a shard that has ended a frame there, in another life, waits for no
  // more.
  CHECK(sink.progress().at("a").at == position{19, whole});
  REQUIRE(sink.take(window("b", lowest_position, 20, 0)));
  REQUIRE(sink.next_window());
  CHECK(sink.progress().at("a").at == position{20, whole});
}

TEST_CASE("a sink is complete when everything that feeds it has ended and is committed") {
  sink_core sink(1);
  sink.add_lane_log("lane", {});
  sink.add_shard_log(1, "a");
  sink.restore({}, 1);
  sink.begin_at("a", lowest_position);
  const auto stamp = sink.ask("lane", 1)->stamp;
  CHECK(sink.take(test::frame("lane", stamp, 0, 5, end_of_time)).outcome == intake::outcome::taken);
  REQUIRE(sink.take(window("a", lowest_position, end_of_time, 0)));
  CHECK_FALSE(sink.complete());
  sink.committed(sink.progress());
  CHECK(sink.complete());
  CHECK_FALSE(sink.has_uncommitted_progress());
}

TEST_CASE("a log that is found later goes on from what the target has of it, else from its start") {
  sink_core s(1);
  s.add_lane_log("a", {});
  s.restore({{"a", {test::at(3), 3}}, {"b", {test::at(4), 4}}}, 2);
  CHECK_FALSE(s.knows("b"));
  s.add_lane_log("b", {test::at(1), no_watermark});
  s.add_lane_log("c", {test::at(2), no_watermark});
  CHECK(s.knows("b"));
  CHECK(s.ask("b", 1)->have == mark{test::at(4), 4});
  CHECK(s.ask("c", 1)->have == mark{test::at(2), no_watermark});
}

TEST_CASE("a sink says how far it has taken a shard's output, committed or not") {
  sink_core s(1);
  s.add_shard_log(0, "w");
  s.restore({}, 1);
  CHECK(s.taken("w") == lowest_position);
  s.begin_at("w", {10, whole});
  CHECK(s.taken("w") == position{10, whole});
  output_frame f;
  f.log = "w";
  f.since = {10, whole};
  f.reached = {20, whole};
  REQUIRE(s.take(f));
  CHECK(s.taken("w") == position{20, whole});
  CHECK(s.committed().empty());
}

TEST_CASE("a target that has an earlier run's end stands at the start of the run behind it") {
  const mark ended{{0, 101}, end_of_time};
  const mark start{{1, 100}, no_watermark};
  for (const bool known_before : {true, false}) {
    sink_core sink(1, 1);
    if (known_before)
      sink.add_lane_log("p/0", start);
    sink.restore({{"p/0", ended}, {"w/0/0", {highest_position, end_of_time}}}, 1);
    if (!known_before)
      sink.add_lane_log("p/0", start);
    CHECK(sink.ask("p/0", 1)->have == start);
    CHECK_FALSE(sink.complete());
  }
  sink_core sink(1, 1);
  sink.add_lane_log("p/0", start);
  const mark run{{1, 0}, end_of_time};
  CHECK(sink.progress().at("run") == run);
  const mark within{{1, 150}, 7};
  sink.restore({{"p/0", within}, {"run", run}}, 1);
  CHECK(sink.ask("p/0", 1)->have == within);
  const mark end{{1, 201}, end_of_time};
  sink.restore({{"p/0", end}, {"run", run}}, 1);
  CHECK(sink.ask("p/0", 1)->have == end);
  CHECK(sink.complete());
}

TEST_CASE("a log that ended before and has nothing new in this run stays ended") {
  const mark ended{{0, 3}, end_of_time};
  sink_core sink(1, 1);
  sink.add_lane_log("refused", {});
  sink.restore({{"refused", ended}}, 1);
  CHECK(sink.ask("refused", 1)->have == ended);
}

TEST_CASE("a target that was put back to before the last run lacks it") {
  const auto of_run = [](std::int64_t n) {
    std::map<log_id, mark> committed{{"p/0", {{n, 7}, end_of_time}}};
    if (n != 0)
      committed["run"] = {{n, 0}, end_of_time};
    return committed;
  };
  const sink_core sink(1, 2);
  CHECK_FALSE(sink.lacks_a_run({}));  // a new target
  CHECK(sink.lacks_a_run(of_run(0)));
  CHECK_FALSE(sink.lacks_a_run(of_run(1)));
  CHECK_FALSE(sink.lacks_a_run(of_run(2)));
  CHECK_FALSE(sink_core(1).lacks_a_run(of_run(0)));
}

}  // namespace millrace::delivery
