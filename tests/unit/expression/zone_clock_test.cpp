// A clock that remembers says what tzdata says, after any other questions.
#include "runtime/expression/formats/calendar.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace millrace::expression;

TEST_CASE("a zone's clock says what the zone says, near the changes of its clocks and far from them") {
  std::mt19937_64 random(1);
  const auto pick = [&](std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution(from, to)(random);
  };
  for (const auto* const name : {"UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe",
                                 "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu"}) {
    const auto* const z = find_zone(name);
    if (z == nullptr)
      continue;  // a machine without tzdata
    INFO(name);
    zone_clock clock(*z);
    for (int i = 0; i < 300; ++i) {
      const auto near = pick(-80'000'000'000, 4'000'000'000) * second_micros;
      for (int k = 0; k < 10; ++k) {
        // minutes, days or months away from each other
        const auto t = near +
                       pick(-9, 9) * (k % 3 == 0   ? minute_micros * 7
                                      : k % 3 == 1 ? day_micros
                                                   : 30 * day_micros) +
                       pick(0, hour_micros);
        CHECK(clock.wall_time(t) == wall_time(*z, t));
        CHECK(clock.instant_of(t) == instant_of(*z, t));
      }
    }
    for (int i = 0; i < 3000; ++i) {  // covers some years, changes of clocks among them
      const auto t = 1'600'000'000 * second_micros + i * 7 * hour_micros + pick(0, hour_micros);
      CHECK(clock.instant_of(t) == instant_of(*z, t));
      CHECK(clock.wall_time(t) == wall_time(*z, t));
    }
    for (const auto t :
         {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
      CHECK(clock.wall_time(t) == wall_time(*z, t));
      CHECK(clock.instant_of(t) == instant_of(*z, t));
    }
  }
}
