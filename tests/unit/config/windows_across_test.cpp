#include "config/plan/windows_across.hpp"
#include "runtime/expression/formats/calendar.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace std::chrono_literals;
using config::lies_within;

namespace {

window::definition windows(micros size, micros slide, micros anchor = 0s, const char* zone = nullptr) {
  window::definition d;
  d.size = size;
  d.slide = slide;
  d.anchor = anchor;
  d.zone = zone == nullptr ? nullptr : expression::find_zone(zone);
  return d;
}
window::definition tumbling(micros size, micros anchor = 0s, const char* zone = nullptr) {
  return windows(size, size, anchor, zone);
}

constexpr auto day = 24h;
constexpr auto first_monday = 4 * day;  // weeks by the clocks of a zone

}  // namespace

TEST_CASE("tumbling windows lie within those that are as long, or a multiple of it, from the same time on") {
  CHECK(lies_within(tumbling(1h), tumbling(1h)));
  CHECK(lies_within(tumbling(1h), tumbling(day)));
  CHECK(lies_within(tumbling(1h, 15min), tumbling(day, 15min)));
  CHECK(lies_within(tumbling(1h), tumbling(day, 6h)));
  CHECK(lies_within(tumbling(1h), windows(day, 1h)));
  CHECK(lies_within(tumbling(1h, 0s, "Europe/Berlin"), tumbling(day, 0s, "Europe/Berlin")));
  CHECK(lies_within(tumbling(day, 0s, "Europe/Berlin"), tumbling(7 * day, first_monday, "Europe/Berlin")));
}

TEST_CASE("other windows lie across the bounds of those downstream") {
  CHECK_FALSE(lies_within(tumbling(day), tumbling(1h)));
  CHECK_FALSE(lies_within(tumbling(40min), tumbling(1h)));
  CHECK_FALSE(lies_within(tumbling(1h), tumbling(day, 30min)));
  CHECK_FALSE(lies_within(tumbling(1h), windows(day, 30min)));
  CHECK_FALSE(lies_within(tumbling(7 * day), tumbling(14 * day, 4 * day)));
}

TEST_CASE("sliding windows upstream lie across some bound, whatever there is downstream") {
  CHECK_FALSE(lies_within(windows(10min, 5min), tumbling(5min)));
  CHECK_FALSE(lies_within(windows(10min, 5min), tumbling(10min)));
  CHECK_FALSE(lies_within(windows(10min, 5min), windows(10min, 5min)));
}

TEST_CASE("of two clocks it depends on how far they are apart, all year round") {
  CHECK(lies_within(tumbling(1h), tumbling(day, 0s, "Europe/Berlin")));
  CHECK(lies_within(tumbling(30min), tumbling(day, 0s, "Asia/Kolkata")));
  CHECK(lies_within(tumbling(day), tumbling(day, 0s, "UTC")));
  CHECK(lies_within(tumbling(1h, 0s, "Europe/Berlin"), tumbling(day, 0s, "America/New_York")));
  CHECK_FALSE(lies_within(tumbling(1h), tumbling(day, 0s, "Asia/Kolkata")));
  CHECK_FALSE(lies_within(tumbling(1h), tumbling(day, 0s, "Australia/Lord_Howe")));  // half a year long
  CHECK_FALSE(lies_within(tumbling(day), tumbling(day, 0s, "Europe/London")));
  CHECK_FALSE(lies_within(tumbling(day, 0s, "Europe/London"), tumbling(day)));
}
