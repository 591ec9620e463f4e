#include "actors/lane/discovery.hpp"
#include "actors/lane/schedule.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr event_micros second = 1'000'000;
const lane::schedule::clock::time_point noon{1h};

lane::schedule unlimited() { return {{{}, {}, 1U << 20}, 7, noon}; }
lane::schedule drifting(micros most) { return {{{}, most, 1U << 20}, 7, noon}; }

std::vector<std::string> wanted(const lane::schedule::turn& t) {
  return t.request ? t.request->wanted : std::vector<std::string>();
}

using names = std::vector<std::string>;
using places = std::vector<lane::schedule::place>;

}  // namespace

TEST_CASE("one request at a time, each with a number of its own") {
  auto s = unlimited();
  const places one{{"a", 5, true, true}};
  CHECK(s.ticket() == 0);
  const auto first = s.next(one, end_of_time);
  REQUIRE(first.request);
  CHECK(first.request->ticket == 1);
  CHECK(first.request->max_bytes == 1U << 20);
  CHECK(s.is_reading());
  s.answered();
  CHECK_FALSE(s.is_reading());
  CHECK(s.next(one, end_of_time).request->ticket == 2);
}

TEST_CASE("the least watermark comes first; where they are alike, the first") {
  auto s = unlimited();
  CHECK(wanted(s.next(places{{"a", 7, true, true},
                             {"b", 3, true, true},
                             {"c", no_watermark, true, true},
                             {"d", 3, true, true}},
                      end_of_time)) == names{"c", "b", "d", "a"});
}

TEST_CASE("where nobody takes anything, nothing is asked for") {
  auto s = unlimited();
  CHECK_FALSE(s.next(places{{"a", 7, true, false}}, end_of_time).request);
  CHECK_FALSE(s.next({}, end_of_time).request);
  CHECK_FALSE(s.is_reading());
  CHECK(s.ticket() == 0);
}

TEST_CASE("without max_drift nobody waits for others") {
  auto s = unlimited();
  CHECK_FALSE(s.limits_drift());
  const auto t = s.next(places{{"a", 1000 * second, true, true}, {"b", 0, true, false}}, no_watermark);
  CHECK_FALSE(t.held);
  CHECK(wanted(t) == names{"a"});
}

TEST_CASE("under max_drift a partition waits for the slowest that has more, of this lane or of others") {
  auto s = drifting(10s);
  CHECK(s.limits_drift());
  const auto own =
      s.next(places{{"a", 21 * second, true, true}, {"b", 10 * second, true, true}}, end_of_time);
  CHECK(own.held);
  CHECK(wanted(own) == names{"b"});
  const auto just =
      s.next(places{{"a", 20 * second, true, true}, {"b", 10 * second, true, true}}, end_of_time);
  CHECK_FALSE(just.held);
  CHECK(wanted(just) == names{"b", "a"});
  const auto others = s.next(places{{"a", 20 * second, true, true}}, 9 * second);
  CHECK(others.held);
  CHECK_FALSE(others.request);
  // Nothing is left of the slow one, or nothing just now: nobody waits for it.
  const auto done = s.next(places{{"a", 21 * second, true, true}, {"b", 0, false, false}}, end_of_time);
  CHECK(wanted(done) == names{"a"});
  CHECK(lane::schedule::slowest(
            places{{"a", 21, true, true}, {"b", 0, false, true}, {"c", 4, true, false}}) == 4);
  CHECK(lane::schedule::slowest({}) == end_of_time);
}

TEST_CASE("whoever is held but not wanted is not looked at again") {
  auto s = drifting(10s);
  const auto t = s.next(places{{"a", 99 * second, true, false}, {"b", 10 * second, true, true}}, end_of_time);
  CHECK_FALSE(t.held);
  CHECK(wanted(t) == names{"b"});
}

TEST_CASE("under a rate little is read ahead") {
  lane::schedule s({5.0, {}, 1U << 20}, 7, noon);
  CHECK(s.next(places{{"a", 7, true, true}}, end_of_time).request->max_bytes == 64U << 10);
  lane::schedule small({5.0, {}, 100}, 7, noon);
  CHECK(small.next(places{{"a", 7, true, true}}, end_of_time).request->max_bytes == 100);
}

TEST_CASE("a source that is away is asked again later and later, and said to be away once") {
  lane::source_health h(7);
  CHECK_FALSE(h.answered());
  CHECK(h.ask_at() <= noon);
  CHECK(h.failed(noon));
  CHECK(h.ask_at() >= noon + 50ms);
  CHECK(h.ask_at() <= noon + 100ms);
  for (int i = 0; i < 10; ++i)
    CHECK_FALSE(h.failed(noon));
  CHECK(h.ask_at() >= noon + 1s);
  CHECK(h.ask_at() <= noon + 2s);
  CHECK(h.answered());
  CHECK_FALSE(h.answered());
  CHECK(h.failed(noon));
  CHECK(h.ask_at() <= noon + 100ms);
}

TEST_CASE("a look is for partitions beside all that are read") {
  lane::discovery d(30s, {"a"});
  CHECK(d.wait() == micros(30s));
  d.started("b");
  d.started("a");
  CHECK(d.known() == std::set<std::string>{"a", "b"});
  CHECK_FALSE(lane::discovery({}, {"a"}).wait());
}
