// Tests receivers that are behind, and the readers that reread the log for them.
#include "tests/unit/lane/driven_lane.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using namespace millrace::lane_test;

namespace {

constexpr auto restarted = delivery::lane_log::start::at_furthest;

}  // namespace

TEST_CASE("a receiver that is behind gets what it lacks from a reader of its own, then goes along") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_at(10, 4, 10);
  CHECK(l.around.opened == std::vector<lane::reader_number>{lane::live_reader, 1});
  CHECK(l.around.assigns ==
        std::vector<noted::assigned>{{lane::live_reader, "0", {0, 10}}, {1, "0", {0, 4}}});
  CHECK(l.has_said("1 of 3 receivers are behind; parsed/0 is read again for them from position 4"));
  l.give(chunk_of("0", 4, {"1", "2"}), 1);
  CHECK(l.got(1) == ranges{"4-6"});
  CHECK(l.around.closed.empty());
  l.give(chunk_of("0", 6, {"1", "2", "3", "4", "5", "6"}), 1);  // further than the lane stands
  CHECK(l.got(1) == ranges{"4-6", "6-10"});
  CHECK(l.around.closed == std::vector<lane::reader_number>{1});
  l.give(caught_up(chunk_of("0", 10, {"5", "6"})));
  CHECK(l.got(1) == ranges{"4-6", "6-10", "10-12"});
  CHECK(l.got(0) == ranges{"10-12"});
}

TEST_CASE("what a reader that is over still sends is dropped") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_at(10, 4, 10);
  l.core.on_receiver_down(1);
  CHECK(l.around.closed == std::vector<lane::reader_number>{1});
  l.give(chunk_of("0", 4, {"1"}), 1);
  CHECK(l.got(1).empty());
}

TEST_CASE("a receiver that answers anew gets a reader of its new fence") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_at(10, 4, 10);
  l.core.on_ask_again(l.log("0"), 1);
  CHECK(l.around.closed == std::vector<lane::reader_number>{1});
  l.answer(1, 7);
  CHECK(l.around.opened.back() == 2);
  CHECK(l.around.assigns.back() == noted::assigned{2, "0", {0, 7}});
  CHECK(l.around.said.size() == 1);  // the lag is told not again so soon
  l.pass(10s);
  l.core.on_ask_again(l.log("0"), 1);
  l.answer(1, 8);
  CHECK(l.around.said.size() == 2);
}

TEST_CASE("a reader begins with the watermark of its receiver") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_unanswered();
  l.answer(0, 10, "0", 90'000'000);
  l.answer(1, 4, "0", 50'000'000);
  l.answer(2, 10, "0", 90'000'000);
  l.give(chunk_of("0", 4, {"7"}), 1);
  CHECK(l.around.frames.back().frame.watermark == 50'000'000);
  l.give(caught_up(chunk_of("0", 10, {"7"})));
  CHECK(l.around.frames.back().frame.watermark == 90'000'000);
}

TEST_CASE("the end of the log is the end for a receiver that catches up as well") {
  driven_lane l(options_of({"0"}));
  l.begin();
  auto all = chunk_of("0", 0, {"1", "2"});
  all.at_end = true;
  l.give(all);
  CHECK(l.got(0) == ranges{"0-2", "2-3"});  // a position of its own, in a frame of its own
  l.core.on_ask_again(l.log("0"), 1);
  l.answer(1, 0);
  l.give(all, 1);
  CHECK(l.got(1) == ranges{"0-2", "2-3", "0-2", "2-3"});
  CHECK(l.around.frames.back().frame.watermark == end_of_time);
}

TEST_CASE("a reader whose source is away tries again after a while") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_at(10, 4, 10);
  l.give_failure(source_is_away, 1);
  CHECK(l.reads_of(1) == 1);
  l.pass(10s);
  CHECK(l.reads_of(1) == 2);
  l.give_nothing(1);
  CHECK(l.reads_of(1) == 3);
  l.give_failure({ec::cancelled, fault::ours, true, "cancelled", {}}, 1);
  CHECK(l.around.failures.empty());
}

TEST_CASE("a reader that fails for good ends the run") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_at(10, 4, 10);
  l.give_failure(broken_source, 1);
  REQUIRE(l.around.failures.size() == 1);
  CHECK(l.around.failures[0].stage == "clicks");
  const auto reads = l.around.reads.size();
  l.give(chunk_of("0", 10, {"5"}));  // the lane begins no more reads
  CHECK(l.around.reads.size() == reads);
}

