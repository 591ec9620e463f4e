// Checks that chunks which helpers parse are put together in the order of the log, in any order of their
// return, and that the lane gets what a helper cannot parse.
#include "tests/unit/lane/driven_lane.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::lane_test;

namespace {

lane::lane_options with_helpers(std::size_t helpers, std::size_t least_bytes = 1) {
  auto o = options_of({"0"});
  o.ahead = {helpers, least_bytes};
  o.frame_records = 1;  // each chunk is a frame
  return o;
}

/// Makes the answer that a helper gives to this request.
lane::chunk_parsed answer_to(const driven_lane& l, std::size_t request) {
  const auto& [number, chunk] = l.around.given_away.at(request);
  return {number, std::make_shared<parser::parsed>(seconds_parser().parse(*chunk)), micros(5)};
}

}  // namespace

TEST_CASE("chunks that helpers parse go on in the order of the log") {
  driven_lane l(with_helpers(2));
  l.begin();
  l.give(chunk_of("0", 0, {"1", "2"}));
  l.give(chunk_of("0", 2, {"3"}));
  l.give(chunk_of("0", 3, {"4", "5"}));
  REQUIRE(l.around.given_away.size() == 3);
  CHECK(l.got(0).empty());
  l.core.on_parsed(answer_to(l, 2));
  l.core.on_parsed(answer_to(l, 1));
  CHECK(l.got(0).empty());
  l.core.on_parsed(answer_to(l, 0));
  CHECK(l.got(0) == ranges{"0-2", "2-3", "3-5"});
  CHECK(l.gauges->work_micros >= 15);
}

TEST_CASE("a lane with helpers reads a chunk further for each of them, and no more") {
  driven_lane l(with_helpers(2));
  l.begin();
  for (std::int64_t i = 0; i < 4; ++i)
    l.give(chunk_of("0", i, {"1"}));
  CHECK(l.reads_of(lane::live_reader) == 4);
  l.core.on_parsed(answer_to(l, 0));
  CHECK(l.reads_of(lane::live_reader) == 5);
}

TEST_CASE("a small chunk is parsed by the lane, behind those that wait for a helper") {
  driven_lane l(with_helpers(1, 2 + source::padding));
  l.begin();
  l.give(chunk_of("0", 0, {"10", "11"}));
  l.give(chunk_of("0", 2, {"3"}));
  REQUIRE(l.around.given_away.size() == 1);
  CHECK(l.got(0).empty());
  l.core.on_parsed(answer_to(l, 0));
  CHECK(l.got(0) == ranges{"0-2", "2-3"});
}

TEST_CASE("what a helper cannot parse the lane tries itself, and says what failed") {
  driven_lane l(with_helpers(1));
  l.begin();
  l.give(chunk_of("0", 0, {"1", "X"}));
  REQUIRE(l.around.given_away.size() == 1);
  CHECK_THROWS_WITH(l.core.on_parsed({l.around.given_away[0].first, nullptr, micros(0)}), "X");
  CHECK(l.around.failing.next("parsed/0", {0, 0}, {0, 2}).has_value());
}

TEST_CASE("an answer for a chunk that the lane has dropped changes nothing") {
  driven_lane l(with_helpers(1));
  l.begin();
  l.give(chunk_of("0", 0, {"1"}));
  const auto late = answer_to(l, 0);
  l.core.on_parsed(late);
  CHECK(l.got(0) == ranges{"0-1"});
  l.core.on_parsed(late);
  CHECK(l.got(0) == ranges{"0-1"});
}

TEST_CASE("a chunk in which a record is given up is parsed in pieces by the lane") {
  auto o = with_helpers(1);
  auto verdicts = std::make_shared<delivery::verdicts>();
  verdicts->add({"parsed/0", {0, 1}, "it made the lane fail"});
  o.verdicts = verdicts;
  driven_lane l(std::move(o));
  l.begin();
  l.give(chunk_of("0", 0, {"1", "X", "3"}));
  CHECK(l.around.given_away.empty());
  CHECK(l.got(0).back().ends_with("-3"));
  l.give(chunk_of("0", 3, {"4"}));
  CHECK(l.around.given_away.size() == 1);
}

TEST_CASE("no helper gets a chunk with records in whose work a process has ended") {
  auto o = with_helpers(1);
  o.failing.suspect({"parsed/0", {0, 1}, {0, 3}, 2});
  driven_lane l(std::move(o));
  l.begin();
  l.give(chunk_of("0", 0, {"1", "2", "3"}));
  CHECK(l.around.given_away.empty());
  CHECK(l.got(0).back().ends_with("-3"));
  l.give(chunk_of("0", 3, {"4"}));
  CHECK(l.around.given_away.size() == 1);
}
