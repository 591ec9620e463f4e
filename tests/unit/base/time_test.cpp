#include "runtime/base/time.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <random>

using namespace millrace;
using Catch::Matchers::Contains;

namespace {

std::int64_t duration(std::string_view text) {
  const auto d = parse_duration(text);
  return d ? d->count() : -1;
}

}  // namespace

TEST_CASE("durations are numbers with units, added up") {
  CHECK(duration("5 minutes") == 300'000'000);
  CHECK(duration("90 s") == 90'000'000);
  CHECK(duration("90s") == 90'000'000);
  CHECK(duration("1 hour 30 minutes") == 5'400'000'000);
  CHECK(duration("1h30m") == 5'400'000'000);
  CHECK(duration(" 1.5 hours ") == 5'400'000'000);
  CHECK(duration("100 ms") == 100'000);
  CHECK(duration("7 us") == 7);
  CHECK(duration("0 s") == 0);
  CHECK(duration("1 week") == 604'800'000'000);
  CHECK(duration("2 days") == 172'800'000'000);
}

TEST_CASE("what is not a duration is refused, and the error names the units") {
  for (const auto* bad :
       {"", " ", "5", "minutes", "5 lightyears", "-5 s", "+5 s", "5 s 3", "5 s,", "s 5", "nan s", "inf s",
        "1e3 s", "0x10 s", "5 Minutes", "5 minutes ago", "1..5 s", ". s"}) {
    INFO(bad);
    const auto d = parse_duration(bad);
    REQUIRE_FALSE(d);
    CHECK(d.error().whose == fault::user);
    CHECK_THAT(d.error().message, Contains("is not a duration") && Contains("weeks"));
  }
  CHECK_THAT(parse_duration("101 years").error().message, Contains("is not a duration"));
  CHECK_THAT(parse_duration("99999999999999999999 weeks").error().message, Contains("longer than a century"));
  CHECK_THAT(parse_duration("36601 days").error().message, Contains("longer than a century"));
}

TEST_CASE("a formatted duration reads back as itself") {
  CHECK(format_duration(micros(300'000'000)) == "5 minutes");
  CHECK(format_duration(micros(5'400'000'000)) == "1 hour 30 minutes");
  CHECK(format_duration(micros(1'000'000)) == "1 second");
  CHECK(format_duration(micros(1'500)) == "1 ms 500 us");
  CHECK(format_duration(micros(0)) == "0 seconds");
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto d = static_cast<std::int64_t>(random() % 3'000'000'000'000'000 >> random() % 50);
    CHECK(duration(format_duration(micros(d))) == d);
  }
}

TEST_CASE("sizes are bytes, powers of 1000 or of 1024") {
  CHECK(parse_size("17") == 17U);
  CHECK(parse_size("17 B") == 17U);
  CHECK(parse_size("128 MB") == 128'000'000U);
  CHECK(parse_size("64KiB") == 65'536U);
  CHECK(parse_size("1.5 GiB") == 1'610'612'736U);
  for (const auto* bad :
       {"", "MB", "-1 MB", "1 XB", "1 MB 2", "nan", "inf", "99999999999999 GiB", "1 mb", "1 M"}) {
    INFO(bad);
    REQUIRE_FALSE(parse_size(bad));
    CHECK_THAT(parse_size(bad).error().message, Contains("is not a size") && Contains("MiB"));
  }
}

TEST_CASE("rates are records per unit of time") {
  CHECK(parse_rate("10/s").value() == 10);
  CHECK(parse_rate("600/min").value() == 10);
  CHECK(parse_rate("1/h").value() == Approx(1.0 / 3600));
  CHECK(parse_rate("0.5 / s").value() == 0.5);
  for (const auto* bad :
       {"", "10", "10/", "/s", "0/s", "-1/s", "10/s/s", "inf/s", "nan/s", "10 s", "10/lightyear"}) {
    INFO(bad);
    REQUIRE_FALSE(parse_rate(bad));
    CHECK_THAT(parse_rate(bad).error().message, Contains("is not a rate"));
  }
}

TEST_CASE("a rate lies between one record a century and 10^12 a second") {
  CHECK(parse_rate("0.0002/week").value() > 0);
  CHECK(parse_rate("1000000000000/s").value() == 1e12);
  for (const auto* bad : {"0.0001/week", "0.000000000001/week", "1000000000001/s", "1000000000/us"}) {
    INFO(bad);
    REQUIRE_FALSE(parse_rate(bad));
    CHECK_THAT(parse_rate(bad).error().message,
               Contains("is out of range; expected between one record a century"));
  }
}

TEST_CASE("timestamps are written with as many digits as they need") {
  CHECK(format_timestamp(0) == "1970-01-01T00:00:00Z");
  CHECK(format_timestamp(-1) == "1969-12-31T23:59:59.999999Z");
  CHECK(format_timestamp(100) == "1970-01-01T00:00:00.0001Z");
  CHECK(format_timestamp(-62'135'596'800'000'000) == "0001-01-01T00:00:00Z");
  CHECK(format_timestamp(253'402'300'799'999'999) == "9999-12-31T23:59:59.999999Z");
}

TEST_CASE("timestamps at the ends of their numbers are written without harm") {
  CHECK(format_timestamp(no_watermark) == "-9223372036854775808us");
  CHECK(format_timestamp(end_of_time) == "9223372036854775807us");
  CHECK(format_timestamp(253'402'300'800'000'000) == "10000-01-01T00:00:00Z");
}

TEST_CASE("days that are no date are written as their number") {
  const auto written = [](std::int64_t days) {
    std::string out;
    append_date(out, days);
    return out;
  };
  CHECK(written(first_date) == "0001-01-01");
  CHECK(written(last_date) == "9999-12-31");
  CHECK(written(first_date - 1) == "-719163d");
  CHECK(written(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807d");
  CHECK(written(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808d");
}

TEST_CASE("milliseconds of others beyond 64 bits of microseconds stay beyond all timestamps") {
  CHECK(micros_of_millis(1'619'294'100'796) == 1'619'294'100'796'000);
  CHECK(micros_of_millis(-1) == -1000);
  CHECK(micros_of_millis(9'223'372'036'854'775) == 9'223'372'036'854'775'000);
  CHECK(micros_of_millis(9'223'372'036'854'776) == end_of_time);
  CHECK(micros_of_millis(1'619'294'100'796'000'000) == end_of_time);  // nanoseconds
  CHECK(micros_of_millis(-9'223'372'036'854'776) == no_watermark);
  CHECK_FALSE(is_timestamp(end_of_time));
  CHECK_FALSE(is_timestamp(no_watermark));
}

TEST_CASE("a fake clock stands still until it is set") {
  fake_clock clock(5);
  CHECK(clock.now() == 5);
  clock.set(7);
  CHECK(clock.now() == 7);
}
