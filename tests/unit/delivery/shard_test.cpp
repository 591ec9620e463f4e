#include "runtime/delivery/decision_gate.hpp"
#include "runtime/delivery/shard.hpp"
#include "tests/unit/delivery/frames.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {
namespace {

/// Counts absorbed payloads; a row whenever it fires.
class counting_windows final : public window_state {
public:
  std::uint64_t absorb(const payload&, event_micros fired_mark) override {
    ++absorbed;
    last_mark = fired_mark;
    return fired_mark >= 100 ? 1 : 0;
  }
  std::vector<fired> fire(event_micros, event_micros watermark) override {
    return {{std::min<event_micros>(watermark, 1'000), test::rows(1), {}}};
  }
  std::optional<fired> changes() override {
    if (given == absorbed)
      return std::nullopt;
    given = absorbed;
    return fired{0, test::rows(2), {}};
  }
  void capture_all(wire::writer& out) override { out.varint(absorbed); }
  void capture_changes(wire::writer& out) override { out.varint(absorbed); }
  expected<void> apply(wire::reader& in) override {
    absorbed = in.varint();
    return {};
  }
  std::uint64_t absorbed = 0;
  event_micros last_mark = no_watermark;
  std::uint64_t given = 0;
};

event_micros last_mark(shard_core& s) { return static_cast<counting_windows&>(s.windows()).last_mark; }

shard_core make(incarnation life = 1, std::map<log_id, mark> found = {}, bool updates = false) {
  shard_core::setup s;
  s.found = std::move(found);
  s.log = "w/0/0";
  s.life = life;
  s.receivers = {"sink"};
  s.logs = {{"a", {}}, {"b", {}}};
  s.updates = updates;
  return {std::move(s), std::make_unique<counting_windows>()};
}

lane_frame with_content(lane_frame f) {
  f.content = std::make_shared<rows_payload>();
  f.counts = {{1, {.in = 1, .out = 1}}};
  return f;
}

position acknowledged(const shard_core& s) { return s.acknowledged().at("a").at; }

}  // namespace

TEST_CASE("a shard fires on the minimum of its logs, and gives credit back with held frames") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  CHECK(s.take(with_content(test::frame("a", a, 3, 5, 50))).taken_bytes == 0);
  auto out = s.take(with_content(test::frame("a", a, 0, 3, 30)));
  CHECK(out.taken_bytes == 20);
  CHECK(out.frames.empty());
  out = s.take(test::frame("b", b, 0, 1, 40));
  REQUIRE(out.frames.size() == 1);
  CHECK(out.frames.front().reached == position{40, whole});
  CHECK_FALSE(out.decision);
  CHECK(s.counts().stages().at(1).in == 2);
  CHECK(s.take(test::frame("b", {1, 9}, 1, 2)).verdict == intake::verdict::stale);
}

TEST_CASE("a firing that leaves an idle log out is a decision") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  CHECK_FALSE(s.take(test::idle("b", b, 0, no_watermark)).decision);
  CHECK(s.take(test::frame("a", a, 0, 1, 100)).decision);
  CHECK(s.take(with_content(test::frame("b", b, 0, 1, 50))).frames.empty());
  CHECK(s.late_at_shard() == 1);
}

TEST_CASE("lanes are acknowledged the vector of the capture before the newest") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  for (std::int64_t i = 0; i < 3; ++i) {
    CHECK_FALSE(s.changed());
    (void)s.take(with_content(test::frame("a", a, i, i + 1)));
    CHECK(s.changed());
    (void)s.capture_changes();
  }
  CHECK(acknowledged(s) == test::at(0));
  s.captured_durable(false);
  CHECK(acknowledged(s) == test::at(0));
  s.capture_failed();
  CHECK(acknowledged(s) == test::at(0));
  s.captured_durable(false);
  CHECK(acknowledged(s) == test::at(1));
  s.captured_durable(false);  // nothing is under way
  CHECK(acknowledged(s) == test::at(1));
  (void)s.take(with_content(test::frame("a", a, 3, 4)));
  (void)s.capture_changes();
  s.captured_durable(true);
  CHECK(acknowledged(s) == test::at(4));
}

TEST_CASE("a new life stands where the chain of captures ends, and acknowledges what precedes the newest") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(with_content(test::frame("a", a, 0, 2, 20)));
  const auto base = s.capture_all();
  (void)s.take(with_content(test::frame("b", b, 0, 2, 30)));
  const auto failed = s.capture_changes();
  (void)s.take(with_content(test::frame("a", a, 2, 6, 60)));
  const auto merged = failed + s.capture_changes();

  auto next = make(2);
  REQUIRE(next.restore({base, merged}));
  CHECK(next.in().vector() == s.in().vector());
  CHECK(acknowledged(next) == test::at(2));
  CHECK(next.fired() == s.fired());
  CHECK(next.rows_out() == s.rows_out());
  CHECK(next.counts().stages() == s.counts().stages());
  CHECK(next.resume("sink", std::nullopt, lowest_position)->frames.size() == s.out().retained_frames());
  CHECK(next.ask("a", 1)->stamp.life == 2);
}

