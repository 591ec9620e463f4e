#include "runtime/base/earlier_format.hpp"
#include "runtime/delivery/decision_gate.hpp"
#include "runtime/delivery/shard.hpp"
#include "runtime/delivery/stalled_input.hpp"
#include "runtime/wire/batch_format.hpp"
#include "tests/unit/delivery/frames.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {
namespace {

/// Counts absorbed payloads; a row whenever it fires.
class counting_windows final : public window_state {
public:
  std::uint64_t absorb(const lane_frame&, event_micros fired_mark) override {
    ++absorbed;
    last_mark = fired_mark;
    return fired_mark >= 100 ? 1 : 0;
  }
  std::uint64_t absorb_rows(const output_frame&, event_micros, ledger&) override { return 0; }
  std::optional<fired_window> fire_next(event_micros& fired_mark, event_micros watermark) override {
    fired_mark = watermark;
    return fired_window{std::min<event_micros>(watermark, 1'000), test::rows(1), {}};
  }
  bool changes(std::size_t, std::vector<fired_window>& into) override {
    if (given == absorbed)
      return true;
    into.push_back({0, test::rows(2), {}});
    if (into.size() < turns)
      return false;
    given = absorbed;
    return true;
  }
  void capture_all(wire::writer& out) override { out.varint(absorbed); }
  void capture_changes(wire::writer& out) override { out.varint(absorbed); }
  expected<void> apply(wire::reader& in) override {
    absorbed = in.varint();
    return {};
  }
  [[nodiscard]] window_size size() const override { return {}; }
  [[nodiscard]] std::optional<event_micros> next_end(event_micros) const override { return std::nullopt; }
  [[nodiscard]] open_windows look_up(std::string_view, event_micros, std::size_t) const override {
    return {};
  }
  std::uint64_t absorbed = 0;
  event_micros last_mark = no_watermark;
  std::uint64_t given = 0;
  std::size_t turns = 1;  // turns of a tick; each gives two rows
};

event_micros last_mark(shard_core& s) { return static_cast<counting_windows&>(s.windows()).last_mark; }

shard_core make(const life& now = 1, std::map<log_id, mark> found = {}, bool updates = false) {
  shard_core::setup s;
  s.found = std::move(found);
  s.log = "w/0/0";
  s.life = now;
  s.receivers = {"sink"};
  s.logs = {{"a", {}}, {"b", {}}};
  s.updates = updates;
  return {std::move(s), std::make_unique<counting_windows>()};
}

lane_frame with_content(lane_frame f) {
  f.content = std::make_shared<const row_batches>();
  f.counts = {{"w", {.in = 1, .out = 1}}};
  return f;
}

std::vector<output_ptr> sent_to_sink(shard_core& s) {
  std::vector<output_ptr> frames;
  while (auto f = s.out().next("sink"))
    frames.push_back(std::move(f));
  return frames;
}

position acknowledged(const shard_core& s) { return s.acknowledged().at("a").at; }

}  // namespace

TEST_CASE("the fences of a further life under the same term are above those of the life before") {
  auto before = make({7, 0});
  static_cast<void>(before.ask("a", 1));
  const auto last = before.ask("a", 1);
  auto after = make({7, 1});
  const auto first = after.ask("a", 1);
  REQUIRE(last);
  REQUIRE(first);
  CHECK(last->stamp < first->stamp);
}

TEST_CASE("a shard fires on the minimum of its logs, and gives credit back with held frames") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  CHECK(s.take(with_content(test::frame("a", a, 3, 5, 50))).taken_bytes == 0);
  auto out = s.take(with_content(test::frame("a", a, 0, 3, 30)));
  CHECK(out.taken_bytes == 20);
  CHECK(s.out().sent() == lowest_position);
  out = s.take(test::frame("b", b, 0, 1, 40));
  CHECK(s.out().retained_frames() == 1);
  CHECK(s.out().sent() == position{40, whole});
  CHECK_FALSE(out.decision);
  CHECK(s.counts().of("w").in == 2);
  CHECK(s.take(test::frame("b", {1, 9}, 1, 2)).outcome == intake::outcome::stale);
}

TEST_CASE("a firing that leaves an idle log out is a decision") {
  auto s = make();
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  CHECK_FALSE(s.take(test::idle("b", b, 0, no_watermark)).decision);
  CHECK(s.take(test::frame("a", a, 0, 1, 100)).decision);
  const auto sent = s.out().sent();
  CHECK(s.cannot_fire(test::frame("b", b, 0, 1, 50)));
  CHECK_FALSE(s.cannot_fire(test::frame("a", a, 1, 2, 101)));
  CHECK_FALSE(s.cannot_fire(test::idle("b", b, 0, 50)));
  (void)s.take(with_content(test::frame("b", b, 0, 1, 50)));
  CHECK(s.out().sent() == sent);
  CHECK(s.late_at_shard() == 1);
}

TEST_CASE("no idle log is left out before every receiver has said where it stands") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(test::idle("b", b, 0, no_watermark));
  CHECK_FALSE(s.take(test::frame("a", a, 0, 1, 100)).decision);
  CHECK(s.fired() == no_watermark);
  CHECK(s.takes_input());
  (void)s.take(test::frame("b", b, 0, 1, 30));
  CHECK(s.fired() == 30);  // none is left out
  (void)s.take(test::idle("b", b, 1, 30));
  CHECK(s.fired() == 30);
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  REQUIRE(s.goes_on());
  CHECK(s.fire_on().decision);
  CHECK(s.fired() == 100);
}

