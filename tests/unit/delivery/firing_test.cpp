// A firing whose rows have no room at once: window by window, across captures and lives.
#include "runtime/delivery/shard.hpp"
#include "tests/unit/delivery/window_output.hpp"

#include <catch2/catch.hpp>

#include <tuple>

namespace millrace::delivery {
namespace {

/// A window of three rows at each multiple of ten, and of a row that fails where `fails`.
class tens final : public test::windows_without_state {
public:
  explicit tens(bool fails = false) : fails_(fails) {}
  std::uint64_t absorb_rows(const output_frame&, event_micros, ledger&) override { return 0; }
  std::optional<fired_window> fire_next(event_micros& fired_mark, event_micros watermark) override {
    const auto end = std::max<event_micros>(fired_mark, 0) / 10 * 10 + 10;
    if (end > std::min<event_micros>(watermark, 100)) {
      fired_mark = watermark;
      return std::nullopt;
    }
    fired_mark = end;
    fired_window w{end, test::rows(3), {}};
    if (fails_)
      w.failed.push_back({"{}", "too big"});
    return w;
  }

private:
  bool fails_;
};

shard_core make_bounded(incarnation life, std::size_t memory, bool fails = false) {
  shard_core::setup s;
  s.window = "w";
  s.log = "w/0/0";
  s.life = life;
  s.receivers = {"sink"};
  s.logs = {{"a", {}}};
  s.limits.frame_rows = 2;
  s.limits.memory = memory;
  return {std::move(s), std::make_unique<tens>(fails)};
}

using piece = std::tuple<position, std::uint32_t, std::uint32_t>;  // reached, rows [begin, end)

/// Sends all that may leave, and has it acknowledged.
void drain(shard_core& s, std::vector<piece>& to) {
  while (const auto f = s.out().next("sink")) {
    if (f->has_content())
      to.emplace_back(f->reached, f->begin, f->end);
    s.out().acknowledge("sink", f->reached);
  }
}

void go_on(shard_core& s, std::vector<piece>& to) {
  drain(s, to);
  while (s.fires_on()) {
    (void)s.fire_on();
    drain(s, to);
  }
}

std::vector<piece> with_room_for_all() {
  auto s = make_bounded(1, 1U << 20);
  (void)s.take(test::frame("a", s.ask("a", 1)->stamp, 0, 1, 47));
  CHECK_FALSE(s.fires_on());
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  std::vector<piece> out;
  go_on(s, out);
  CHECK(out.size() == 8);
  return out;
}

}  // namespace

TEST_CASE("a firing stops behind the window that fills the outbox, and goes on as rows leave") {
  auto s = make_bounded(1, 1);
  const auto a = s.ask("a", 1)->stamp;
  (void)s.take(test::frame("a", a, 0, 1, 47));
  CHECK(s.fired() == 10);
  CHECK(s.out().sent() == position{10, whole});
  CHECK(s.fires_on());
  CHECK_FALSE(s.takes_input());
  (void)s.fire_on();
  CHECK(s.fired() == 10);  // there is no room yet
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  std::vector<piece> out;
  drain(s, out);
  CHECK_FALSE(s.takes_input());  // ended windows fire first
  (void)s.fire_on();
  CHECK(s.fired() == 20);
  go_on(s, out);
  CHECK(out == with_room_for_all());
  CHECK(s.fired() == 47);
  CHECK(s.out().sent() == position{47, whole});
  CHECK(s.takes_input());
}

TEST_CASE("windows that fire together share frames, and one whose row fails has its own") {
  const auto frames_of = [](bool fails, std::uint32_t frame_rows) {
    shard_core::setup setup;
    setup.window = "w";
    setup.log = "w/0/0";
    setup.life = 1;
    setup.receivers = {"sink"};
    setup.logs = {{"a", {}}};
    setup.limits.frame_rows = frame_rows;
    shard_core s(std::move(setup), std::make_unique<tens>(fails));
    REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
    (void)s.take(test::frame("a", s.ask("a", 1)->stamp, 0, 1, 47));
    CHECK(s.rows_out() == 12);
    CHECK(s.counts().of(given_to("sink")).in == 12);
    std::vector<piece> out;
    drain(s, out);
    return out;
  };
  CHECK(frames_of(false, 100) == std::vector<piece>{{{40, whole}, 0, 12}});
  CHECK(frames_of(false, 8) == std::vector<piece>{{{20, whole}, 0, 6}, {{40, whole}, 0, 6}});
  const auto alone = frames_of(true, 100);
  REQUIRE(alone.size() == 8);
  CHECK(alone[0] == piece{{10, 2}, 0, 3});
  CHECK(alone[1] == piece{{10, whole}, 0, 0});
}

TEST_CASE("a firing stops behind a turn though there is room, and goes on with the next") {
  shard_core::setup setup;
  setup.log = "w/0/0";
  setup.life = 1;
  setup.receivers = {"sink"};
  setup.logs = {{"a", {}}};
  setup.turn = 1;
  shard_core s(std::move(setup), std::make_unique<tens>(false));
  (void)s.take(test::frame("a", s.ask("a", 1)->stamp, 0, 1, 47));
  for (const event_micros fired : {10, 20, 30, 40}) {
    CHECK(s.fired() == fired);
    CHECK(s.out().sent() == position{fired, whole});
    CHECK(s.fires_on());
    CHECK_FALSE(s.takes_input());
    (void)s.fire_on();
  }
  CHECK(s.fired() == 47);
  CHECK(s.takes_input());
}

TEST_CASE("a row that fails is a dead letter of its window and shard, behind the rows that did not") {
  auto s = make_bounded(1, 1U << 20, true);
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  (void)s.take(test::frame("a", s.ask("a", 1)->stamp, 0, 1, 10));
  dead_letters failed;
  while (const auto f = s.out().next("sink"))
    failed.insert(failed.end(), f->failed.begin(), f->failed.end());
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].stage == "w");
  CHECK(failed[0].partition == "w/0/0");
  CHECK(failed[0].at == position{10, 3});
  CHECK(failed[0].error == "too big");
  CHECK(failed[0].record == "{}");
  CHECK(s.rows_out() == 3);
}

