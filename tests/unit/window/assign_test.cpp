#include "runtime/expression/formats/calendar.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/window/slices.hpp"
#include "tests/unit/window/window_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

namespace millrace::window {

using test::second;

TEST_CASE("slices are multiples of the slide, also before 1970") {
  const auto d = test::windows_of(10, 10, {test::count_rows()});
  CHECK(assign(d, 0, no_watermark) == slice_key{0, 10});
  CHECK(assign(d, 9, no_watermark) == slice_key{0, 10});
  CHECK(assign(d, 10, no_watermark) == slice_key{10, 20});
  CHECK(assign(d, -1, no_watermark) == slice_key{-10, 0});
  CHECK(assign(d, -10, no_watermark) == slice_key{-10, 0});
  CHECK(assign(d, -11, no_watermark) == slice_key{-20, -10});
}

TEST_CASE("slices begin at the anchor and whole slides from there") {
  auto d = test::windows_of(20, 10, {test::count_rows()});
  d.anchor = micros(3);
  CHECK(assign(d, 0, no_watermark) == slice_key{-7, 3});
  CHECK(assign(d, 2, no_watermark) == slice_key{-7, 3});
  CHECK(assign(d, 3, no_watermark) == slice_key{3, 13});
  CHECK(assign(d, 3, 13) == slice_key{3, 23});
  CHECK(assign(d, 3, 22) == slice_key{3, 23});
  CHECK_FALSE(assign(d, 3, 23).has_value());
  CHECK(is_slice(d, {3, 13}));
  CHECK_FALSE(is_slice(d, {0, 10}));
}

namespace {

definition days_of(const char* zone) {
  auto d = test::windows_of(86'400 * second, 86'400 * second, {test::count_rows()});
  d.zone = expression::find_zone(zone);
  REQUIRE(d.zone != nullptr);
  return d;
}

std::string day_at(const definition& d, const char* time) {
  const auto at = expression::parse_timestamp(time);
  REQUIRE(at);
  const auto k = assign(d, *at, no_watermark);
  REQUIRE(k);
  CHECK(window_start(d, k->eligible) == k->slice);
  CHECK(last_end(d, k->slice) == k->eligible);
  return format_timestamp(k->slice) + " " + format_timestamp(k->eligible);
}

}  // namespace

TEST_CASE("a day of a zone goes from midnight to midnight there, however long it is") {
  const auto berlin = days_of("Europe/Berlin");
  CHECK(day_at(berlin, "2021-03-28T00:59:59Z") == "2021-03-27T23:00:00Z 2021-03-28T22:00:00Z");
  CHECK(day_at(berlin, "2021-10-31T01:30:00Z") == "2021-10-30T22:00:00Z 2021-10-31T23:00:00Z");
  CHECK(day_at(berlin, "2098-03-30T10:00:00Z") == "2098-03-29T23:00:00Z 2098-03-30T22:00:00Z");
  const auto sao_paulo = days_of("America/Sao_Paulo");  // 00:00 was skipped
  CHECK(day_at(sao_paulo, "2018-11-04T02:59:59Z") == "2018-11-03T03:00:00Z 2018-11-04T03:00:00Z");
  CHECK(day_at(sao_paulo, "2018-11-04T03:00:00Z") == "2018-11-04T03:00:00Z 2018-11-05T02:00:00Z");
  const auto apia = days_of("Pacific/Apia");  // the 29th of December was followed by the 31st
  CHECK(day_at(apia, "2011-12-30T09:59:59Z") == "2011-12-29T10:00:00Z 2011-12-30T10:00:00Z");
  CHECK(day_at(apia, "2011-12-30T10:00:00Z") == "2011-12-30T10:00:00Z 2011-12-31T10:00:00Z");
  CHECK(day_at(days_of("Asia/Ho_Chi_Minh"), "2018-11-20T16:59:59Z") ==
        "2018-11-19T17:00:00Z 2018-11-20T17:00:00Z");
}

TEST_CASE("an hour that comes twice is one of two hours, one that is skipped is none") {
  auto d = days_of("Australia/Lord_Howe");  // clocks change by half an hour there
  d.size = d.slide = micros(3600 * second);
  CHECK(day_at(d, "2021-04-03T15:10:00Z") == "2021-04-03T14:00:00Z 2021-04-03T15:30:00Z");  // 01:40 once more
  CHECK(day_at(d, "2021-10-02T15:30:00Z") ==
        "2021-10-02T15:30:00Z 2021-10-02T16:00:00Z");  // 02:30 is the first
}

TEST_CASE("windows below an hour last as long when the clocks change: an hour that comes twice has its own "
          "each time") {
  auto berlin = days_of("Europe/Berlin");
  berlin.size = berlin.slide = micros(1800 * second);
  CHECK(day_at(berlin, "2021-10-31T00:30:00Z") == "2021-10-31T00:30:00Z 2021-10-31T01:00:00Z");
  CHECK(day_at(berlin, "2021-10-31T01:00:00Z") == "2021-10-31T01:00:00Z 2021-10-31T01:30:00Z");
  CHECK(day_at(berlin, "2021-03-28T01:00:00Z") == "2021-03-28T01:00:00Z 2021-03-28T01:30:00Z");
  auto lord_howe = days_of("Australia/Lord_Howe");
  lord_howe.size = lord_howe.slide = micros(1800 * second);
  CHECK(day_at(lord_howe, "2021-04-03T15:10:00Z") == "2021-04-03T15:00:00Z 2021-04-03T15:30:00Z");
  lord_howe.size = lord_howe.slide =
      micros(1200 * second);  // a day of 24 hours and a half ends with half a window
  CHECK(day_at(lord_howe, "2021-04-04T13:25:00Z") == "2021-04-04T13:20:00Z 2021-04-04T13:30:00Z");
  CHECK(day_at(lord_howe, "2021-04-04T13:30:00Z") == "2021-04-04T13:30:00Z 2021-04-04T13:50:00Z");
  auto kolkata = days_of("Asia/Kolkata");
  kolkata.size = kolkata.slide = micros(1200 * second);
  CHECK(day_at(kolkata, "2021-04-03T18:49:00Z") == "2021-04-03T18:30:00Z 2021-04-03T18:50:00Z");
}

TEST_CASE("the windows of a day add up to it, whether it has 23, 24 or 25 hours") {
  const std::map<std::string, std::size_t> halves{
      {"2021-03-28T12:00:00Z", 46}, {"2021-06-01T12:00:00Z", 48}, {"2021-10-31T12:00:00Z", 50}};
  for (const auto& [noon, count] : halves) {
    const auto day = *assign(days_of("Europe/Berlin"), *expression::parse_timestamp(noon), no_watermark);
    auto d = days_of("Europe/Berlin");
    d.size = d.slide = micros(1800 * second);
    CHECK(bounds_between(d, day.slice, day.eligible) == count + 1);
  }
}

TEST_CASE("a record is late when its last window's end plus lateness is at or below the watermark") {
  const auto d = test::windows_of(10, 10, {test::count_rows()}, 3);
  CHECK(assign(d, 5, 12) == slice_key{0, 10});
  CHECK_FALSE(assign(d, 5, 13).has_value());
  CHECK(assign(d, -5, 2) == slice_key{-10, 0});
  CHECK_FALSE(assign(d, -5, 3).has_value());
}

TEST_CASE("a record late for its first windows is kept for the later ones") {
  const auto d = test::windows_of(30, 10, {test::count_rows()});
  CHECK(assign(d, 5, 9) == slice_key{0, 10});
  CHECK(assign(d, 5, 10) == slice_key{0, 20});
  CHECK(assign(d, 5, 19) == slice_key{0, 20});
  CHECK(assign(d, 5, 29) == slice_key{0, 30});
  CHECK_FALSE(assign(d, 5, 30).has_value());
  CHECK(assign(d, -25, -15) == slice_key{-30, -10});
}

TEST_CASE("extreme watermarks and times do not overflow") {
  const auto d = test::windows_of(600 * second, second, {test::count_rows()}, 3600 * second);
  CHECK(assign(d, 0, no_watermark) == slice_key{0, second});
  CHECK(assign(d, 0, no_watermark + 1) == slice_key{0, second});
  CHECK_FALSE(assign(d, 0, end_of_time).has_value());
  CHECK_FALSE(assign(d, 0, end_of_time - 1).has_value());
  const event_micros year_1 = -62'135'596'800 * second;
  const event_micros year_9999 = 253'402'300'799 * second;
  CHECK(assign(d, year_1, no_watermark) == slice_key{year_1, year_1 + second});
  CHECK_FALSE(assign(d, year_1, year_9999).has_value());
  CHECK(assign(d, year_9999, year_1) == slice_key{year_9999, year_9999 + second});
  for (const auto t : {no_watermark, no_watermark + 1, end_of_time - 1, end_of_time}) {
    const auto k = assign(d, t, no_watermark);
    REQUIRE(k);
    CHECK(k->eligible - k->slice == second);
  }
}

TEST_CASE("a time is held where all its windows lie in the years 1 to 9999") {
  const auto hours = test::windows_of(3600 * second, 3600 * second, {test::count_rows()});
  CHECK(is_held(hours, first_timestamp));
  CHECK(is_held(hours, 0));
  CHECK(is_held(hours, last_timestamp - 3600 * second));
  CHECK_FALSE(is_held(hours, last_timestamp - 3600 * second + 1));  // ends with year 10000
  CHECK_FALSE(is_held(hours, last_timestamp));
  const auto sliding = test::windows_of(3600 * second, 600 * second, {test::count_rows()});
  CHECK_FALSE(is_held(sliding, first_timestamp + 3000 * second - 1));
  CHECK(is_held(sliding, first_timestamp + 3000 * second));
  CHECK(is_held(sliding, last_timestamp - 3600 * second));
  CHECK_FALSE(is_held(sliding, last_timestamp - 3600 * second + 1));
  const auto weeks = test::windows_of(7 * 86'400 * second, 7 * 86'400 * second, {test::count_rows()});
  CHECK_FALSE(is_held(weeks, first_timestamp));  // the first of year 1 is in the middle of one
  auto session = hours;
  session.kind = shape::session;
  session.gap = micros(600 * second);
  CHECK(is_held(session, first_timestamp));
  CHECK(is_held(session, last_timestamp - 600 * second));
  CHECK_FALSE(is_held(session, last_timestamp - 600 * second + 1));
  session.bounded = false;
  CHECK(is_held(session, last_timestamp));
  auto global = hours;
  global.kind = shape::global;
  global.bounded = false;
  CHECK(is_held(global, last_timestamp));
}

TEST_CASE("a builder puts every record where assign() does, in whatever order watermarks come") {
  for (const event_micros slide : {1, 5, 15}) {
    const auto d = test::windows_of(15, slide, {test::count_rows()}, 4);
    std::mt19937_64 engine(3);
    for (int round = 0; round < 300; ++round) {
      std::vector<test::click> clicks;
      std::vector<std::uint32_t> late;
      std::map<slice_key, std::uint64_t> expected;
      for (std::uint32_t i = 0; i < 40; ++i) {
        test::click c{static_cast<event_micros>(engine() % 40) - 20, "u"};
        if (engine() % 10 != 0)
          c.watermark = static_cast<event_micros>(engine() % 60) - 30;
        clicks.push_back(c);
        if (const auto k = assign(d, c.time, c.watermark))
          ++expected[*k];
        else
          late.push_back(i);
      }
      partials_builder b(d);
      REQUIRE(test::add(b, d, clicks) == late);
      const auto w = make_shard_windows(d);
      const auto parts = b.finish();
      if (parts[0])
        w->absorb_partials(*parts[0], no_watermark);
      REQUIRE(w->size().keys == expected.size());
      std::uint64_t all = 0;
      for (const auto& [k, n] : expected)
        all += n;
      // All records are too late after the end of time, and are counted as records.
      REQUIRE((parts[0] ? make_shard_windows(d)->absorb_partials(*parts[0], end_of_time) : 0) == all);
    }
  }
}

}  // namespace millrace::window