TEST_CASE("after a fall back no idle log is left out of what was sent, which comes again as it was") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(test::frame("a", a, 0, 1, 80));
  (void)s.take(test::frame("b", b, 0, 1, 80));
  const auto kept = s.capture_all();
  (void)s.take(with_content(test::frame("a", a, 1, 2, 120)));
  (void)s.take(with_content(test::frame("b", b, 1, 2, 100)));
  REQUIRE(s.fired() == 100);

  auto next = make(2);
  REQUIRE(next.restore({kept}));
  REQUIRE(next.resume("sink", position{80, whole}, position{100, whole}, 1));
  const auto again_a = next.ask("a", 2)->stamp;
  const auto again_b = next.ask("b", 2)->stamp;
  CHECK(next.later_rows_of_receivers() == later_rows{100, {}});
  (void)next.take(test::idle("b", again_b, 1, 80));
  CHECK(next.later_rows_of_receivers() == later_rows{100, {"b"}});
  CHECK_FALSE(next.take(with_content(test::frame("a", again_a, 1, 2, 120))).decision);
  CHECK(next.fired() == 80);
  CHECK(next.takes_input());
  CHECK_FALSE(next.take(with_content(test::frame("b", again_b, 1, 2, 100))).decision);
  CHECK(last_mark(next) == 80);
  CHECK(next.late_at_shard() == 0);
  CHECK(next.fired() == 100);
  CHECK(next.later_rows_of_receivers() == later_rows{});
  CHECK(next.take(test::idle("b", again_b, 2, 100)).decision);  // nobody has more
  CHECK(next.fired() == 120);
}

