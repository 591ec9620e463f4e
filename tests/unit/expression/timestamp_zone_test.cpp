// Texts that show the clocks of a zone. The moments are PostgreSQL 15's, of WALL::timestamp at time zone ZONE.
#include "runtime/base/time.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::expression;

namespace {

const zone* named(std::string_view name) {
  const auto* const z = find_zone(name);
  REQUIRE(z != nullptr);
  return z;
}

std::string shown(const std::optional<event_micros>& t) { return t ? format_timestamp(*t) : "no match"; }

std::string by_pattern(std::string_view pattern, std::string_view text, std::string_view zone_of_text,
                       bool trailing_ignored = false) {
  day_memory day;
  return shown(timestamp_pattern::compile(pattern).value().parse(
      text, trailing_ignored, day, zone_of_text.empty() ? nullptr : named(zone_of_text)));
}

/// The text is the same moment however it is read.
std::string read(const std::string& text, std::string_view zone_of_text) {
  day_memory day;
  const auto moment = format_timestamp(parse_timestamp(text, named(zone_of_text)).value());
  CHECK(format_timestamp(parse_timestamp(text, day, named(zone_of_text)).value()) == moment);
  CHECK(by_pattern("%Y-%m-%d %H:%M:%S", text, zone_of_text) == moment);
  CHECK(by_pattern("%n%Y-%m-%d %H:%M:%S", text, zone_of_text) == moment);
  return moment;
}

constexpr std::string_view seconds = "%Y-%m-%d %H:%M:%S";

}  // namespace

TEST_CASE("a text without a zone is the moment at which the clocks of the column's zone show it") {
  struct wall {
    std::string zone, text, moment;
  };
  const std::vector<wall> walls{
      {"Europe/Paris", "2021-03-28 01:59:59", "2021-03-28T00:59:59Z"},
      {"Europe/Paris", "2021-03-28 02:00:00", "2021-03-28T01:00:00Z"},  // skipped
      {"Europe/Paris", "2021-03-28 02:30:00", "2021-03-28T01:30:00Z"},  // skipped
      {"Europe/Paris", "2021-03-28 03:00:00", "2021-03-28T01:00:00Z"},
      {"Europe/Paris", "2021-10-31 01:59:59", "2021-10-30T23:59:59Z"},
      {"Europe/Paris", "2021-10-31 02:00:00", "2021-10-31T01:00:00Z"},  // twice
      {"Europe/Paris", "2021-10-31 02:30:00", "2021-10-31T01:30:00Z"},  // twice
      {"Europe/Paris", "2021-10-31 03:00:00", "2021-10-31T02:00:00Z"},
      {"Europe/Paris", "1900-01-01 00:00:00", "1899-12-31T23:50:39Z"},  // Paris' own time of the sun
      {"Europe/Paris", "2050-07-01 12:00:00", "2050-07-01T10:00:00Z"},
      {"America/New_York", "2021-03-14 02:30:00", "2021-03-14T07:30:00Z"},  // skipped
      {"America/New_York", "2021-11-07 00:59:59", "2021-11-07T04:59:59Z"},
      {"America/New_York", "2021-11-07 01:30:00", "2021-11-07T06:30:00Z"},  // twice
      {"America/New_York", "2021-07-04 12:00:00", "2021-07-04T16:00:00Z"},
      {"Asia/Ho_Chi_Minh", "2021-04-24 19:55:00", "2021-04-24T12:55:00Z"},
      {"Asia/Ho_Chi_Minh", "1959-12-31 23:30:00", "1959-12-31T16:30:00Z"},
      {"Asia/Ho_Chi_Minh", "1960-01-01 00:30:00", "1959-12-31T16:30:00Z"},
      {"Asia/Ho_Chi_Minh", "1975-06-12 23:30:00", "1975-06-12T16:30:00Z"},  // twice
      {"Asia/Ho_Chi_Minh", "1975-06-13 00:30:00", "1975-06-12T17:30:00Z"},
      {"Australia/Lord_Howe", "2021-04-04 01:29:59", "2021-04-03T14:29:59Z"},
      {"Australia/Lord_Howe", "2021-04-04 01:30:00", "2021-04-03T15:00:00Z"},  // twice, half an hour of them
      {"Australia/Lord_Howe", "2021-04-04 01:45:00", "2021-04-03T15:15:00Z"},  // twice
      {"Australia/Lord_Howe", "2021-04-04 02:00:00", "2021-04-03T15:30:00Z"},
      {"Australia/Lord_Howe", "2021-10-03 02:15:00", "2021-10-02T15:45:00Z"},  // skipped
      {"Australia/Lord_Howe", "2021-10-03 02:30:00", "2021-10-02T15:30:00Z"},
      {"Australia/Lord_Howe", "2021-07-01 12:00:00", "2021-07-01T01:30:00Z"},
      {"America/Sao_Paulo", "2017-10-15 00:00:00",
       "2017-10-15T03:00:00Z"},                                         // a day that begins at one o'clock
      {"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-30T22:00:00Z"},  // a day that was left out
  };
  for (const auto& w : walls) {
    INFO(w.zone << ' ' << w.text);
    CHECK(read(w.text, w.zone) == w.moment);
  }
}

