#include "actors/stream/lane/discovery.hpp"
#include "actors/stream/lane/schedule.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace millrace;
using namespace std::chrono_literals;

namespace {

constexpr event_micros second = 1'000'000;
const lane::schedule::clock::time_point noon{1h};

lane::schedule unlimited() { return {{{}, {}, 1U << 20}, 7, noon}; }
lane::schedule drifting(micros most) { return {{{}, most, 1U << 20}, 7, noon}; }
lane::schedule one_of_several(micros most) { return {{{}, most, 1U << 20, false}, 7, noon}; }

std::vector<std::string> wanted(const std::optional<source::read>& request) {
  return request ? request->wanted : std::vector<std::string>();
}

using names = std::vector<std::string>;
using places = std::vector<lane::schedule::place>;

}  // namespace

TEST_CASE("one request at a time, each with a number of its own") {
  auto s = unlimited();
  const places one{{"a", 5, true, true}};
  CHECK(s.ticket() == 0);
  const auto first = s.next(one);
  REQUIRE(first);
  CHECK(first->ticket == 1);
  CHECK(first->max_bytes == 1U << 20);
  CHECK(s.is_reading());
  s.answered();
  CHECK_FALSE(s.is_reading());
  CHECK(s.next(one)->ticket == 2);
}

TEST_CASE("the least watermark comes first; where they are alike, the first") {
  auto s = unlimited();
  CHECK(wanted(s.next(places{{"a", 7, true, true},
                             {"b", 3, true, true},
                             {"c", no_watermark, true, true},
                             {"d", 3, true, true}})) == names{"c", "b", "d", "a"});
}

TEST_CASE("where nobody takes anything, nothing is asked for") {
  auto s = unlimited();
  CHECK_FALSE(s.next(places{{"a", 7, true, false}}));
  CHECK_FALSE(s.next({}));
  CHECK_FALSE(s.is_reading());
  CHECK(s.ticket() == 0);
}

TEST_CASE("without max_drift nobody waits for others, and others hear nothing") {
  lane::schedule s({{}, {}, 1U << 20, false}, 7, noon);
  const places far{{"a", 1000 * second, true, true}, {"b", 0, true, false}};
  CHECK_FALSE(s.news_for_others(far));
  CHECK(wanted(s.next(far)) == names{"a"});
}

TEST_CASE("under max_drift a partition waits for the slowest of its lane that has more") {
  auto s = drifting(10s);
  const auto ahead = s.next(places{{"a", 21 * second, true, true}, {"b", 10 * second, true, true}});
  CHECK(wanted(ahead) == names{"b"});
  const auto just = s.next(places{{"a", 20 * second, true, true}, {"b", 10 * second, true, true}});
  CHECK(wanted(just) == names{"b", "a"});
  // The slow one has ended, or has no records just now: nobody waits for it.
  const auto done = s.next(places{{"a", 21 * second, true, true}, {"b", 0, false, false}});
  CHECK(wanted(done) == names{"a"});
}

TEST_CASE("under max_drift a partition waits for those of other lanes, and for their first word") {
  auto s = one_of_several(10s);
  const places one{{"a", 20 * second, true, true}};
  CHECK_FALSE(s.next(one));
  CHECK(wanted(s.next(places{{"a", no_watermark, true, true}})) == names{"a"});
  s.others_stand_at(9 * second);
  CHECK_FALSE(s.next(one));
  s.others_stand_at(10 * second);
  CHECK(wanted(s.next(one)) == names{"a"});
  s.others_stand_at(end_of_time);
  CHECK(wanted(s.next(one)) == names{"a"});
}

TEST_CASE("other lanes hear where the slowest partition that has more is") {
  auto s = one_of_several(8s);
  CHECK(s.news_for_others(places{{"a", 21, true, true}, {"b", 0, false, true}, {"c", 4, true, false}}) == 4);
  CHECK_FALSE(s.news_for_others(places{{"a", 21, true, true}, {"c", second, true, false}}));
  CHECK(s.news_for_others(places{{"a", 2 * second, true, true}}) == 2 * second);
  CHECK(s.news_for_others(places{{"a", 2 * second, false, true}}) == end_of_time);
  CHECK_FALSE(s.news_for_others({}));
  CHECK_FALSE(drifting(8s).news_for_others(places{{"a", 4, true, true}}));
}

TEST_CASE("under a rate little is read ahead") {
  lane::schedule s({5.0, {}, 1U << 20}, 7, noon);
  CHECK(s.next(places{{"a", 7, true, true}})->max_bytes == 64U << 10);
  lane::schedule small({5.0, {}, 100}, 7, noon);
  CHECK(small.next(places{{"a", 7, true, true}})->max_bytes == 100);
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