TEST_CASE(
    "an older copy of a state waits for the idle logs that a later life left out, but for one that joins") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(test::frame("a", a, 0, 1, 80));
  (void)s.take(test::frame("b", b, 0, 1, 80));
  const auto kept = s.capture_all();

  auto next = make(2, {{"c", {}}});
  REQUIRE(next.restore({kept}));
  REQUIRE(next.resume("sink", position{80, whole}, position{100, whole}, 1));
  REQUIRE(next.join());
  const auto held = next.capture_changes();
  next.captured_durable(true);
  (void)next.take(test::frame("a", next.ask("a", 2)->stamp, 1, 2, 120));
  (void)next.take(test::idle("b", next.ask("b", 2)->stamp, 1, 80));
  (void)next.take(test::idle("c", next.ask("c", 2)->stamp, 0, no_watermark));
  CHECK(next.fired() == 80);
  CHECK(next.later_rows_of_receivers() == later_rows{100, {"b"}});
  const auto again = next.ask("b", 3)->stamp;
  CHECK(next.take(test::frame("b", again, 1, 2, 100)).decision == false);
  CHECK(next.later_rows_of_receivers() == later_rows{});
  CHECK(next.take(test::idle("b", again, 2, 100)).decision);
  CHECK(next.fired() == 120);
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
  s.captured_durable(false);  // no capture is under way
  CHECK(acknowledged(s) == test::at(1));
  (void)s.take(with_content(test::frame("a", a, 3, 4)));
  (void)s.capture_changes();
  s.captured_durable(true);
  CHECK(acknowledged(s) == test::at(4));
}

TEST_CASE(
    "all that was taken is acknowledged, though nothing more comes: a full spool takes nothing before") {
  auto s = make();
  CHECK_FALSE(s.wants_capture());
  (void)s.take(with_content(test::frame("a", s.ask("a", 1)->stamp, 0, 4)));
  for (const auto known : {0, 4}) {
    CHECK(s.wants_capture());
    (void)s.capture_changes();
    s.captured_durable(false);
    CHECK(acknowledged(s) == test::at(known));
  }
  CHECK_FALSE(s.wants_capture());
}

TEST_CASE(
    "captures that failed and are written again acknowledge no more than what was durable before them") {
  auto s = make();
  const auto a = s.ask("a", 1)->stamp;
  const auto take_and_capture = [&](std::int64_t i) {
    (void)s.take(with_content(test::frame("a", a, i, i + 1)));
    (void)s.capture_changes();
  };
  take_and_capture(0);
  s.captured_durable(false);
  take_and_capture(1);
  s.capture_failed();
  (void)s.take(with_content(test::frame("a", a, 2, 3)));
  s.capture_again();
  CHECK(s.changed());  // frames since the failed capture are in none
  s.capture_failed();
  s.capture_again();
  s.captured_durable(true);
  CHECK(acknowledged(s) == test::at(1));
  take_and_capture(3);
  s.captured_durable(false);
  take_and_capture(4);
  s.captured_durable(false);
  CHECK(acknowledged(s) == test::at(4));
}

TEST_CASE("rows that receivers are given are counted by their stage, from when each is there") {
  const auto shard_for = [](const std::vector<std::string>& receivers, const life& now) {
    shard_core::setup s;
    s.log = "w/0/0";
    s.life = now;
    s.receivers = receivers;
    s.logs = {{"a", {}}};
    return shard_core(std::move(s), std::make_unique<counting_windows>());
  };
  const auto given = [](const shard_core& s, const std::string& to) {
    return s.counts().of(given_to(to)).in;
  };
  auto s = shard_for({"sink", "v/0/0", "v/0/1"}, 1);
  (void)s.take(with_content(test::frame("a", s.ask("a", 1)->stamp, 0, 2, 20)));
  CHECK(s.rows_out() == 1);
  CHECK(given(s, "sink") == 1);
  CHECK(given(s, "v") == 1);
  const auto captured = s.capture_all();
  auto without = shard_for({"v/0/0", "v/0/1"}, 2);
  REQUIRE(without.restore({captured}));
  CHECK(given(without, "v") == 1);
  auto again = shard_for({"sink", "v/0/0", "v/0/1"}, 3);
  REQUIRE(again.restore({without.capture_all()}));
  CHECK(given(again, "sink") == 0);
  (void)again.take(with_content(test::frame("a", again.ask("a", 1)->stamp, 2, 4, 40)));
  CHECK(given(again, "sink") == 1);
  CHECK(given(again, "v") == 2);
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
  CHECK(next.out().retained_frames() == s.out().retained_frames());
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
  CHECK_FALSE(gate.limit());
  gate.capture_begun();  // an ordinary one, under way
  gate.decided({10, whole});
  gate.capture_begun();
  CHECK(gate.limit() == position{10, whole});
  gate.capture_durable(false);
  CHECK(gate.limit() == position{10, whole});
  gate.decided({30, whole});
  gate.capture_begun();
  gate.capture_failed();  // written together with the next
  CHECK(gate.limit() == position{10, whole});
  gate.capture_durable(true);
  CHECK_FALSE(gate.limit());
}

