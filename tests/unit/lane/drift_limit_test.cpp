#include "actors/stream/lane/drift_limit.hpp"

#include <catch2/catch.hpp>

using millrace::end_of_time;
using millrace::micros;
using millrace::no_watermark;
using millrace::lane::drift_limit;

TEST_CASE("without max_drift nobody waits") {
  drift_limit d(std::nullopt);
  d.begin();
  d.sees(0);
  CHECK_FALSE(d.limits());
  CHECK_FALSE(d.holds(1'000'000));
}

TEST_CASE("a partition waits when it is further ahead of the slowest than max_drift") {
  drift_limit d(micros(100));
  d.begin();
  d.sees(70);
  d.sees(50);
  d.sees(60);
  CHECK(d.slowest() == 50);
  CHECK_FALSE(d.holds(50));
  CHECK_FALSE(d.holds(150));
  CHECK(d.holds(151));
}

TEST_CASE("while one partition has no record yet, only those without records read on") {
  drift_limit d(micros(100));
  d.begin();
  d.sees(no_watermark);
  CHECK(d.holds(0));
  CHECK_FALSE(d.holds(no_watermark));
}

TEST_CASE("others hear of a lane at first, when it falls back, and in steps of an eighth of max_drift") {
  const drift_limit d(micros(80));
  CHECK(d.is_news(std::nullopt, no_watermark));
  CHECK_FALSE(d.is_news(no_watermark, no_watermark));
  CHECK(d.is_news(no_watermark, 0));
  CHECK(d.is_news(100, 99));
  CHECK_FALSE(d.is_news(100, 100));
  CHECK_FALSE(d.is_news(100, 110));
  CHECK(d.is_news(100, 111));
  CHECK(d.is_news(100, end_of_time));
  CHECK_FALSE(d.is_news(end_of_time, end_of_time));
  CHECK(d.is_news(end_of_time, 100));
  CHECK(d.is_news(no_watermark + 1, end_of_time - 1));
}

TEST_CASE("when nobody else has anything to read, nobody waits") {
  drift_limit d(micros(100));
  d.begin();
  d.sees(7);
  d.begin();
  CHECK(d.slowest() == end_of_time);
  CHECK_FALSE(d.holds(1'000'000));
  CHECK_FALSE(d.holds(end_of_time));
}
