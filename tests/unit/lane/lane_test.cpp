// Checks what a lane does with what its source gives and its receivers say; the test speaks for both.
#include "tests/unit/lane/driven_lane.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using namespace millrace::lane_test;

namespace {

lane::lane_options refusing() {
  config::parser_plan parser;
  parser.fail_on_error = true;
  return options_of({"0"}, std::move(parser));
}

lane::lane_options with_idle_timeout(micros timeout, std::vector<std::string> partitions = {"0"}) {
  config::parser_plan parser;
  parser.idle_timeout = timeout;
  return options_of(std::move(partitions), std::move(parser));
}

std::size_t idle_frames(const driven_lane& l, const std::string& partition = "0") {
  return static_cast<std::size_t>(
      std::ranges::count_if(l.around.frames, [log = driven_lane::log(partition)](const auto& s) {
        return s.frame.idle && s.frame.log == log;
      }));
}

}  // namespace

TEST_CASE("a lane that cannot open its source or its parser says so and does not begin") {
  SECTION("source") {
    driven_lane l(options_of({"0"}));
    l.core.cannot_open = broken_source;
    CHECK_FALSE(l.core.start());
    REQUIRE(l.around.failures.size() == 1);
    CHECK(l.around.failures[0].stage == "clicks");
  }
  SECTION("parser") {
    auto o = options_of({"0"});
    o.make_parser = []() -> expected<std::unique_ptr<parser::record_parser>> {
      return unexpected(error{ec::internal, fault::ours, false, "no", "parsed"});
    };
    driven_lane l(std::move(o));
    CHECK_FALSE(l.core.start());
    REQUIRE(l.around.failures.size() == 1);
    CHECK(l.around.failures[0].stage == "parsed");
  }
}

TEST_CASE("reading begins once all receivers have said where they stand") {
  driven_lane l(options_of({"0"}));
  l.begin_unanswered();
  l.answer(0, 3);
  l.answer(2, 3);
  CHECK(l.around.reads.empty());
  l.answer(1, 3);
  CHECK(l.around.assigns == std::vector<noted::assigned>{{lane::live_reader, "0", {0, 3}}});
  CHECK(l.around.reads.size() == 1);
  l.core.on_answer("another/0", 1, std::nullopt);  // the lane does not read this partition
  CHECK_FALSE(l.around.fenced);
}

TEST_CASE("the source reads on before a chunk is worked on, and every receiver gets the frame") {
  driven_lane l(options_of({"0"}));
  l.begin();
  CHECK(l.around.reads.size() == 1);
  l.give(chunk_of("0", 0, {"1", "2", "3"}));
  CHECK(l.around.reads.size() == 2);
  l.give_nothing();
  for (std::size_t r = 0; r < 3; ++r)
    CHECK(l.got(r) == ranges{"0-3"});
  CHECK(l.around.frames.back().frame.watermark == 3'000'000);
  CHECK(l.gauges->records == 3);
  CHECK(l.gauges->chunks == 1);
  CHECK(l.gauges->watermark == 3'000'000);
}

TEST_CASE("a frame waits for the next chunk while one is being read, but not for more than its records") {
  auto o = options_of({"0"});
  o.frame_records = 4;
  driven_lane l(std::move(o));
  l.begin();
  l.give(chunk_of("0", 0, {"1", "2"}));
  CHECK(l.got(0).empty());
  l.give(chunk_of("0", 2, {"1", "2"}));
  CHECK(l.got(0) == ranges{"0-4"});
  l.give(caught_up(chunk_of("0", 4, {"1"})));
  CHECK(l.got(0) == ranges{"0-4", "4-5"});
}

TEST_CASE("a receiver that is ahead goes along from the position where it stands") {
  driven_lane l(options_of({"0"}));
  l.begin_at(10, 10, 12);
  l.give(caught_up(chunk_of("0", 10, {"1", "2", "3", "4", "5"})));
  CHECK(l.got(0) == ranges{"10-12", "12-15"});
  CHECK(l.got(2) == ranges{"12-15"});
}