TEST_CASE("a decision opens nothing that a later one holds back") {
  decision_gate gate;
  gate.decided({10, whole});
  gate.capture_begun();
  gate.decided({20, whole});
  gate.capture_durable(true);
  CHECK(gate.limit() == position{20, whole});
}

TEST_CASE("a capture of an earlier version is refused by name, and one of a later version as that") {
  auto s = make();
  (void)s.take(with_content(test::frame("a", s.ask("a", 1)->stamp, 0, 3, 30)));
  const auto capture = s.capture_all();
  for (const char version : {1, 8, 10}) {
    auto other = capture;
    other.front() = version;
    const auto restored = make(2).restore({other});
    REQUIRE_FALSE(restored);
    CHECK(restored.error().code == ec::unsupported);
    const auto& text = restored.error().message;
    CHECK((text.find(build_of_earlier_formats) != std::string::npos) == (version < 9));
  }
}

TEST_CASE("what a stalled shard has not taken stays in order by log, the log that is behind first") {
  stalled_input<test::carried> waits;
  const auto put = [&](lane_frame f) { waits.push({std::make_shared<const lane_frame>(std::move(f))}); };
  const auto any = [](const lane_frame&) { return true; };
  const fence now{1, 1};
  put(test::frame("a", now, 0, 1, 30));
  put(test::frame("b", now, 0, 1, 20));
  put(test::frame("a", now, 1, 2, 40));
  CHECK(waits.take(any)->frame->log == "b");
  CHECK_FALSE(waits.take([](const lane_frame& f) { return f.watermark > 30; }));  // it is not a's turn yet
  CHECK(waits.take(any)->frame->from == test::at(0));
  waits.drop("a");
  CHECK(waits.empty());
}

TEST_CASE("what a catch-up reader brings goes before what is live, also when it comes later") {
  stalled_input<test::carried> waits;
  const auto put = [&](lane_frame f) { waits.push({std::make_shared<const lane_frame>(std::move(f))}); };
  const fence now{1, 1};
  put(test::idle("a", now, 8, 50));
  put(test::frame("a", now, 5, 8, 50));
  CHECK(waits.take([](const lane_frame& f) { return !f.idle; })->frame->to == test::at(8));
  CHECK(waits.holds("a"));
}

TEST_CASE("progress that waits is joined, and a note that a log is idle gives way to what follows") {
  stalled_input<test::carried> waits;
  const auto put = [&](lane_frame f) { waits.push({std::make_shared<const lane_frame>(std::move(f))}); };
  const auto any = [](const lane_frame&) { return true; };
  const fence now{1, 1};
  auto progress = test::frame("a", now, 0, 5, 30);
  progress.bytes = 0;
  progress.counts = {{"w", {.in = 5, .filtered = 5}}};
  put(progress);
  progress.from = test::at(5);
  progress.to = test::at(8);
  progress.watermark = 50;
  progress.counts = {{"w", {.in = 3, .filtered = 3}}, {"x", {.in = 1, .out = 1}}};
  put(progress);
  auto note = test::idle("a", now, 8, 50);
  note.bytes = 0;
  put(note);
  put(test::frame("a", now, 8, 9, 60));
  const auto joined = waits.take(any)->frame;
  CHECK(joined->from == test::at(0));
  CHECK(joined->to == test::at(8));
  CHECK(joined->watermark == 50);
  REQUIRE(joined->counts.size() == 2);
  CHECK(joined->counts[0].counts == stage_counts{.in = 8, .filtered = 8});
  CHECK_FALSE(waits.take(any)->frame->idle);
  CHECK(waits.empty());
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
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  CHECK(s.join());
  CHECK_FALSE(s.join());
  CHECK(s.in().floor("c") == 45);
  (void)s.take(test::frame("a", a, 2, 3, 60));
  CHECK(s.fired() == 45);  // no window fires without it from now on
}

