// Windows by the clocks of zones against those of the C library: every change of clocks from 1900 to 2100 in
// zones that change by an hour, by half of one, at midnight, by a day, and never.
#include "runtime/expression/formats/calendar.hpp"
#include "runtime/window/slices.hpp"
#include "tests/property/window/local_clock.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace millrace::window {
namespace {

using oracle::local_clock;

constexpr event_micros second = 1'000'000;
constexpr event_micros hour = 3600 * second;
constexpr event_micros day = 24 * hour;
constexpr event_micros first_year = -25'567 * day;  // 1900
constexpr event_micros last_year = 47'846 * day;    // 2101

const char* const zones[] = {
    "Asia/Ho_Chi_Minh", "Europe/Berlin",   "America/New_York",  "Australia/Lord_Howe", "Asia/Kathmandu",
    "Asia/Kolkata",     "Pacific/Apia",    "America/Sao_Paulo", "America/St_Johns",    "Pacific/Kwajalein",
    "America/Havana",   "Africa/Monrovia", "Antarctica/Troll",  "America/Scoresbysund"};

/// Instants that matter: around each change of clocks, and any others.
std::vector<event_micros> instants(const local_clock& clock, std::mt19937_64& engine, int others) {
  std::vector<event_micros> out;
  const auto near = [&](event_micros at) {
    for (const auto by : {-25 * hour, -2 * hour, -hour, -second, event_micros{-1}, event_micros{0},
                          event_micros{1}, hour / 2, hour, 2 * hour, 23 * hour, 25 * hour})
      out.push_back(at + by);
    for (int i = 0; i < 4; ++i)
      out.push_back(at - 30 * hour +
                    static_cast<event_micros>(engine() % static_cast<std::uint64_t>(60 * hour)));
  };
  for (const auto& s : clock.stretches())
    if (s.begin > first_year && s.begin < last_year)
      near(s.begin);
  for (int i = 0; i < others; ++i)
    out.push_back(first_year +
                  static_cast<event_micros>(engine() % static_cast<std::uint64_t>(last_year - first_year)));
  return out;
}

}  // namespace

TEST_CASE("a zone's furthest wall time and first instant are the C library's, 1900 to 2100") {
  for (const auto* name : zones) {
    INFO(name);
    const auto* const zone = expression::find_zone(name);
    REQUIRE(zone != nullptr);
    const auto& clock = local_clock::of(name);
    std::mt19937_64 engine(1);
    for (const auto at : instants(clock, engine, 2000)) {
      INFO(format_timestamp(at));
      const auto furthest = expression::furthest_wall_time(*zone, at);
      REQUIRE(furthest == clock.furthest(at));
      REQUIRE(expression::first_instant_of(*zone, at) == clock.first(at));
      REQUIRE(expression::first_instant_of(*zone, furthest) <= at);
      REQUIRE(expression::first_instant_of(*zone, furthest + 1) > at);
    }
  }
}

TEST_CASE("a record lies in the windows that the clocks of its zone say, 1900 to 2100") {
  struct sizes {
    event_micros size, slide, anchor;
  };
  const sizes all[] = {{day, day, 0},
                       {day, day, 6 * hour},
                       {7 * day, 7 * day, 4 * day},
                       {7 * day, day, 0},
                       {10 * day, 10 * day, 3 * day + 90 * second},
                       {hour, hour, 0},
                       {hour, hour / 2, 0},
                       {3 * hour, hour, hour / 4},
                       {6 * hour, 6 * hour, 0},
                       {36 * hour, 12 * hour, 5 * hour},
                       {hour / 4, hour / 4, 0},
                       {hour / 2, hour / 2, 0},
                       {3 * hour / 4, 3 * hour / 4, hour / 6},
                       {hour / 2, hour / 6, hour / 12}};
  for (const auto* name : zones) {
    const auto& clock = local_clock::of(name);
    std::mt19937_64 engine(2);
    for (const auto& s : all) {
      definition d;
      d.size = micros(s.size);
      d.slide = micros(s.slide);
      d.anchor = micros(s.anchor);
      d.zone = expression::find_zone(name);
      for (const auto at : instants(clock, engine, 100)) {
        if (s.size < day && engine() % 6 != 0)
          continue;  // there are many windows to look at
        INFO(name << " " << format_timestamp(at) << " size " << format_duration(d.size) << " slide "
                  << format_duration(d.slide));
        const auto expected = clock.windows(at, d.size, d.slide, d.anchor);
        REQUIRE_FALSE(expected.empty());
        const auto k = assign(d, at, no_watermark);
        REQUIRE(k);
        REQUIRE(is_slice(d, *k));
        REQUIRE(k->slice <= at);
        std::map<event_micros, event_micros> got;
        for (auto end = k->eligible; end <= last_end(d, k->slice); end = next_bound(d, end))
          got[end] = window_start(d, end);
        REQUIRE(got == expected);
        REQUIRE(bounds_between(d, k->eligible, last_end(d, k->slice)) == expected.size());
        // Late, and for which windows: the mark is any time around its windows.
        const auto mark =
            at - 2 * s.slide +
            static_cast<event_micros>(engine() % static_cast<std::uint64_t>(s.size + 4 * s.slide));
        const auto first = expected.upper_bound(mark);
        const auto later = assign(d, at, mark);
        REQUIRE(later.has_value() == (first != expected.end()));
        if (later)
          REQUIRE(*later == slice_key{k->slice, first->first});
      }
    }
  }
}

TEST_CASE("any time and watermark has a slice of a zone") {
  definition d;
  d.size = d.slide = micros(day);
  d.zone = expression::find_zone("America/New_York");
  for (const auto t : {no_watermark, no_watermark + 1, -outermost, event_micros{0}, outermost,
                       end_of_time - 1, end_of_time}) {
    const auto k = assign(d, t, no_watermark);
    REQUIRE(k);
    CHECK(is_slice(d, *k));
    CHECK(k->eligible - k->slice == day);
    CHECK_FALSE(assign(d, t, end_of_time).has_value());
  }
}

}  // namespace millrace::window