TEST_CASE("a text with a zone of its own keeps it, whatever the column's is") {
  const auto* const paris = named("Europe/Paris");
  for (const std::string text :
       {"2021-07-01 12:00:00Z", "2021-07-01T12:00:00+00", "2021-07-01 14:00:00.000 +02:00",
        "2021-07-01 19:00:00+0700", "Jul 1 2021 12:00 UTC", "2021-07-01 13:00 CET",
        "2021-07-01 08:00 America/New_York", "2021-07-01 15:00 MSK"}) {
    INFO(text);
    day_memory day;
    CHECK(format_timestamp(parse_timestamp(text, day, paris).value()) == "2021-07-01T12:00:00Z");
  }
  for (const std::string text : {"2021-07-01 14:00:00.000", "2021-07-01T14:00:00", "Jul 1 2021 2:00 PM"}) {
    INFO(text);
    day_memory day;
    CHECK(format_timestamp(parse_timestamp(text, day, paris).value()) == "2021-07-01T12:00:00Z");
    CHECK(format_timestamp(parse_timestamp(text, paris).value()) == "2021-07-01T12:00:00Z");
  }
}

TEST_CASE("an ignored zone is no match where it is another than the column's at that time") {
  const auto ignored = [](std::string_view text, std::string_view pattern = seconds) {
    return by_pattern(pattern, text, "Europe/Paris", true);
  };
  for (const auto* same : {"", ".796", "+0200", " +02:00", ".796 CEST", " Europe/Paris",
                           " europe/paris, or so", " note", " Thursday"}) {
    INFO(same);
    CHECK(ignored(std::string("2021-07-01 14:00:00") + same) == "2021-07-01T12:00:00Z");
  }
  for (const auto* other :
       {"Z", " UTC", "+00", "+0100", " CET", " Europe/Berlin", "-02:00", " PM", " UTC+2", "+02:00:01"}) {
    INFO(other);
    CHECK(ignored(std::string("2021-07-01 14:00:00") + other) == "no match");
  }
  CHECK(ignored("2021-01-01 13:00:00 CET") == "2021-01-01T12:00:00Z");
  CHECK(ignored("2021-01-01 13:00:00 CEST") == "no match");
  // the second of the two, as without the offset
  CHECK(ignored("2021-10-31 02:30:00+0100") == "2021-10-31T01:30:00Z");
  CHECK(ignored("2021-10-31 02:30:00+0200") == "no match");
  CHECK(ignored("2021-03-28 02:30:00+0100") == "2021-03-28T01:30:00Z");
  CHECK(ignored("2021-03-28 02:30:00+0200") == "no match");
  CHECK(by_pattern(seconds, "2021-07-01 12:00:00Z", "Etc/UTC", true) == "2021-07-01T12:00:00Z");
}

TEST_CASE("an ignored offset holds over all that the pattern cuts off, or is no match") {
  const auto ignored = [](std::string_view pattern, std::string_view text) {
    return by_pattern(pattern, text, "Europe/Paris", true);
  };
  CHECK(ignored("%Y-%m-%d", "2021-07-01 19:55+0200") == "2021-06-30T22:00:00Z");
  CHECK(ignored("%Y-%m-%d", "2021-03-28 19:55") == "2021-03-27T23:00:00Z");
  CHECK(ignored("%Y-%m-%d", "2021-03-28 19:55 Europe/Paris") == "2021-03-27T23:00:00Z");
  // the clocks have changed since midnight: this is the 29th there
  CHECK(ignored("%Y-%m-%d", "2021-03-28 23:55+0100") == "no match");
  CHECK(ignored("%Y-%m-%d", "2021-03-28 23:55+0200") == "no match");
  CHECK(ignored("%Y-%m-%d %H", "2021-03-28 01:55+0100") == "2021-03-28T00:00:00Z");
  CHECK(ignored("%Y-%m-%d %H", "2021-03-28 01:55+0200") == "no match");
  CHECK(by_pattern("%Y-%m-%d %H", "2021-04-04 01:45+1030", "Australia/Lord_Howe", true) == "no match");
  CHECK(by_pattern("%Y-%m-%d %H:%M", "2021-04-04 01:45:10+1030", "Australia/Lord_Howe", true) ==
        "2021-04-03T15:15:00Z");
}

TEST_CASE("patterns say whether they read a zone, or the moment itself") {
  const auto reads = [](std::string_view pattern) {
    return timestamp_pattern::compile(pattern).value().reads();
  };
  CHECK(reads("%F %T%z").zone);
  CHECK(reads("%F %T %Z").zone);
  CHECK(reads("%s").instant);
  CHECK_FALSE(reads("%F %T").zone);
  CHECK_FALSE(reads("%F %T").instant);
}