TEST_CASE("damaged captures are refused with an error, wherever they are cut") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(with_content(test::frame("a", a, 0, 2, 20)));
  (void)s.take(with_content(test::frame("b", b, 0, 2, 30)));
  const auto bytes = s.capture_all();
  for (std::size_t n = 1; n < bytes.size(); ++n) {
    const auto result = make(2).restore({bytes.substr(0, n)});
    REQUIRE_FALSE(result);
    REQUIRE(result.error().code == ec::corrupt);
  }
  auto later = bytes;
  later[0] = 99;
  CHECK(make(2).restore({later}).error().code == ec::unsupported);
}

TEST_CASE("output waits for its decision, and what follows waits behind it") {
  decision_gate gate;
  const auto frame_at = [](event_micros end) {
    output_frame f;
    f.reached = {end, whole};
    return f;
  };
  CHECK(gate.pass({0, whole}, {frame_at(10)}, false).size() == 1);
  gate.capture_begun();  // an ordinary one, under way
  CHECK(gate.pass({10, whole}, {frame_at(20)}, true).empty());
  gate.capture_begun();
  CHECK(gate.pass({20, whole}, {frame_at(30)}, false).empty());
  CHECK(gate.may_leave(frame_at(10)));
  CHECK_FALSE(gate.may_leave(frame_at(20)));
  CHECK(gate.capture_durable(false).empty());
  CHECK(gate.pass({30, whole}, {frame_at(40)}, true).empty());
  gate.capture_begun();
  gate.capture_failed();  // written together with the next
  CHECK(gate.capture_durable(true).size() == 3);
  CHECK_FALSE(gate.closed());
}

TEST_CASE("a log that is found joins when every receiver has said where it stands") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(test::frame("a", a, 0, 1, 40));
  (void)s.take(test::frame("b", b, 0, 1, 50));
  CHECK_FALSE(s.answers("c"));
  s.found("c", {test::at(7), no_watermark});
  CHECK_FALSE(s.join());
  CHECK_FALSE(s.answers("c"));
  (void)s.take(test::frame("a", a, 1, 2, 45));  // the others go on without it
  CHECK(s.fired() == 45);
  REQUIRE(s.resume("sink", std::nullopt, lowest_position));
  CHECK(s.join());
  CHECK_FALSE(s.join());
  CHECK(s.in().floor("c") == 45);
  (void)s.take(test::frame("a", a, 2, 3, 60));
  CHECK(s.fired() == 45);  // from now on nothing fires without it
}

TEST_CASE("a joined log is answered when two copies say that it has joined") {
  auto s = make(1, {{"c", {}}});
  REQUIRE(s.resume("sink", std::nullopt, lowest_position));
  (void)s.capture_changes();  // under way, without it
  REQUIRE(s.join());
  CHECK(s.changed());
  (void)s.capture_changes();
  CHECK_FALSE(s.answers("c"));
  s.captured_durable(true);
  CHECK_FALSE(s.answers("c"));
  s.capture_failed();  // written together with the next
  CHECK_FALSE(s.answers("c"));
  (void)s.capture_changes();
  s.captured_durable(true);
  CHECK(s.answers("c"));
  CHECK(s.ask("c", 1).has_value());
  CHECK(s.answers("a"));
}

TEST_CASE("after a fall back a log joins above all that was sent, which comes again as it was") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(test::frame("a", a, 0, 1, 80));
  (void)s.take(test::frame("b", b, 0, 1, 80));
  const auto kept = s.capture_all();
  (void)s.take(with_content(test::frame("a", a, 1, 2, 100)));
  const auto sent = s.take(test::frame("b", b, 1, 2, 100)).frames;
  REQUIRE(s.fired() == 100);

  auto next = make(2, {{"c", {}}});
  REQUIRE(next.restore({kept}));
  CHECK(next.fired() == 80);
  CHECK_FALSE(next.join());
  REQUIRE(next.resume("sink", position{80, whole}, position{100, whole}));
  REQUIRE(next.join());
  CHECK(next.in().floor("c") == 100);
  const auto held = next.capture_changes();
  next.captured_durable(true);
  const auto c = next.ask("c", 1)->stamp;
  (void)next.take(with_content(test::frame("c", c, 0, 1, 70)));
  CHECK(last_mark(next) == 100);  // not 80: the windows between have gone out without it
  CHECK(next.late_at_shard() == 1);
  const auto again_a = next.ask("a", 2)->stamp;
  const auto again_b = next.ask("b", 2)->stamp;
  (void)next.take(with_content(test::frame("a", again_a, 1, 2, 100)));
  CHECK(last_mark(next) == 80);
  const auto again = next.take(test::frame("b", again_b, 1, 2, 100)).frames;
  REQUIRE(again.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i)
    CHECK(again[i].reached == sent[i].reached);

  auto third = make(3, {{"c", {}}});
  REQUIRE(third.restore({kept, held}));
  CHECK(third.in().floor("c") == 100);
  CHECK(third.answers("c"));
  CHECK_FALSE(third.join());
}