TEST_CASE(
    "nothing is sent to a receiver without credit, and nothing read for it; its own fence gives it back") {
  auto o = options_of({"0"});
  o.credit = 1;
  driven_lane l(std::move(o));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"!"})));  // a dead letter: bytes
  CHECK(l.got(0) == ranges{"0-1"});
  CHECK(l.gauges->in_flight_bytes > 0);
  l.give(caught_up(chunk_of("0", 1, {"2"})));
  CHECK(l.got(1) == ranges{"0-1"});
  const auto reads = l.around.reads.size();
  l.core.on_credit(l.log("0"), 0, {1, 99}, 1U << 20);  // the fence is another one
  l.core.on_credit("another/0", 0, {1, 1}, 1U << 20);
  CHECK(l.got(1) == ranges{"0-1"});
  CHECK(l.gauges->stalls > 0);
  l.take_all(0);
  CHECK(l.got(1) == ranges{"0-1", "1-2"});
  CHECK(l.around.reads.size() == reads + 1);
}

TEST_CASE("the others go on while a receiver is down") {
  driven_lane l(options_of({"0"}));
  l.begin();
  l.core.on_receiver_down(2);
  l.give(caught_up(chunk_of("0", 0, {"1"})));
  CHECK(l.got(0) == ranges{"0-1"});
  CHECK(l.got(2).empty());
  l.core.on_receiver_up(2);
  l.answer(2, 1);
  l.give(caught_up(chunk_of("0", 1, {"2"})));
  CHECK(l.got(2) == ranges{"1-2"});
}

TEST_CASE("where all receivers have gone back, so does the source, and what was read before is dropped") {
  driven_lane l(options_of({"0"}));
  l.begin(5);
  l.give(caught_up(chunk_of("0", 5, {"1"})));
  for (std::size_t r = 0; r < 3; ++r)
    l.core.on_receiver_down(r);
  for (std::size_t r = 0; r < 3; ++r)
    l.core.on_receiver_up(r);
  for (std::size_t r = 0; r < 3; ++r)
    l.answer(r, 2);
  CHECK(l.around.assigns.back() == noted::assigned{lane::live_reader, "0", {0, 2}});
  l.give(caught_up(chunk_of("0", 6, {"9"})));  // was asked for before
  CHECK(l.got(0) == ranges{"5-6"});
  l.give(caught_up(chunk_of("0", 2, {"9"})));
  CHECK(l.got(0) == ranges{"5-6", "2-3"});
}

TEST_CASE("a lane goes on with the watermark of its position") {
  driven_lane l(options_of({"0"}));
  l.begin_unanswered();
  for (std::size_t r = 0; r < 3; ++r)
    l.answer(r, 10, "0", 60'000'000);
  l.give(caught_up(chunk_of("0", 10, {"7"})));
  CHECK(l.around.frames.back().frame.watermark == 60'000'000);
}

TEST_CASE("a receiver answers anew while a frame is formed: it is cut there, and the receiver goes along") {
  driven_lane l(options_of({"0"}));
  l.begin();
  l.give(chunk_of("0", 0, {"1", "2"}));  // waits for the next chunk
  l.core.on_ask_again(l.log("0"), 1);
  CHECK(l.got(0).empty());
  l.answer(1, 2);
  CHECK(l.got(0) == ranges{"0-2"});
  CHECK(l.got(1).empty());
  l.give(caught_up(chunk_of("0", 2, {"3"})));
  CHECK(l.got(1) == ranges{"2-3"});
  l.core.on_ask_again("another/0", 1);
}

TEST_CASE("a newer life of the lane ends the older one") {
  driven_lane l(options_of({"0"}));
  l.begin();
  l.core.on_answer(l.log("0"), 1, std::nullopt);
  REQUIRE(l.around.fenced);
  CHECK(l.around.fenced->code == ec::fenced);
  CHECK(l.has_said("parsed/lane0: this life is over: a newer one reads parsed/0"));
}