TEST_CASE("where the log is trimmed, the receiver is asked whether it still stands there, and its answer is "
          "waited for") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_at(10, 4, 10);
  const delivery::answer outdated{{1, l.fences[{"0", 1}]}, {{0, 4}, no_watermark}};
  l.around.asks.clear();
  l.give_failure(trimmed_source, 1);
  CHECK(l.around.asks == std::vector<noted::asked>{{1, l.log("0")}});
  CHECK(l.around.closed == std::vector<lane::reader_number>{1});
  CHECK(l.around.failures.empty());
  SECTION("it does: the run ends with what the source said") {
    l.answer(1, 4);
    REQUIRE(l.around.failures.size() == 1);
    CHECK(l.around.failures[0].message == "gone");
    CHECK(l.around.failures[0].stage == "clicks");
  }
  SECTION("it has a life that stands even further back") {
    l.answer(1, 2);
    CHECK(l.around.failures.size() == 1);
  }
  SECTION("it has another life that stands further on, and is read for from there") {
    l.answer(1, 7);
    CHECK(l.around.failures.empty());
    CHECK(l.around.assigns.back() == noted::assigned{2, "0", {0, 7}});
    l.give(chunk_of("0", 7, {"1", "2", "3"}), 2);
    CHECK(l.got(1) == ranges{"7-10"});
    l.core.on_ask_again(l.log("0"), 1);
    l.answer(1, 4);  // the former finding is settled: the source is asked again
    CHECK(l.around.failures.empty());
    CHECK(l.around.assigns.back() == noted::assigned{3, "0", {0, 4}});
  }
  SECTION("where it stands further on, and that is gone, too, it is asked again") {
    l.answer(1, 7);
    l.give_failure(trimmed_source, 2);
    CHECK(l.around.asks.size() == 2);
    CHECK(l.around.failures.empty());
    l.answer(1, 7);
    CHECK(l.around.failures.size() == 1);
  }
  SECTION("it goes down, and its next life answers") {
    l.core.on_receiver_down(1);
    CHECK(l.around.failures.empty());
    l.core.on_receiver_up(1);
    l.answer(1, 4);
    CHECK(l.around.failures.size() == 1);
  }
  SECTION("an answer that it gave before is none") {
    l.core.on_answer(l.log("0"), 1, outdated);
    CHECK(l.around.failures.empty());
    l.answer(1, 10);
    CHECK(l.around.failures.empty());
  }
  SECTION("a newer life of the lane has asked it: this one ends as fenced") {
    l.core.on_answer(l.log("0"), 1, std::nullopt);
    CHECK(l.around.fenced);
    CHECK(l.around.failures.empty());
  }
}

TEST_CASE("of those that go along with a reader, only who stands at what is gone is asked") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_at(10, 6, 4);
  l.around.asks.clear();
  l.give_failure(trimmed_source, 1);
  CHECK(l.around.asks == std::vector<noted::asked>{{2, l.log("0")}});
  CHECK(l.around.closed == std::vector<lane::reader_number>{1});
  CHECK(l.around.assigns.back() ==
        noted::assigned{2, "0", {0, 6}});  // the other one gets a reader of its own
  l.give(chunk_of("0", 6, {"1", "2", "3", "4"}), 2);
  CHECK(l.got(1) == ranges{"6-10"});
  l.answer(2, 10);
  CHECK(l.around.failures.empty());
}

TEST_CASE("a failure of a reader that is over is none") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_at(10, 4, 10);
  l.core.on_ask_again(l.log("0"), 1);
  for (const auto& e : {trimmed_source, broken_source})
    l.give_failure(e, 1);
  l.answer(1, 10);
  CHECK(l.around.failures.empty());
}

