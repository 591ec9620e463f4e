#include "actors/stream/lane/catch_ups.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace millrace;
using namespace std::chrono_literals;
using lane::catch_ups;

namespace {

const catch_ups::clock::time_point t0{1h};

/// Receiver 0 stands at 10 like the lane, receiver 1 at 4.
delivery::lane_log one_lags() {
  delivery::lane_log log(2, delivery::lane_log::start::at_furthest);
  log.answered(0, {{1, 1}, {{0, 10}, no_watermark}});
  log.answered(1, {{1, 1}, {{0, 4}, no_watermark}});
  return log;
}

}  // namespace

TEST_CASE("a receiver goes along with a reader that is not further on, and near") {
  const auto goes = [](std::int64_t reader, std::int64_t where, std::int64_t live) {
    return lane::goes_along({0, reader}, {0, where}, {0, live});
  };
  CHECK(goes(4, 4, 10));
  CHECK(goes(4, 7, 10));
  CHECK_FALSE(goes(4, 8, 10));  // it would wait for four records, and lacks two
  CHECK_FALSE(goes(4, 3, 10));
  CHECK(lane::goes_along({1, 4}, {1, 90}, {2, 3}));
  CHECK_FALSE(lane::goes_along({1, 4}, {2, 1}, {2, 3}));
}

TEST_CASE(
    "of receivers that go along, one that takes nothing is left behind, those further on are waited for") {
  delivery::lane_log log(4, delivery::lane_log::start::at_furthest);
  const std::int64_t stands[] = {20, 4, 4, 7};
  for (std::size_t r = 0; r < 4; ++r)
    log.answered(r, {{1, 1}, {{0, stands[r]}, no_watermark}});
  catch_ups all(7);
  auto& c = all.add(0, 1, log.stamp(1), nullptr);
  c.all.push_back({2, log.stamp(2)});
  c.all.push_back({3, log.stamp(3)});
  CHECK(c.at(log, {0, 4}) == std::vector<std::size_t>{1, 2});
  CHECK(c.limit(log, {0, 4}) == position{0, 7});
  for (const std::size_t r : {1, 2})
    log.reader_advance(r, {{0, 7}, no_watermark});
  CHECK(c.at(log, {0, 7}) == std::vector<std::size_t>{1, 2, 3});
  CHECK(c.limit(log, {0, 7}) == position{0, 20});
  const auto note = [&](std::set<std::size_t> takes, catch_ups::clock::time_point now) {
    c.note_credit(
        {1, 2, 3}, [&](std::size_t r) { return takes.contains(r); }, catch_ups::yield_after, now);
  };
  note({}, t0);
  note({}, t0 + 2s);
  CHECK(c.waits_since == t0);
  CHECK(c.receivers() == std::vector<std::size_t>{1, 2, 3});  // nobody would go on
  note({1, 3}, t0 + 3s);
  CHECK_FALSE(c.waits_since);
  CHECK(c.receivers() == std::vector<std::size_t>{1, 3});
  note({1}, t0 + 4s);
  note({1}, t0 + 4500ms);
  CHECK(c.receivers() == std::vector<std::size_t>{1, 3});
  log.detach(1);
  CHECK_FALSE(c.is_over(log));
  CHECK(c.receivers() == std::vector<std::size_t>{3});
}

TEST_CASE("a reader is one receiver's of one partition, under one fence") {
  catch_ups all(7);
  CHECK(all.next_reader() == 1);
  auto& c = all.add(3, 1, {1, 5}, nullptr);
  CHECK(c.reader == 1);
  CHECK(all.next_reader() == 2);
  CHECK(all.serves(3, 1, {1, 5}));
  CHECK_FALSE(all.serves(3, 1, {1, 6}));
  CHECK_FALSE(all.serves(3, 0, {1, 5}));
  CHECK_FALSE(all.serves(2, 1, {1, 5}));
  CHECK(all.find(1) == &c);
  CHECK(all.find(lane::live_reader) == nullptr);
}

TEST_CASE("a reader is over when its receiver is behind no more, or has answered again") {
  auto log = one_lags();
  catch_ups all(7);
  auto& c = all.add(0, 1, log.stamp(1), nullptr);
  CHECK_FALSE(c.is_over(log));
  SECTION("it has come to where the lane stands") { log.reader_advance(1, {{0, 10}, no_watermark}); }
  SECTION("it is being asked") { log.detach(1); }
  SECTION("it has answered again") {
    log.detach(1);
    log.answered(1, {{1, 2}, {{0, 5}, no_watermark}});
  }
  CHECK(c.is_over(log));
  CHECK(all.remove_if([&](lane::catch_up& x) { return x.is_over(log); }) ==
        std::vector<lane::reader_number>{1});
  CHECK(all.all().empty());
  CHECK(all.next_reader() == 2);  // no number comes twice
}

TEST_CASE("there is place for two readers") {
  catch_ups all(7);
  for (std::size_t r = 0; r < catch_ups::most; ++r) {
    CHECK(all.find_place(false, t0).free);
    all.add(0, r, {}, nullptr);
  }
  const auto third = all.find_place(true, t0);
  CHECK_FALSE(third.free);
  CHECK(third.look_again);
  const auto takes_nothing = all.find_place(false, t0);
  CHECK_FALSE(takes_nothing.free);
  CHECK_FALSE(takes_nothing.look_again);
}

TEST_CASE("a reader whose receiver has taken nothing for a second makes place for one that takes") {
  catch_ups all(7);
  all.add(0, 0, {}, nullptr);
  auto& slow = all.add(0, 1, {}, nullptr);
  const auto note = [&](bool takes, catch_ups::clock::time_point now) {
    slow.note_credit(
        {1}, [&](std::size_t) { return takes; }, catch_ups::yield_after, now);
  };
  note(false, t0);
  note(false, t0 + 500ms);  // passes since the first time
  CHECK_FALSE(all.find_place(true, t0 + 999ms).free);
  SECTION("it has taken something meanwhile") {
    note(true, t0 + 999ms);
    note(false, t0 + 999ms);
    CHECK_FALSE(all.find_place(true, t0 + 1s).free);
  }
  SECTION("it has not") {
    CHECK_FALSE(all.find_place(false, t0 + 1s).free);
    const auto place = all.find_place(true, t0 + 1s);
    CHECK(place.free);
    CHECK(place.taken_from == 2);
    CHECK(all.all().size() == 1);
    CHECK_FALSE(all.find(2));
  }
}

TEST_CASE("that receivers are behind is said once while readers follow each other closely") {
  lane::lag_notice n;
  CHECK(n.is_due(t0));
  CHECK_FALSE(n.is_due(t0 + 9s));
  CHECK_FALSE(n.is_due(t0 + 18s));
  CHECK(n.is_due(t0 + 28s));
}
