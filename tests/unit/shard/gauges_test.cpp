// Tests what a shard shows of itself: how large it is, the windows of a key, its counts, and rows as they
// pass.
#include "tests/unit/shard/setups.hpp"

#include <algorithm>

namespace millrace::shard_test {
namespace {

/// The window "b", whose rows go to the sink "db".
std::shared_ptr<const config::topology> window_and_sink() {
  auto t = std::make_shared<config::topology>();
  t->stages.resize(2);
  t->stages[0].name = "b";
  config::window_plan plan;
  plan.output.input = plan.output.output = delivery::test::rows(1)->schema;
  t->stages[0].plan = std::move(plan);
  t->stages[1].name = "db";
  t->stages[1].from = {{"b"}};
  t->stages[1].plan = config::sink_plan{};
  return t;
}

}  // namespace

TEST_CASE("how large a shard is, and what its stages have counted, is looked at a fifth of a second later") {
  shard_scene s;
  s.pass(200ms);
  s.windows->held = {2, 30, 4000};
  s.attach();
  auto f = delivery::test::frame(lane_log, s.fed().stamp, 0, 1, 10);
  f.counts = {{"b", {.in = 5, .out = 4, .filtered = 1}}};
  s.give(f);
  CHECK(s.gauges->rows == 1);
  CHECK(s.gauges->watermark == 10);
  CHECK(s.gauges->fired == 10);
  s.pass(199ms);
  CHECK(s.gauges->keys == 0);
  CHECK(s.flow->all().empty());
  s.pass(1ms);
  CHECK(s.gauges->windows_open == 2);
  CHECK(s.gauges->keys == 30);
  CHECK(s.gauges->bytes == 4000);
  CHECK(s.gauges->next_end == 20);
  CHECK(s.flow->all().at("b") == delivery::stage_counts{.in = 5, .out = 4, .filtered = 1});
  s.windows->held = {};
  s.pass(1s);
  CHECK(s.gauges->keys == 30);  // no row has come: nobody looks
}

TEST_CASE("a new life of a shard has gained what it counts itself, whatever its snapshot has counted") {
  std::vector<std::string> captures;
  {
    shard_scene s(with_snapshots());
    s.attach();
    s.feed(10);
    s.feed(20);
    CHECK(s.gauges->rows == 2);
    CHECK(s.gauges->rows_gained == 2);
    s.pass(1s);
    REQUIRE(s.writer.captures.size() == 1);
    captures.push_back(*s.writer.captures.back().bytes);
    s.feed(30);  // after the capture
    CHECK(s.gauges->rows_gained == 3);
  }
  auto setup = with_snapshots();
  setup.now = 2;
  setup.captures = captures;
  shard_scene s(setup);
  s.attach();
  CHECK(s.gauges->rows_gained == 0);
  s.feed(30);
  CHECK(s.gauges->rows == 3);
  CHECK(s.gauges->rows_gained == 1);
}

TEST_CASE("what was counted up to a stop is in the flow, and nothing twice") {
  shard_scene s;
  s.attach();
  auto f = delivery::test::frame(lane_log, s.fed().stamp, 0, 1, 5);
  f.counts = {{"b", {.in = 5, .out = 5}}};
  s.give(f);
  s.pass(200ms);
  s.say(messages::stop{});
  s.capture_is_durable();
  CHECK(s.flow->all().at("b") == delivery::stage_counts{.in = 5, .out = 5});
}

TEST_CASE("the windows of a key are looked up, as many as are wanted") {
  shard_scene s;
  s.attach();
  s.feed(15);
  const auto found = s.ask(shard::look_up_key{"abc", 2});
  REQUIRE(found.windows.rows);
  CHECK(found.windows.rows->rows == 2);
  CHECK_FALSE(found.windows.are_all);
  CHECK(found.watermark == 15);
  CHECK(found.fired == 15);
}

TEST_CASE("buckets of pauses and of captures rise, and a duration lies in the first that is not shorter") {
  CHECK(std::is_sorted(shard::pause_bounds.begin(), shard::pause_bounds.end(), std::less_equal()));
  CHECK(std::is_sorted(shard::snapshot_bounds.begin(), shard::snapshot_bounds.end(), std::less_equal()));
  shard::pause_histogram pauses;
  for (const auto d : {20us, 21us, 100'000us, 100'001us})
    pauses.add(d);
  CHECK(pauses.count(0) == 1);
  CHECK(pauses.count(1) == 1);
  CHECK(pauses.count(shard::pause_bounds.size() - 1) == 1);
  CHECK(pauses.count(shard::pause_bounds.size()) == 1);
}

TEST_CASE("a row is shown once, when it leaves for the first of its receivers") {
  auto setup = shard_setup();
  setup.receivers = {"db", "files"};
  setup.taps = std::make_shared<stage::taps>(window_and_sink());
  shard_scene s(setup);
  s.windows->rows = 2;
  s.resume("db", 1);
  s.resume("files", 1);
  s.attach();
  s.feed(10);  // nobody looks
  CHECK(setup.taps->look("b->db", 0).rows.empty());
  s.feed(20);
  s.feed(25);  // progress alone
  const auto seen = setup.taps->look("b->db", 1);
  REQUIRE(seen.rows.size() == 2);
  CHECK(seen.rows[0].row == R"({"n":0})");
  CHECK(seen.rows[1].row == R"({"n":1})");
  CHECK(seen.passed == 2);
  s.resume("db", 2);
  CHECK(setup.taps->look("b->db", 1).passed == 2);
}

}  // namespace millrace::shard_test