TEST_CASE(
    "where the live log is trimmed, all receivers are asked, and nothing is read until they have answered") {
  driven_lane l(options_of({"0", "1"}));
  l.begin(4);
  l.give(chunk_of("0", 4, {"1", "2"}));
  l.around.asks.clear();
  const auto reads = l.around.reads.size();
  l.give_failure(trimmed_source);
  CHECK(l.got(0) == ranges{"4-6"});  // all that was read goes on its way first
  std::vector<noted::asked> expected;
  for (const auto* const p : {"0", "1"})
    for (std::size_t r = 0; r < 3; ++r)
      expected.push_back({r, l.log(p)});
  CHECK(l.around.asks == expected);
  const auto answer_all = [&](std::int64_t first, std::int64_t second) {
    for (std::size_t r = 0; r < 3; ++r) {
      CHECK(l.around.reads.size() == reads);
      CHECK(l.around.failures.empty());
      l.answer(r, first, "0");
      l.answer(r, second, "1");
    }
  };
  SECTION("they stand where they stood: the run ends with what the source said") {
    answer_all(6, 4);
    REQUIRE(l.around.failures.size() == 1);
    CHECK(l.around.failures[0].message == "gone");
    CHECK(l.around.reads.size() == reads);
  }
  SECTION("other lives stand further on: both partitions are read anew, each from where it stands") {
    answer_all(6, 9);
    CHECK(l.around.failures.empty());
    CHECK(l.around.reads.size() == reads + 1);
    const auto& a = l.around.assigns;
    CHECK(std::ranges::find(a, noted::assigned{lane::live_reader, "1", {0, 9}}) != a.end());
    CHECK(a.back() == noted::assigned{lane::live_reader, "0", {0, 6}});
    l.give(caught_up(chunk_of("1", 9, {"3"})));
    CHECK(l.got(0, "1") == ranges{"9-10"});
    l.give_failure(trimmed_source);  // it was partition 0
    for (std::size_t r = 0; r < 3; ++r) {
      l.answer(r, 6, "0");
      l.answer(r, 10, "1");
    }
    CHECK(l.around.failures.size() == 1);
  }
  SECTION("one goes down and is not waited for") {
    for (const auto* const p : {"0", "1"})
      for (std::size_t r = 0; r < 2; ++r)
        l.answer(r, p == std::string("0") ? 6 : 4, p);
    CHECK(l.around.failures.empty());
    l.core.on_receiver_down(2);
    CHECK(l.around.failures.size() == 1);
  }
  SECTION("all go down: the next lives are waited for") {
    for (std::size_t r = 0; r < 3; ++r)
      l.core.on_receiver_down(r);
    CHECK(l.around.failures.empty());
    for (std::size_t r = 0; r < 3; ++r)
      l.core.on_receiver_up(r);
    answer_all(6, 4);
    CHECK(l.around.failures.size() == 1);
  }
  SECTION("a newer life of the lane has asked: this one ends as fenced") {
    l.core.on_answer(l.log("0"), 0, std::nullopt);
    CHECK(l.around.fenced);
    CHECK(l.around.failures.empty());
  }
}

TEST_CASE("where the live log is trimmed and receivers stand apart, one that needs it is enough, in whatever "
          "order they answer") {
  const auto how = GENERATE(delivery::lane_log::start::at_lowest, delivery::lane_log::start::at_furthest);
  driven_lane l(options_of({"0"}), how);
  l.begin_at(20, 4, 20);
  l.give_failure(trimmed_source);
  std::vector<std::size_t> order{0, 1, 2};
  const auto last = GENERATE(0, 1, 2);
  std::ranges::swap(order[2], order[static_cast<std::size_t>(last)]);
  for (const auto r : order) {
    CHECK(l.around.failures.empty());
    l.answer(r, r == 1 ? 4 : 30);  // the others have lives that have gone on
  }
  CHECK(l.around.failures.size() == 1);
}

TEST_CASE("a reader that cannot be opened ends the run") {
  driven_lane l(options_of({"0"}), restarted);
  REQUIRE(l.core.start());
  l.core.cannot_open = broken_source;
  for (std::size_t r = 0; r < 3; ++r)
    l.core.on_receiver_up(r);
  l.answer(0, 10);
  l.answer(1, 4);
  l.answer(2, 10);
  CHECK(l.around.failures.size() == 1);
}

