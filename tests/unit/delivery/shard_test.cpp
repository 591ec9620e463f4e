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
    return fired_mark >= 100 ? 1 : 0;
  }
  std::vector<fired> fire(event_micros, event_micros watermark) override {
    return {{std::min<event_micros>(watermark, 1'000), test::rows(1), {}}};
  }
  void capture_all(wire::writer& out) override { out.varint(absorbed); }
  void capture_changes(wire::writer& out) override { out.varint(absorbed); }
  expected<void> apply(wire::reader& in) override {
    absorbed = in.varint();
    return {};
  }
  std::uint64_t absorbed = 0;
};

shard_core make(incarnation life = 1) {
  shard_core::setup s;
  s.log = "w/0/0";
  s.life = life;
  s.receivers = {"sink"};
  s.logs = {{"a", {}}, {"b", {}}};
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
  CHECK(next.resume("sink", std::nullopt)->frames.size() == s.out().retained_frames());
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

}  // namespace millrace::delivery