TEST_CASE("a life that begins amid a firing gives the rest, the same rows at the same positions") {
  auto s = make_bounded(1, 1);
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  (void)s.take(test::frame("a", s.ask("a", 1)->stamp, 0, 1, 47));
  std::vector<piece> out;
  drain(s, out);
  (void)s.fire_on();
  std::vector<std::string> captures{s.capture_all()};
  (void)s.fire_on();
  CHECK_FALSE(s.changed());
  drain(s, out);
  (void)s.fire_on();
  CHECK(s.changed());  // although nothing was taken
  captures.push_back(s.capture_changes());
  CHECK(s.fired() == 30);

  auto next = make_bounded(2, 1);
  REQUIRE(next.restore(captures));
  CHECK(next.fired() == 30);
  CHECK(next.fires_on());
  REQUIRE(next.resume("sink", position{20, whole}, position{20, whole}, 2));
  go_on(next, out);
  CHECK(out == with_room_for_all());
  CHECK(next.rows_out() == 12);
}

TEST_CASE("what has not fired when inputs end is not the end") {
  auto s = make_bounded(1, 1);
  (void)s.take(test::frame("a", s.ask("a", 1)->stamp, 0, 1, end_of_time));
  CHECK(s.in().ended());
  CHECK_FALSE(s.ended());
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  std::vector<piece> out;
  go_on(s, out);
  CHECK(out.size() == 20);
  CHECK(s.ended());
}

TEST_CASE("a partition that comes back while a firing waits counts for what has not fired") {
  shard_core::setup setup;
  setup.log = "w/0/0";
  setup.life = 1;
  setup.receivers = {"sink"};
  setup.logs = {{"a", {}}, {"b", {}}};
  setup.limits.memory = 1;
  shard_core s(std::move(setup), std::make_unique<tens>());
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  (void)s.take(test::idle("b", b, 0, no_watermark));
  CHECK(s.take(test::frame("a", a, 0, 1, 47)).decision);
  CHECK(s.fired() == 10);
  REQUIRE(s.cannot_fire(test::frame("b", b, 0, 1, 5)));
  (void)s.take(test::frame("b", b, 0, 1, 5));
  CHECK_FALSE(s.fires_on());
  std::vector<piece> out;
  drain(s, out);
  CHECK_FALSE(s.take(test::frame("b", b, 1, 2, 23)).decision);
  CHECK(s.fired() == 20);
}

}  // namespace millrace::delivery