TEST_CASE("a log that a capture does not know joins, whoever says that it was there from the first") {
  auto s = make();
  shard_core::setup more;
  more.log = "w/0/0";
  more.receivers = {"sink"};
  more.logs = {{"a", {}}, {"b", {}}, {"c", {}}};
  shard_core later(std::move(more), std::make_unique<counting_windows>());
  REQUIRE(later.restore({s.capture_all()}));
  CHECK(later.in().vector().size() == 2);
  CHECK_FALSE(later.ended());
  REQUIRE(later.resume("sink", std::nullopt, lowest_position));
  CHECK(later.join());
}

TEST_CASE("a floor counts what windows wait for beyond their end") {
  shard_core::setup setup;
  setup.log = "w/0/0";
  setup.receivers = {"sink"};
  setup.logs = {{"a", {}}};
  setup.found = {{"c", {}}};
  setup.allowed_lateness = micros(5);
  shard_core s(std::move(setup), std::make_unique<counting_windows>());
  REQUIRE(s.resume("sink", position{10, whole}, position{20, 3}));
  REQUIRE(s.join());
  CHECK(s.in().floor("c") == 25);
}

TEST_CASE("a tick gives what has changed, or says that nothing has, and is a decision either way") {
  auto s = make(1, {}, true);
  const auto a = s.ask("a", 1)->stamp;
  CHECK(s.take(with_content(test::frame("a", a, 0, 1, 50))).frames.empty());
  auto out = s.tick(1000);
  REQUIRE(out.frames.size() == 1);
  CHECK(out.decision);
  CHECK(out.frames.front().reached == position{1000, whole});
  CHECK(out.frames.front().rows->rows == 2);
  CHECK(s.tick(1000).frames.empty());
  CHECK(s.tick(999).frames.empty());
  out = s.tick(2000);
  REQUIRE(out.frames.size() == 1);
  CHECK_FALSE(out.frames.front().rows);
  CHECK(out.decision);
  CHECK(s.rows_out() == 2);
}

TEST_CASE("a new life takes no tick that was announced, and sends the same frames again") {
  auto s = make(1, {}, true);
  const auto a = s.ask("a", 1)->stamp;
  (void)s.take(with_content(test::frame("a", a, 0, 1, 50)));
  const auto sent = s.tick(1000).frames;
  (void)s.tick(2000);
  const auto capture = s.capture_all();
  auto again = make(2, {}, true);
  REQUIRE(again.restore({capture}));
  CHECK(again.ticked() == 2000);
  CHECK(again.tick(2000).frames.empty());
  const auto resumed = again.resume("sink", lowest_position, lowest_position);
  REQUIRE(resumed);
  REQUIRE(resumed->frames.size() == 2);
  CHECK(resumed->frames[0].reached == sent[0].reached);
  CHECK(resumed->frames[0].rows->rows == 2);
}

TEST_CASE("with updates a log joins at once, above what has closed") {
  auto s = make(1, {}, true);
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(test::frame("a", a, 0, 1, 40));
  (void)s.take(test::frame("b", b, 0, 1, 50));
  (void)s.tick(1'000'000);
  s.found("c", {});
  REQUIRE(s.join());
  CHECK(s.in().floor("c") == 40);
}

TEST_CASE("the end of all inputs is a last tick, the same for every shard") {
  auto s = make(1, {}, true);
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(with_content(test::frame("a", a, 0, 1, end_of_time)));
  const auto out = s.take(test::frame("b", b, 0, 1, end_of_time));
  REQUIRE(out.frames.size() == 1);
  CHECK(out.decision);
  CHECK(out.frames.front().reached == highest_position);
  CHECK(s.ticked() == end_of_time);
  CHECK(s.tick(5000).frames.empty());
}

}  // namespace millrace::delivery