TEST_CASE("two readers at a time; one that waits for credit makes place for a receiver that takes") {
  auto o = options_of({"0", "1", "2"});
  o.credit = 1;
  driven_lane l(std::move(o), restarted);
  l.begin_unanswered();
  for (const auto* const p : {"0", "1", "2"})
    for (std::size_t r = 0; r < 3; ++r)
      l.answer(r, r == (p == std::string("2") ? 1 : 0) ? 4 : 10, p);
  CHECK(l.around.opened.size() == 3);
  l.give(chunk_of("0", 4, {"!"}), 1);  // uses the dead letters' credit
  l.give(chunk_of("0", 5, {"!"}), 1);  // waits for credit, and the reader reads no further
  CHECK(l.got(0) == ranges{"4-5"});
  CHECK(l.reads_of(1) == 2);
  l.pass(900ms);
  CHECK(l.around.closed.empty());
  l.pass(200ms);
  CHECK(l.around.closed == std::vector<lane::reader_number>{1});
  REQUIRE(l.around.opened.size() == 4);
  CHECK(l.around.assigns.back() == noted::assigned{3, "2", {0, 4}});
  SECTION("it gets a place again when it takes, and another has come along") {
    l.give(chunk_of("2", 4, {"1", "1", "1", "1", "1", "1"}), 3);
    CHECK(l.got(1, "2") == ranges{"4-10"});
    CHECK(l.around.closed.size() == 2);
    l.take_all(0);
    CHECK(l.around.opened.size() == 5);
    CHECK(l.around.assigns.back() == noted::assigned{4, "0", {0, 5}});
  }
}

TEST_CASE("receivers that are behind go along with one reader, each from where it stands") {
  driven_lane l(options_of({"0"}), restarted);
  l.begin_at(10, 6, 4);
  CHECK(l.around.assigns ==
        std::vector<noted::assigned>{{lane::live_reader, "0", {0, 10}}, {1, "0", {0, 4}}});
  l.give(chunk_of("0", 4, {"1"}), 1);
  CHECK(l.got(2) == ranges{"4-5"});
  CHECK(l.got(1).empty());
  l.give(chunk_of("0", 5, {"2", "3", "4"}), 1);
  CHECK(l.got(2) == ranges{"4-5", "5-6", "6-8"});
  CHECK(l.got(1) == ranges{"6-8"});
  SECTION("to where the lane stands") {
    l.give(chunk_of("0", 8, {"5", "6", "7"}), 1);
    CHECK(l.got(1) == ranges{"6-8", "8-10"});
    CHECK(l.around.closed == std::vector<lane::reader_number>{1});
    l.give(caught_up(chunk_of("0", 10, {"7"})));
    CHECK(l.got(2).back() == "10-11");
    CHECK(l.got(1).back() == "10-11");
  }
  SECTION("one that falls back gets a reader of its own, and the other goes on") {
    l.core.on_ask_again(l.log("0"), 2);
    l.answer(2, 4);
    CHECK(l.around.closed.empty());
    CHECK(l.around.assigns.back() == noted::assigned{2, "0", {0, 4}});
    l.give(chunk_of("0", 8, {"5", "6"}), 1);
    CHECK(l.got(1) == ranges{"6-8", "8-10"});
    CHECK(l.got(2) == ranges{"4-5", "5-6", "6-8"});
  }
  SECTION("one that answers anew goes along again, and gets each frame once") {
    l.core.on_ask_again(l.log("0"), 2);
    l.answer(2, 8);
    CHECK(l.around.opened.size() == 2);
    l.give(chunk_of("0", 8, {"5", "6"}), 1);
    CHECK(l.got(2) == ranges{"4-5", "5-6", "6-8", "8-10"});
    CHECK(l.got(1) == ranges{"6-8", "8-10"});
  }
  SECTION("one that goes down is left out") {
    l.core.on_receiver_down(2);
    l.give(chunk_of("0", 8, {"5", "6"}), 1);
    CHECK(l.got(1) == ranges{"6-8", "8-10"});
    CHECK(l.around.closed == std::vector<lane::reader_number>{1});
  }
}

TEST_CASE("catching up, records that made frames fail before get frames of their own") {
  auto o = options_of({"0"});
  // Two records whose frame could not be formed.
  o.failing.failed({"parsed/0", {0, 6}, {0, 8}, 2, {}, true}, "no memory");
  driven_lane l(std::move(o), restarted);
  l.begin_at(10, 4, 10);
  l.give(chunk_of("0", 4, {"1", "2", "3", "4", "5", "6"}), 1);
  CHECK(l.got(1).front() == "4-6");
  CHECK(l.got(1).back().ends_with("-10"));
  CHECK(l.got(1).size() >= 3);
}