TEST_CASE("the source is told what all receivers have durable, once") {
  driven_lane l(options_of({"0"}));
  l.begin();
  l.give(chunk_of("0", 0, {"1", "2", "3", "4"}));
  l.core.on_acknowledged(l.log("0"), 0, {0, 4});
  l.core.on_acknowledged(l.log("0"), 1, {0, 3});
  CHECK(l.around.durable.empty());
  l.core.on_acknowledged(l.log("0"), 2, {0, 2});
  REQUIRE(l.around.durable.size() == 1);
  CHECK(l.around.durable[0].below == position{0, 2});
  l.core.on_acknowledged(l.log("0"), 2, {0, 1});  // overtaken
  l.core.on_acknowledged(l.log("0"), 0, {0, 5});
  l.core.on_acknowledged("another/0", 0, {0, 5});
  CHECK(l.around.durable.size() == 1);
  l.core.on_acknowledged(l.log("0"), 2, {0, 4});
  CHECK(l.around.durable.back().below == position{0, 3});
}

TEST_CASE("the end of a bounded log is the end of time") {
  driven_lane l(options_of({"0"}));
  l.begin();
  auto c = chunk_of("0", 0, {"1"});
  c.at_end = true;
  l.give(std::move(c));
  CHECK(l.got(0) == ranges{"0-1", "1-2"});  // the watermark in front of the end is told, too
  CHECK(l.around.frames.back().frame.watermark == end_of_time);
  const auto reads = l.around.reads.size();
  l.give_nothing();
  CHECK(l.around.reads.size() == reads);
  for (std::size_t r = 0; r < 3; ++r)
    l.core.on_acknowledged(l.log("0"), r, {0, 2});
  CHECK(l.around.durable.empty());  // no lane reads the log any more
}

TEST_CASE("a source that is away is asked again after a while, and both are said once") {
  driven_lane l(options_of({"0"}));
  l.begin();
  l.give_failure(source_is_away);
  CHECK(l.gauges->away);
  CHECK(l.has_said("clicks: away; waiting for it"));
  CHECK(l.around.reads.size() == 1);
  l.core.on_ask_again(l.log("0"), 1);  // awake for another reason
  l.answer(1, 0);
  CHECK(l.around.reads.size() == 1);
  l.pass(2s);
  CHECK(l.around.reads.size() == 2);
  l.give_failure(source_is_away);
  CHECK(l.around.said.size() == 1);
  l.pass(2s);
  l.give_nothing();
  CHECK(l.has_said("answers again"));
  CHECK_FALSE(l.gauges->away);
  l.give_failure({ec::cancelled, fault::ours, true, "cancelled", {}});
  CHECK_FALSE(l.gauges->away);
}

TEST_CASE("what a source gave before it broke goes on its way first") {
  auto o = options_of({"0", "1"});
  o.credit = 1;
  driven_lane l(std::move(o));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"!"})));
  l.give(caught_up(chunk_of("0", 1, {"2"})));  // waits for credit
  CHECK(l.around.reads.back().request.wanted == std::vector<std::string>{"1"});
  l.give_failure(broken_source);
  CHECK(l.around.failures.empty());
  l.take_all(0);
  CHECK(l.got(1) == ranges{"0-1", "1-2"});
  CHECK(l.around.failures.size() == 1);
}

TEST_CASE("the partition with the least watermark is preferred") {
  driven_lane l(options_of({"0", "1"}));
  l.begin();
  l.give_nothing();
  CHECK(l.around.reads.back().request.wanted == std::vector<std::string>{"0", "1"});
  l.give(chunk_of("0", 0, {"5"}));
  l.give(chunk_of("1", 0, {"3"}));
  l.give_nothing();
  CHECK(l.around.reads.back().request.wanted == std::vector<std::string>{"1", "0"});
}

TEST_CASE("a partition that is too far ahead of the slowest waits for it, in its own lane and in others") {
  auto o = options_of({"0", "1"});
  o.max_drift = 10s;
  o.is_only_lane = false;
  driven_lane l(std::move(o));
  l.begin();
  l.core.on_others_stand_at(end_of_time);
  l.give(chunk_of("0", 0, {"100"}));
  l.give(chunk_of("1", 0, {"50"}));
  l.give(chunk_of("1", 1, {"51"}));
  CHECK(l.around.reads.back().request.wanted == std::vector<std::string>{"1"});
  CHECK(l.around.told_slowest == std::vector<event_micros>{no_watermark, 50'000'000});
  l.give(chunk_of("1", 2, {"95"}));
  l.give(chunk_of("1", 3, {"96"}));
  CHECK(l.around.reads.back().request.wanted == std::vector<std::string>{"1", "0"});
  l.core.on_others_stand_at(60'000'000);
  const auto reads = l.around.reads.size();
  l.give(chunk_of("1", 4, {"97"}));
  CHECK(l.around.reads.size() == reads);
  l.pass(1s);
  CHECK(l.around.reads.size() == reads);
  l.core.on_others_stand_at(end_of_time);
  CHECK(l.around.reads.size() == reads + 1);
}

