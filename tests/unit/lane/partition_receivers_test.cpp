#include "actors/stream/lane/partition_receivers.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using lane::partition_receivers;
using news = partition_receivers::news;

namespace {

constexpr auto first_life = delivery::lane_log::start::at_lowest;

delivery::answer says(std::int64_t at, std::uint64_t fence = 1) {
  return {{1, fence}, {{0, at}, no_watermark}};
}

/// Two that stand at 10.
partition_receivers two_along() {
  partition_receivers r(2, first_life);
  CHECK(r.answered(0, says(10)) == news::waits);
  CHECK(r.answered(1, says(10)) == news::begins);
  return r;
}

}  // namespace

TEST_CASE("a partition begins when the last receiver that is up has answered, and moves when all went back") {
  partition_receivers r(2, first_life);
  r.mark_present(1, false);
  CHECK(r.answered(0, says(10)) == news::begins);
  r.mark_present(1, true);
  r.ask(1);
  CHECK(r.answered(1, says(12)) == news::goes_on);
  r.ask(0);
  r.ask(1);
  CHECK(r.answered(0, says(3, 2)) == news::moves);
  CHECK(r.log().at().at == position{0, 3});
  CHECK(r.answered(1, says(1, 2)) == news::goes_on);
}

TEST_CASE("bytes in flight use credit until they come back under the same fence") {
  auto r = two_along();
  CHECK(r.may_send(100));
  CHECK(r.sends(0, 60) == delivery::fence{1, 1});
  CHECK(r.sends(0, 60) == delivery::fence{1, 1});
  CHECK(r.sends(1, 5) == delivery::fence{1, 1});
  CHECK(r.in_flight() == 125);
  CHECK_FALSE(r.nothing_in_flight());
  CHECK_FALSE(r.has_credit(0, 100));
  CHECK(r.has_credit(1, 100));
  CHECK_FALSE(r.may_send(100));
  CHECK_FALSE(r.returned(0, {1, 7}, 60));
  CHECK_FALSE(r.may_send(100));
  CHECK(r.returned(0, {1, 1}, 60));
  CHECK(r.may_send(100));
  CHECK(r.returned(0, {1, 1}, 1'000));  // never below nothing
  CHECK(r.returned(1, {1, 1}, 5));
  CHECK(r.nothing_in_flight());
}

TEST_CASE("a new fence, and the end of a receiver, begin with nothing in flight") {
  auto r = two_along();
  static_cast<void>(r.sends(0, 60));
  static_cast<void>(r.sends(1, 60));
  r.ask(0);
  CHECK(r.in_flight() == 60);
  r.mark_present(1, false);
  CHECK(r.nothing_in_flight());
  CHECK_FALSE(r.may_send(100));  // nobody is there
}

TEST_CASE("without anybody attached a lane goes on only towards one that waits further on") {
  partition_receivers r(2, first_life);
  static_cast<void>(r.answered(0, says(10)));
  static_cast<void>(r.answered(1, says(12)));
  CHECK(r.may_send(100));
  r.ask(0);
  CHECK(r.may_send(100));
  r.advance({{0, 12}, no_watermark});
  CHECK(r.log().attached() == std::vector<std::size_t>{1});
  r.ask(1);
  CHECK_FALSE(r.may_send(100));
}

TEST_CASE("a record has been had when a receiver stands behind it") {
  auto r = two_along();
  CHECK_FALSE(r.have_had({0, 10}));
  CHECK(r.have_had({0, 9}));
  r.advance({{0, 11}, no_watermark});
  CHECK(r.have_had({0, 10}));
  CHECK_FALSE(partition_receivers(2, first_life).have_had({0, 0}));
}

TEST_CASE("a receiver that catches up has what its reader has given it") {
  partition_receivers r(2, delivery::lane_log::start::at_furthest);
  static_cast<void>(r.answered(0, says(10)));
  CHECK(r.answered(1, says(4)) == news::begins);
  CHECK(r.log().behind() == std::vector<std::size_t>{1});
  r.reader_advance(1, {{0, 10}, no_watermark});
  CHECK(r.log().all_along());
}

TEST_CASE("durable is what every receiver has said to be") {
  auto r = two_along();
  r.acknowledged(0, {0, 8});
  CHECK_FALSE(r.durable());
  r.acknowledged(1, {0, 5});
  CHECK(r.durable() == position{0, 5});
  r.acknowledged(1, {0, 4});  // overtaken
  CHECK(r.durable() == position{0, 5});
  r.acknowledged(1, {0, 9});
  CHECK(r.durable() == position{0, 8});
}
