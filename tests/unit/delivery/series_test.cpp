// A window downstream of another one: its shard takes the other's output as its logs.
#include "runtime/delivery/shard.hpp"
#include "runtime/delivery/stalled_input.hpp"
#include "tests/unit/delivery/window_output.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {
namespace {

using test::noting_windows, test::part, test::progress;

struct behind {
  explicit behind(bool updates = false, std::vector<std::string> receivers = {"sink"})
      : core(
            [&] {
              shard_core::setup s;
              s.log = "b/0/0";
              s.life = 1;
              s.receivers = std::move(receivers);
              s.upstream = {"w/0/0", "w/0/1"};
              s.updates = updates;
              return s;
            }(),
            [this] {
              auto made = std::make_unique<noting_windows>();
              windows = made.get();
              return made;
            }()) {}
  noting_windows* windows = nullptr;
  shard_core core;

  [[nodiscard]] mark stands(const log_id& log) const { return core.in().vector().at(log); }
};

}  // namespace

TEST_CASE("while a window is still coming, its log's watermark is its last microsecond") {
  CHECK(watermark_at({60, 3}) == 59);
  CHECK(watermark_at({60, whole}) == 60);
  CHECK(watermark_at(lowest_position) == no_watermark);
  CHECK(watermark_at(highest_position) == end_of_time);
}

TEST_CASE("a shard downstream of a window fires on the least mark of the upstream shards") {
  behind b;
  CHECK(b.core.take(part("w/0/0", lowest_position, 60, 0, 3, false)).outcome == intake::outcome::taken);
  CHECK(b.stands("w/0/0").watermark == 59);
  CHECK(b.core.fired() == no_watermark);
  (void)b.core.take(progress("w/0/1", lowest_position, 50));
  CHECK(b.core.fired() == 50);
  CHECK(b.core.out().sent() == position{50, whole});
  (void)b.core.take(progress("w/0/1", {50, whole}, 90));
  CHECK(b.core.fired() == 59);
  (void)b.core.take(part("w/0/0", {60, 2}, 60, 3, 10, true));
  CHECK(b.core.fired() == 60);
}

TEST_CASE("rows that were taken are dropped one by one, however the frames are cut, and a gap is refused") {
  behind b;
  (void)b.core.take(part("w/0/0", lowest_position, 60, 0, 3, false));
  CHECK(b.core.take(part("w/0/0", lowest_position, 60, 0, 2, false)).outcome == intake::outcome::stale);
  CHECK(b.core.take(part("w/0/0", {60, 1}, 60, 2, 6, false)).outcome == intake::outcome::taken);
  CHECK(b.windows->rows == std::vector<position>{{60, 0}, {60, 1}, {60, 2}, {60, 3}, {60, 4}, {60, 5}});
  CHECK(b.core.counts().of("select").in == 6);
  CHECK(b.core.take(part("w/0/0", {60, 7}, 60, 8, 10, true)).outcome == intake::outcome::broken);
  CHECK(b.core.take(progress("v/0/0", lowest_position, 10)).outcome == intake::outcome::broken);
}

TEST_CASE("the upstream window is acknowledged one generation late, and one more capture is due for that") {
  behind b;
  (void)b.core.take(progress("w/0/0", lowest_position, 60));
  CHECK(b.core.changed());
  (void)b.core.capture_changes();
  b.core.captured_durable(false);
  CHECK(b.core.acknowledged().at("w/0/0").at == lowest_position);
  CHECK(b.core.changed());
  (void)b.core.capture_changes();
  b.core.captured_durable(false);
  CHECK(b.core.acknowledged().at("w/0/0").at == position{60, whole});
  CHECK_FALSE(b.core.changed());
}

TEST_CASE("the end of all upstream windows is the end of the one behind") {
  behind b;
  (void)b.core.take(progress("w/0/0", lowest_position, end_of_time));
  CHECK_FALSE(b.core.ended());
  (void)b.core.take(progress("w/0/1", lowest_position, end_of_time));
  CHECK(b.core.ended());
  CHECK(b.core.out().sent() == highest_position);
}

TEST_CASE("a new life knows where it stands in the logs of the upstream window") {
  behind b;
  (void)b.core.take(part("w/0/0", lowest_position, 60, 0, 3, false));
  const auto capture = b.core.capture_changes();
  behind next;
  REQUIRE(next.core.restore({capture}));
  CHECK(next.stands("w/0/0") == mark{{60, 2}, 59});
  CHECK(next.stands("w/0/1") == mark{lowest_position, no_watermark});
}

TEST_CASE("what its lives have taken of the upstream window shows in what its receivers have of it") {
  behind b(false, {"sink", "other"});
  CHECK_FALSE(b.core.taken("w/0/0"));
  REQUIRE(b.core.resume("sink", position{40, 3}, position{70, 2}, 1));
  CHECK_FALSE(b.core.taken("w/0/0"));
  REQUIRE(b.core.resume("other", position{40, 3}, std::nullopt, 1));
  CHECK_FALSE(b.core.taken("w/0/0"));  // a shard that does not know yet either
  b.core.receiver_has("other", {60, whole});
  CHECK(b.core.taken("w/0/0") == position{70, whole});
  (void)b.core.take(progress("w/0/0", lowest_position, 80));
  CHECK(b.core.taken("w/0/0") == position{80, whole});
}

TEST_CASE("with updates nothing has left a shard that no capture holds: it knows what it has taken") {
  behind b(true);
  CHECK(b.core.taken("w/0/0") == lowest_position);
}

TEST_CASE("output that waits stays in order, its progress is joined, and the log that is behind goes first") {
  stalled_output waiting;
  const auto put = [&](output_frame f) { waiting.push(std::make_shared<const output_frame>(std::move(f))); };
  put(progress("a", lowest_position, 50));
  put(progress("a", {50, whole}, 60));
  put(part("a", {60, whole}, 70, 0, 3, true));
  put(part("b", lowest_position, 55, 0, 3, true));
  const auto any = [](const output_frame&) { return true; };
  CHECK_FALSE(waiting.take([](const output_frame&) { return false; }));
  CHECK(waiting.take(any)->log == "b");
  const auto joined = waiting.take(any);
  CHECK(joined->since == lowest_position);
  CHECK(joined->reached == position{60, whole});
  CHECK(waiting.take(any)->has_content());
  CHECK(waiting.empty());
}

}  // namespace millrace::delivery