TEST_CASE("under a rate a chunk goes as time passes, and little is read ahead") {
  auto o = options_of({"0"});
  o.rate = 1;
  driven_lane l(std::move(o));
  l.begin();
  CHECK(l.around.reads.back().request.max_bytes == 64U << 10);
  l.give(chunk_of("0", 0, {"1", "2", "3"}));
  CHECK(l.got(0) == ranges{"0-1"});
  l.pass(900ms);
  CHECK(l.got(0).size() == 1);
  l.pass(200ms);
  CHECK(l.got(0) == ranges{"0-1", "1-2"});
}

TEST_CASE("a partition that has had nothing for a while is idle, said once") {
  driven_lane l(with_idle_timeout(5s));
  l.begin();
  l.give_nothing();
  CHECK(idle_frames(l) == 0);
  CHECK_FALSE(l.around.timers.empty());
  l.pass(5s);
  l.give_nothing();
  CHECK(idle_frames(l) == 3);
  l.give_nothing();
  CHECK(idle_frames(l) == 3);
  l.give(caught_up(chunk_of("0", 0, {"1"})));
  l.pass(6s);
  l.give_nothing();
  CHECK(idle_frames(l) == 6);
}

TEST_CASE(
    "a partition is idle also where another one has records at each read, unless that comes before it") {
  driven_lane l(with_idle_timeout(5s, {"0", "1"}));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {})));
  l.give(chunk_of("1", 0, {"1"}));
  l.pass(6s);
  REQUIRE(l.around.reads.back().request.wanted == std::vector<std::string>{"0", "1"});
  CHECK(idle_frames(l, "0") == 0);
  l.give(chunk_of("1", 1, {"2"}));
  CHECK(idle_frames(l, "0") == 3);
  l.give(chunk_of("1", 2, {"3"}));
  CHECK(idle_frames(l, "0") == 3);

  l.give(caught_up(chunk_of("0", 0, {"9"})));  // it is ahead, and nobody has looked whether it has more
  l.give(chunk_of("1", 3, {"4"}));
  l.pass(6s);
  REQUIRE(l.around.reads.back().request.wanted == std::vector<std::string>{"1", "0"});
  l.give(chunk_of("1", 4, {"5"}));
  CHECK(idle_frames(l, "0") == 3);
}

TEST_CASE("the watermark of a lane is that of its partitions that are not idle") {
  driven_lane l(with_idle_timeout(5s, {"0", "1"}));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"1"})));
  l.give(caught_up(chunk_of("1", 0, {"3"})));
  l.give_nothing();
  CHECK(l.gauges->watermark == 1'000'000);
  l.pass(4s);
  l.give(caught_up(chunk_of("1", 1, {"4"})));
  l.pass(2s);
  l.give_nothing();
  CHECK(l.gauges->watermark == 4'000'000);
  CHECK_FALSE(l.gauges->is_idle);
  l.pass(5s);
  l.give_nothing();
  CHECK(l.gauges->watermark == 4'000'000);
  CHECK(l.gauges->is_idle);
  l.give(caught_up(chunk_of("0", 1, {"2"})));
  CHECK(l.gauges->watermark == 2'000'000);
  CHECK_FALSE(l.gauges->is_idle);
}