TEST_CASE("a joined log is answered when two copies say that it has joined") {
  auto s = make(1, {{"c", {}}});
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  (void)s.capture_changes();  // a capture without it is under way
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
  (void)s.take(test::frame("b", b, 1, 2, 100));
  REQUIRE(s.resume("sink", position{80, whole}, lowest_position, 1));
  const auto sent = sent_to_sink(s);
  REQUIRE(s.fired() == 100);

  auto next = make(2, {{"c", {}}});
  REQUIRE(next.restore({kept}));
  CHECK(next.fired() == 80);
  CHECK_FALSE(next.join());
  REQUIRE(next.resume("sink", position{80, whole}, position{100, whole}, 1));
  REQUIRE(next.join());
  CHECK(next.in().floor("c") == 100);
  const auto held = next.capture_changes();
  next.captured_durable(true);
  const auto c = next.ask("c", 1)->stamp;
  (void)next.take(with_content(test::frame("c", c, 0, 1, 70)));
  CHECK(last_mark(next) == 100);  // the mark is not 80: the windows between have gone out without it
  CHECK(next.late_at_shard() == 1);
  const auto again_a = next.ask("a", 2)->stamp;
  const auto again_b = next.ask("b", 2)->stamp;
  (void)next.take(with_content(test::frame("a", again_a, 1, 2, 100)));
  CHECK(last_mark(next) == 80);
  (void)next.take(test::frame("b", again_b, 1, 2, 100));
  const auto again = sent_to_sink(next);
  REQUIRE(again.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i)
    CHECK(again[i]->reached == sent[i]->reached);

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
  REQUIRE(later.resume("sink", std::nullopt, lowest_position, 1));
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
  REQUIRE(s.resume("sink", position{10, whole}, position{20, 3}, 1));
  REQUIRE(s.join());
  CHECK(s.in().floor("c") == 25);
}

TEST_CASE("a tick gives what has changed, or says that nothing has, and is a decision either way") {
  auto s = make(1, {}, true);
  const auto a = s.ask("a", 1)->stamp;
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  (void)s.take(with_content(test::frame("a", a, 0, 1, 50)));
  CHECK(sent_to_sink(s).empty());
  CHECK(s.tick(1000).decision);
  auto sent = sent_to_sink(s);
  REQUIRE(sent.size() == 1);
  CHECK(sent.front()->reached == position{1000, whole});
  CHECK(sent.front()->rows->rows == 2);
  (void)s.tick(1000);
  (void)s.tick(999);
  CHECK(sent_to_sink(s).empty());
  CHECK(s.tick(2000).decision);
  sent = sent_to_sink(s);
  REQUIRE(sent.size() == 1);
  CHECK_FALSE(sent.front()->rows);
  CHECK(s.rows_out() == 2);
}

