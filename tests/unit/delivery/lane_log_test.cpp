#include "runtime/delivery/lane_log.hpp"
#include "tests/unit/delivery/frames.hpp"

#include <catch2/catch.hpp>

namespace millrace::delivery {

using test::at;
using receivers = std::vector<std::size_t>;

namespace {
answer has(std::int64_t offset, std::uint64_t number = 1, incarnation life = 1) {
  return {{life, number}, {at(offset), offset}};
}
}  // namespace

TEST_CASE("a lane begins once every receiver that is up has answered") {
  lane_log lane(3, lane_log::start::at_furthest);
  lane.answered(0, has(5));
  CHECK_FALSE(lane.known());
  lane.mark_present(2, false);
  lane.answered(1, has(9));
  REQUIRE(lane.known());
  CHECK(lane.at() == mark{at(9), 9});
  CHECK(lane.attached() == receivers{1});
  CHECK(lane.behind() == receivers{0});
}

TEST_CASE("at the start of a process a lane begins at the lowest vector and cuts at every other") {
  lane_log lane(3, lane_log::start::at_lowest);
  lane.answered(0, has(5));
  lane.answered(1, has(9));
  lane.answered(2, has(7));
  CHECK(lane.at().at == at(5));
  CHECK(lane.attached() == receivers{0});
  CHECK(lane.next_cut() == at(7));
  lane.advance({at(7), 7});
  CHECK(lane.attached() == receivers{0, 2});
  CHECK(lane.next_cut() == at(9));
  lane.advance({at(9), 9});
  CHECK(lane.attached() == receivers{0, 1, 2});
  CHECK_FALSE(lane.next_cut());
  CHECK(lane.behind().empty());
}

TEST_CASE("all receivers go along when each has answered and none is behind; one ahead is no hindrance") {
  lane_log lane(3, lane_log::start::at_lowest);
  CHECK_FALSE(lane.all_along());
  CHECK_FALSE(lane.furthest());
  lane.answered(0, has(5));
  lane.answered(1, has(5));
  CHECK_FALSE(lane.all_along());
  lane.answered(2, has(9));
  CHECK(lane.all_along());
  CHECK(lane.furthest() == at(9));
  lane.advance({at(9), 9});
  lane.advance({at(12), 12});
  CHECK(lane.furthest() == at(12));
  lane.mark_present(1, false);
  CHECK_FALSE(lane.all_along());
  CHECK(lane.furthest() == at(12));
  lane.mark_present(1, true);
  lane.answered(1, has(5, 1, 2));
  CHECK_FALSE(lane.all_along());
  CHECK(lane.furthest() == at(12));
  lane.reader_advance(1, {at(12), 12});
  CHECK(lane.all_along());
}

TEST_CASE("a receiver that is behind is attached from the named cut on, its reader ends there") {
  lane_log lane(2, lane_log::start::at_furthest);
  lane.answered(0, has(20));
  lane.answered(1, has(5));
  CHECK(lane.reader_limit(1) == at(20));
  REQUIRE(lane.name_cut(1));
  CHECK_FALSE(lane.name_cut(1));
  CHECK(lane.attached() == receivers{0, 1});
  lane.advance({at(30), 30});
  CHECK(lane.reader_limit(1) == at(20));
  lane.reader_advance(1, {at(12), 12});
  CHECK(lane.behind() == receivers{1});
  lane.reader_advance(1, {at(20), 20});
  CHECK(lane.behind().empty());
  CHECK(lane.attached() == receivers{0, 1});
}

TEST_CASE("a reader that comes to where the lane stands is done without a named cut") {
  lane_log lane(2, lane_log::start::at_furthest);
  lane.answered(0, has(20));
  lane.answered(1, has(5));
  lane.reader_advance(1, {at(20), 20});
  CHECK(lane.behind().empty());
  CHECK(lane.attached() == receivers{0, 1});
}

TEST_CASE("a lane without attached receivers goes on at the furthest answer") {
  lane_log lane(2, lane_log::start::at_furthest);
  lane.answered(0, has(20));
  lane.answered(1, has(5));
  lane.mark_present(0, false);
  CHECK(lane.attached().empty());
  lane.mark_present(0, true);
  lane.answered(0, has(3, 1, 2));
  CHECK(lane.at() == mark{at(5), 5});
  CHECK(lane.attached() == receivers{1});
  CHECK(lane.behind() == receivers{0});
}

TEST_CASE("an answer of a receiver's earlier life does not replace its new life's") {
  lane_log lane(1, lane_log::start::at_furthest);
  lane.answered(0, has(4, 1, 2));
  lane.detach(0);
  lane.answered(0, has(9, 7, 1));
  CHECK(lane.attached().empty());
  lane.answered(0, has(4, 2, 2));
  CHECK(lane.attached() == receivers{0});
  CHECK(lane.at().at == at(4));
  CHECK(lane.stamp(0) == fence{2, 2});
}

TEST_CASE("what a reader has sent to a receiver that was detached meanwhile counts for nothing") {
  lane_log lane(2, lane_log::start::at_furthest);
  lane.answered(0, has(20));
  lane.answered(1, has(5));
  lane.detach(1);
  lane.reader_advance(1, {at(20), 20});
  CHECK(lane.attached() == receivers{0});
  CHECK(lane.behind().empty());
}

}  // namespace millrace::delivery