TEST_CASE("a partition that lacks credit is not read, so it is not idle") {
  auto o = with_idle_timeout(5s, {"0", "1"});
  o.credit = 1;
  driven_lane l(std::move(o));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"!"})));  // a dead letter: bytes
  l.give_nothing();                            // it was asked for before
  REQUIRE(l.around.reads.back().request.wanted == std::vector<std::string>{"1"});
  l.pass(6s);
  l.give_nothing();
  CHECK(idle_frames(l, "1") == 3);
  CHECK(idle_frames(l, "0") == 0);
  l.take_all(0);
  l.give_nothing();
  REQUIRE(l.around.reads.back().request.wanted == std::vector<std::string>{"0", "1"});
  l.give_nothing();
  CHECK(idle_frames(l, "0") == 3);
}

TEST_CASE("a partition that begins during a read is not idle when that one gives nothing") {
  driven_lane l(with_idle_timeout(5s, {"0", "1"}));
  l.begin_unanswered();
  for (std::size_t r = 0; r < 3; ++r)
    l.answer(r, 0, "0");
  REQUIRE(l.around.reads.back().request.wanted == std::vector<std::string>{"0"});
  for (std::size_t r = 0; r < 3; ++r)
    l.answer(r, 0, "1");
  l.pass(6s);
  l.give_nothing();
  CHECK(idle_frames(l, "0") == 3);
  CHECK(idle_frames(l, "1") == 0);
  l.give_nothing();
  CHECK(idle_frames(l, "1") == 3);
}

TEST_CASE("while it is paused nothing is read and nothing goes; what was read goes then") {
  driven_lane l(options_of({"0"}));
  l.begin();
  l.give(chunk_of("0", 0, {"1"}));
  const auto reads = l.around.reads.size();
  l.core.on_set_paused(true);
  CHECK(l.gauges->is_paused);
  CHECK(l.got(0) == ranges{"0-1"});
  l.give(chunk_of("0", 1, {"2"}));  // it was asked for before
  CHECK(l.got(0) == ranges{"0-1"});
  l.pass(10s);
  l.core.on_set_paused(true);
  CHECK(l.around.reads.size() == reads);
  l.core.on_set_paused(false);
  CHECK_FALSE(l.gauges->is_paused);
  CHECK(l.got(0) == ranges{"0-1", "1-2"});
  CHECK(l.around.reads.size() > reads);
}

TEST_CASE("no time counts for idle_timeout while a lane is paused") {
  driven_lane l(with_idle_timeout(5s));
  l.begin();
  l.give_nothing();
  l.pass(3s);
  l.core.on_set_paused(true);
  l.give_nothing();
  l.pass(60s);
  CHECK(idle_frames(l) == 0);
  l.core.on_set_paused(false);
  l.give_nothing();
  CHECK(idle_frames(l) == 0);
  l.pass(3s);
  l.give_nothing();
  CHECK(idle_frames(l) == 3);
}

TEST_CASE("under on_error fail the run ends before the record, once what comes before is taken") {
  driven_lane l(refusing());
  l.begin();
  l.give(chunk_of("0", 0, {"1", "2", "!", "4"}));
  CHECK(l.got(0) == ranges{"0-2"});
  REQUIRE(l.around.failures.size() == 1);
  CHECK(l.around.failures[0].stage == "parsed");
  CHECK(l.around.failures[0].message.find("position 2: no row") != std::string::npos);
}

TEST_CASE("under on_error fail a receiver that is behind gets what comes before first") {
  driven_lane l(refusing());
  l.begin();
  l.core.on_receiver_down(1);
  l.give(chunk_of("0", 0, {"1", "!"}));
  CHECK(l.around.failures.empty());
  l.core.on_receiver_up(1);
  l.answer(1, 0);
  CHECK(l.around.failures.empty());
  l.give(chunk_of("0", 0, {"1", "!"}), 1);
  CHECK(l.got(1) == ranges{"0-1"});
  l.take_all(1);
  CHECK(l.around.failures.size() == 1);
}

TEST_CASE("a mended parser does not go on where stages have taken more than others") {
  auto o = options_of({"0"});
  o.parser_changed = true;
  driven_lane l(std::move(o));
  l.begin_at(10, 12, 10);
  REQUIRE(l.around.failures.size() == 1);
  CHECK(l.around.failures[0].code == ec::mismatch);
  CHECK(l.around.reads.empty());
}