TEST_CASE("a new life takes no tick that was announced, and sends the same frames again") {
  auto s = make(1, {}, true);
  const auto a = s.ask("a", 1)->stamp;
  (void)s.take(with_content(test::frame("a", a, 0, 1, 50)));
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  (void)s.tick(1000);
  const auto sent = sent_to_sink(s);
  (void)s.tick(2000);
  const auto capture = s.capture_all();
  auto again = make(2, {}, true);
  REQUIRE(again.restore({capture}));
  CHECK(again.ticked() == 2000);
  CHECK_FALSE(again.tick(2000).decision);
  REQUIRE(again.resume("sink", lowest_position, lowest_position, 2));
  const auto resent = sent_to_sink(again);
  REQUIRE(resent.size() == 2);
  CHECK(resent[0]->reached == sent[0]->reached);
  CHECK(resent[0]->rows->rows == 2);
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

TEST_CASE("with updates a receiver that has more than the snapshots know is an error, and one that has all "
          "is not") {
  auto s = make(1, {}, true);
  const auto before = s.capture_changes();
  (void)s.tick(1000);
  const auto between = s.capture_changes();
  (void)s.tick(2000);
  const auto newest = s.out().sent();
  const auto asked = [&](const std::vector<std::string>& captures, position at, position taken) {
    auto again = make(2, {}, true);
    REQUIRE(again.restore(captures));
    return again.resume("sink", at, taken, 2);
  };
  CHECK(asked({before, between, s.capture_changes()}, newest, newest));
  const auto fell_back = asked({before, between}, newest, newest);
  REQUIRE_FALSE(fell_back);
  CHECK(fell_back.error().code == ec::corrupt);
  CHECK(fell_back.error().message.find("--fresh") != std::string::npos);
  CHECK_FALSE(asked({before, between}, lowest_position, newest));
  CHECK_FALSE(asked({}, {1000, whole}, {1000, whole}));
  CHECK(asked({before, between}, {1000, whole}, {1000, whole}));
}

TEST_CASE("without updates a receiver may have more than the snapshots know: the same rows come again") {
  auto s = make(2);
  CHECK(s.resume("sink", position{1000, whole}, position{1000, whole}, 2));
}

TEST_CASE("the end of all inputs is a last tick, the same for every shard") {
  auto s = make(1, {}, true);
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(with_content(test::frame("a", a, 0, 1, end_of_time)));
  CHECK(s.take(test::frame("b", b, 0, 1, end_of_time)).decision);
  CHECK(s.out().retained_frames() == 2);  // this double fires a window as well
  CHECK(s.out().sent() == highest_position);
  CHECK(s.ticked() == end_of_time);
  CHECK_FALSE(s.tick(5000).decision);
}

TEST_CASE("a tick of several turns leaves nothing before its last one, and takes no input") {
  auto s = make(1, {}, true);
  static_cast<counting_windows&>(s.windows()).turns = 3;
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  REQUIRE(s.resume("sink", std::nullopt, lowest_position, 1));
  (void)s.take(with_content(test::frame("a", a, 0, 1, 50)));
  (void)s.take(with_content(test::frame("b", b, 0, 1, 50)));
  CHECK(sent_to_sink(s).size() == 1);  // this double fires a window as well
  CHECK_FALSE(s.tick(1000).decision);
  CHECK(s.ticking());
  CHECK(s.goes_on());
  CHECK_FALSE(s.takes_input());
  CHECK_FALSE(s.cannot_fire(test::frame("a", a, 1, 2, 50)));
  CHECK_FALSE(s.tick(2000).decision);  // one at a time
  CHECK_FALSE(s.fire_on().decision);
  CHECK(s.ticked() == no_watermark);
  CHECK(sent_to_sink(s).empty());
  const auto amid = s.capture_changes();

  CHECK(s.fire_on().decision);
  CHECK_FALSE(s.ticking());
  CHECK(s.takes_input());
  CHECK(s.ticked() == 1000);
  const auto sent = sent_to_sink(s);
  REQUIRE(sent.size() == 3);
  CHECK(sent[0]->reached == position{1000, 1});
  CHECK(sent[1]->reached == position{1000, 3});
  CHECK(sent[1]->base == 2);
  CHECK(sent[2]->reached == position{1000, whole});

  auto next = make(2, {}, true);
  REQUIRE(next.restore({amid}));
  CHECK(next.ticked() == no_watermark);
  CHECK_FALSE(next.goes_on());
  CHECK(next.tick(1000).decision);
}

TEST_CASE("a life that begins amid the last tick takes it") {
  auto s = make(1, {}, true);
  static_cast<counting_windows&>(s.windows()).turns = 2;
  const auto a = s.ask("a", 1)->stamp;
  const auto b = s.ask("b", 1)->stamp;
  (void)s.take(with_content(test::frame("a", a, 0, 1, end_of_time)));
  CHECK_FALSE(s.take(test::frame("b", b, 0, 1, end_of_time)).decision);
  CHECK(s.ticking());
  CHECK_FALSE(s.ended());
  auto next = make(2, {}, true);
  REQUIRE(next.restore({s.capture_changes()}));
  CHECK_FALSE(next.ended());
  CHECK(next.goes_on());
  CHECK(next.fire_on().decision);
  CHECK(next.ticked() == end_of_time);
  CHECK(next.ended());
}

TEST_CASE("a run goes on above the windows that earlier ones have fired, and counts on") {
  auto first = make();
  const auto a = first.ask("a", 1)->stamp;
  const auto b = first.ask("b", 1)->stamp;
  (void)first.take(with_content(test::frame("a", a, 0, 5, end_of_time)));
  (void)first.take(with_content(test::frame("b", b, 0, 5, end_of_time)));
  REQUIRE(first.ended());
  const auto last = first.capture_changes();
  const auto left = first.left();
  REQUIRE(left);
  CHECK(left->last_end == 1'000);
  CHECK(left->rows == 1);
  CHECK(left->counts.of("w").in == 2);

  const auto next = [&](incarnation life) {
    shard_core::setup s;
    s.log = "w/1/0";
    s.life = life;
    s.receivers = {"sink"};
    s.logs = {{"a", {test::at(9), no_watermark}}};
    s.run = 1;
    s.earlier = *left;
    return shard_core(std::move(s), std::make_unique<counting_windows>());
  };
  auto second = next(2);
  REQUIRE(second.restore({last}));  // captures of the run before are as good as none
  CHECK(second.in().vector().size() == 1);
  CHECK(second.ask("a", 2)->have.at == test::at(9));
  CHECK(second.fired() == 1'000);
  CHECK(second.fired_by_earlier_runs() == 1'000);
  CHECK(first.fired_by_earlier_runs() == no_watermark);
  (void)second.take(with_content(test::frame("a", second.ask("a", 2)->stamp, 9, 12, 900)));
  CHECK(last_mark(second) == 1'000);
  CHECK(second.late_at_shard() == 1);
  CHECK(second.rows_out() == 1);
  CHECK(second.counts().of("w").in == 3);
  const auto all = second.capture_changes();
  (void)second.take(test::frame("a", second.ask("a", 2)->stamp, 12, 13, 1'500));
  CHECK(second.fired_by_earlier_runs() == no_watermark);  // what is missed now is missed by this run's firing
  const auto more = second.capture_changes();

  auto third = next(3);
  REQUIRE(third.restore({last, all, more}));
  CHECK(third.fired() == 1'500);
  CHECK(third.in().vector().at("a").at == test::at(13));
  CHECK_FALSE(third.left());
  auto fallen_back = next(4);
  REQUIRE(fallen_back.restore({last}));
  CHECK(fallen_back.fired() == 1'000);
  CHECK_FALSE(fallen_back.left());
}

TEST_CASE("a run that has nothing new for a shard ends there at once") {
  shard_core::setup s;
  s.log = "w/1/0";
  s.receivers = {"sink"};
  s.run = 1;
  s.earlier.last_end = 100;
  shard_core shard(std::move(s), std::make_unique<counting_windows>());
  shard.end_where_nothing_comes();
  CHECK(shard.ended());
  CHECK(shard.out().sent() == highest_position);
  CHECK(shard.changed());
}

}  // namespace millrace::delivery