TEST_CASE("a record on which work fails is told, and a life that knows goes about it with care") {
  driven_lane l(options_of({"0"}));
  l.begin();
  for (std::size_t r = 0; r < 3; ++r)
    l.core.on_acknowledged(l.log("0"), r, {0, 0});
  CHECK_THROWS_AS(l.give(chunk_of("0", 0, {"1", "X", "3", "4"})), std::runtime_error);
  CHECK(l.has_said("4 records of parsed/0 at positions 0:0 to 0:4 made it fail: X"));
  auto failing = l.around.failing;
  CHECK(failing.settled() == std::map<log_id, position>{{"parsed/0", {0, 0}}});
  for (int life = 0; failing.to_give_up().empty() && life < 20; ++life) {
    auto o = options_of({"0"});
    o.failing = failing;
    driven_lane next(std::move(o));
    next.around.failing = failing;
    next.begin();
    CHECK_THROWS_AS(next.give(chunk_of("0", 0, {"1", "X", "3", "4"})), std::runtime_error);
    failing = next.around.failing;
  }
  REQUIRE(failing.to_give_up().size() == 1);
  CHECK(failing.to_give_up()[0].at == position{0, 1});
}

TEST_CASE("that a row of given up records has ended is told once, and nothing is told where none were") {
  auto o = options_of({"0"});
  o.failing.give_up("parsed/0", {0, 1});
  driven_lane l(std::move(o));
  l.begin();
  l.give(chunk_of("0", 2, {"1", "2"}));
  l.give(chunk_of("0", 4, {"3", "4"}));
  CHECK(l.around.went_well == std::vector<std::pair<log_id, position>>{{"parsed/0", {0, 2}}});
  driven_lane healthy(options_of({"0"}));
  healthy.begin();
  healthy.give(chunk_of("0", 0, {"1", "2"}));
  CHECK(healthy.around.went_well.empty());
}

TEST_CASE("a record that was given up is a dead letter, and nothing works on it") {
  auto o = options_of({"0"});
  auto verdicts = std::make_shared<delivery::verdicts>();
  verdicts->add({"parsed/0", {0, 1}, "given up"});
  o.verdicts = std::move(verdicts);
  driven_lane l(std::move(o));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"1", "X", "3"})));
  std::vector<std::string> errors;
  for (const auto& s : l.around.frames)
    if (const auto* const letters = std::get_if<delivery::letters_ptr>(&s.frame.content))
      for (const auto& letter : **letters)
        errors.push_back(letter.error);
  CHECK(errors == std::vector<std::string>{"given up"});
  CHECK(l.got(1).back().ends_with("-3"));
}

TEST_CASE("records whose frame could not be formed get frames of their own") {
  auto o = options_of({"0"});
  o.failing.failed({"parsed/0", {0, 1}, {0, 3}, 2, {}, true}, "no memory");
  driven_lane l(std::move(o));
  l.begin();
  l.give(caught_up(chunk_of("0", 0, {"1", "2", "3", "4"})));
  CHECK(l.got(0) == ranges{"0-1", "1-2", "2-3", "3-4"});
}

TEST_CASE("a partition's own pace is the time between its chunks, without pauses") {
  driven_lane l(options_of({"0"}));
  l.begin();
  const auto pace = [&] { return l.gauges->of("0")->gap.mean(); };
  l.pass(1h);
  l.give(caught_up(chunk_of("0", 0, {})));
  CHECK(l.gauges->of("0")->last_record == 0);
  l.give(caught_up(chunk_of("0", 0, {"1"})));
  CHECK_FALSE(pace());  // the time of the first one says nothing
  l.pass(8s);
  l.give(caught_up(chunk_of("0", 1, {"2"})));
  CHECK(pace() == micros(8s));
  l.core.on_set_paused(true);
  l.pass(1h);
  l.core.on_set_paused(false);
  l.pass(16s);
  l.give(caught_up(chunk_of("0", 2, {"3"})));
  CHECK(pace() == micros(9s));
  const auto last = l.gauges->of("0")->last_record.load();
  l.pass(24s);
  l.give(caught_up(chunk_of("0", 3, {})));  // no record
  CHECK(pace() == micros(9s));
  CHECK(l.gauges->of("0")->last_record == last);
}
