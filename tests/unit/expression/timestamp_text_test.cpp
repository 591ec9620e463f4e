// Texts of timestamps. The expected values are a PostgreSQL 15's (session zone UTC); tests/e2e/expressions/timestamps.py
// compares many more with a running one.
#include "runtime/base/time.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <random>

using namespace millrace;
using namespace millrace::expression;

namespace {

std::string read(std::string_view text, bool zoned = true) {
  std::int64_t t = 0;
  if (read_timestamp(text, zoned, t) != reading::ok)
    return "none";
  std::string out;
  write_timestamp(out, t, false);
  return out;
}

}  // namespace

TEST_CASE("texts are the timestamps that PostgreSQL reads in them") {
  struct expectation {
    std::string_view text, value;
  };
  for (const auto& [text, value] :
       std::initializer_list<expectation>{{"2021-04-24 19:55:00.796+0000", "2021-04-24 19:55:00.796"},
                                          {"2021-04-24T19:55:00.796Z", "2021-04-24 19:55:00.796"},
                                          {"2021-04-24T19:55Z", "2021-04-24 19:55:00"},
                                          {"2021-04-24t19:55", "2021-04-24 19:55:00"},
                                          {"2021-04-24", "2021-04-24 00:00:00"},
                                          {" 2021-04-24 19:55:00 ", "2021-04-24 19:55:00"},
                                          {"2021-4-5 1:2:3", "2021-04-05 01:02:03"},
                                          {"2021-04-24 19:55:00 UTC", "2021-04-24 19:55:00"},
                                          {"2021-04-24 19:55:00 utc", "2021-04-24 19:55:00"},
                                          {"2021-04-24 19:55:00Z", "2021-04-24 19:55:00"},
                                          {"2021-04-24 19:55:00 zulu", "2021-04-24 19:55:00"},
                                          {"2021-04-24 19:55:00+07", "2021-04-24 12:55:00"},
                                          {"2021-04-24 19:55:00+7", "2021-04-24 12:55:00"},
                                          {"2021-04-24 19:55:00 -03:30", "2021-04-24 23:25:00"},
                                          {"2021-04-24 19:55:00+00:19:32", "2021-04-24 19:35:28"},
                                          {"2021-04-24 19:55:00+0730", "2021-04-24 12:25:00"},
                                          {"2021-07-24 19:55 CET", "2021-07-24 18:55:00"},
                                          {"2021-07-24 19:55 CEST", "2021-07-24 17:55:00"},
                                          {"2021-07-24 19:55 EST", "2021-07-25 00:55:00"},
                                          {"2012-04-24 19:55 MSK", "2012-04-24 15:55:00"},
                                          {"2021-04-24 19:55 MSK", "2021-04-24 16:55:00"},
                                          {"2021-04-24 19:55 SGT", "2021-04-24 11:55:00"},
                                          {"2021-07-24 19:55 Europe/Berlin", "2021-07-24 17:55:00"},
                                          {"2021-07-24 19:55 europe/berlin", "2021-07-24 17:55:00"},
                                          {"2021-07-24 19:55 (CET)", "2021-07-24 18:55:00"},
                                          {"2021-04-24 19:55 GMT+0", "2021-04-24 19:55:00"},
                                          {"2021-04-24 19:55 Etc/GMT+2", "2021-04-24 21:55:00"},
                                          {"2021-04-24 19:55:00.1234565", "2021-04-24 19:55:00.123456"},
                                          {"2021-04-24 19:55:00.1234575", "2021-04-24 19:55:00.123458"},
                                          {"2021-04-24 19:55:00.0000005", "2021-04-24 19:55:00"},
                                          {"2021-04-24 19:55:00.0000015", "2021-04-24 19:55:00.000002"},
                                          {"2021-04-24 19:55:00.9999995", "2021-04-24 19:55:01"},
                                          {"2021-04-24 19:55:00.9999999", "2021-04-24 19:55:01"},
                                          {"2021-04-24 19:55:00.", "2021-04-24 19:55:00"},
                                          {"2021-04-24T1955", "2021-04-24 19:55:00"},
                                          {"2021-04-24T195500.796", "2021-04-24 19:55:00.796"},
                                          {"2021-04-24T195500-07", "2021-04-25 02:55:00"},
                                          {"20210424T195500Z", "2021-04-24 19:55:00"},
                                          {"20210424", "2021-04-24 00:00:00"},
                                          {"210424", "2021-04-24 00:00:00"},
                                          {"2021-04-24 19:", "2021-04-24 19:00:00"},
                                          {"2021-04-24 19:55.5", "2021-04-24 00:19:55.5"},
                                          {"2021-04-24 24:00:00", "2021-04-25 00:00:00"},
                                          {"2021-04-24 12:59:60.5", "2021-04-24 13:00:00.5"},
                                          {"2021-04-24 23:59:60", "2021-04-25 00:00:00"},
                                          {"2021-04-24 07:55 PM", "2021-04-24 19:55:00"},
                                          {"2021-04-24 12:05 am", "2021-04-24 00:05:00"},
                                          {"2021-04-24 0:30 PM", "2021-04-24 12:30:00"},
                                          {"04/24/2021 19:55", "2021-04-24 19:55:00"},
                                          {"04/24/21", "2021-04-24 00:00:00"},
                                          {"04/24/70", "1970-04-24 00:00:00"},
                                          {"24-Apr-2021", "2021-04-24 00:00:00"},
                                          {"Apr 24, 2021 7:55 PM", "2021-04-24 19:55:00"},
                                          {"24 April 2021", "2021-04-24 00:00:00"},
                                          {"Sat Apr 24 19:55:00 2021", "2021-04-24 19:55:00"},
                                          {"2021.114", "2021-04-24 00:00:00"},
                                          {"2021 114", "2021-04-24 00:00:00"},
                                          {"0044-03-15 BC", "0044-03-15 00:00:00 BC"},
                                          {"10000-01-01T00:00:00Z", "10000-01-01 00:00:00"},
                                          {"2021-04-24Z", "2021-04-24 00:00:00"},
                                          {"[2021-04-24 19:55]", "2021-04-24 19:55:00"},
                                          {"epoch", "1970-01-01 00:00:00"}}) {
    INFO(text);
    CHECK(read(text) == value);
    day_memory day;
    CHECK(parse_timestamp(text, day).value() == parse_timestamp(text).value());
  }
}

TEST_CASE("a whole date and time in figures is what the same text with blanks around it is") {
  for (const std::string date :
       {"2021-04-24", "2020-02-29", "2021-02-29", "0001-01-01", "0000-01-01", "9999-12-31"})
    for (const std::string time : {"19:55:00", "23:59:60", "24:00:00", "23:60:00", "19:55:0"})
      for (const std::string rest : {"", ".5", ".000001", ".1234567", ".", "Z", "z", "+00", "-07", "+0530",
                                     "-03:30", "+16", "+1560", ".25+02", ".25Z", "+2", "BC"})
        for (const auto* between : {" ", "T", "t"})
          for (const bool zoned : {false, true}) {
            const auto text = date + between + time + rest;
            INFO(text);
            CHECK(read(text, zoned) == read(" " + text, zoned));
          }
}

TEST_CASE("a text that PostgreSQL refuses is not a timestamp") {
  for (const auto* bad : {"2021-04-24 19:55:00+16",
                          "2021-04-24 19:55:00+073",
                          "2021-07-24 19:55:00Z[Europe/Berlin]",
                          "2021-04-24 19:55 FOO",
                          "2021-04-24 19:55:00,5",
                          "2021-04-24T19",
                          "2021-04-24 19",
                          "2021-04-24 24:00:01",
                          "2021-04-24 25:00",
                          "2021-04-24 19:60",
                          "2021-04-24 23:59:60.5",
                          "2021-04-24 19:55 PM",
                          "24/04/2021",
                          "Sat 24-Apr-2021",
                          "99-01-01 BC",
                          "2021",
                          "2021-04",
                          "2021-02-29",
                          "2021-00-01",
                          "0000-01-01",
                          "-2021-04-24",
                          "19:55 2021-04-24",
                          "",
                          " ",
                          "yesterday",
                          "2021-04-24T",
                          "2021-04-24 19:55:00 Zx"}) {
    INFO(bad);
    CHECK(read(bad) == "none");
    day_memory day;
    CHECK_FALSE(parse_timestamp(bad, day));
  }
}

TEST_CASE("forms of PostgreSQL's that depend on the clock, or are hardly ever meant, are no timestamps") {
  for (const auto* bad : {"now", "today", "tomorrow 19:55", "infinity", "-infinity", "2021-04-24 allballs",
                          "2021-04-24 epoch", "J2459329", "y2021m04d24", "2021-04-24 19:55 MET DST",
                          "2021-04-24 19:55 UTC+02:00", "2021-04-24 19:55 GMT+0200", "2021-04-24X19:55",
                          "2021-04-24T996199", "2021 366", "01 17 2068-04:53", "UTC 2021-04-24"}) {
    INFO(bad);
    CHECK(read(bad) == "none");
  }
}

TEST_CASE("wall-clock time reads over a zone, but not over a wrong one") {
  CHECK(read("2021-04-24 19:55:00+07", false) == "2021-04-24 19:55:00");
  CHECK(read("2021-07-24 19:55 Europe/Berlin", false) == "2021-07-24 19:55:00");
  CHECK(read("2021-07-24 19:55 FOO", false) == "none");
  CHECK(read("2021-07-24 19:55+16", false) == "none");
}

TEST_CASE("the error quotes what is not a timestamp") {
  CHECK(parse_timestamp("soon").error().message == "'soon' is not a timestamp");
  CHECK(parse_timestamp("soon").error().whose == fault::user);
}

TEST_CASE("a formatted timestamp reads back as itself") {
  constexpr std::int64_t first = -62'135'596'800'000'000, last = 253'402'300'799'999'999;
  std::mt19937_64 random(2);
  std::uniform_int_distribution<std::int64_t> any(first, last);
  for (int i = 0; i < 5000; ++i) {
    auto t = any(random);
    if (i % 3 == 0)
      t -= t % 1'000'000;
    REQUIRE(parse_timestamp(format_timestamp(t)) == t);
  }
}

TEST_CASE("before a day is read, none is taken for remembered") {
  const std::string nuls(10, '\0');
  day_memory day;
  CHECK_FALSE(parse_timestamp(nuls + "T12:00:00Z", day));
  const auto pattern = timestamp_pattern::compile("%Y-%m-%d %H:%M:%S").value();
  CHECK_FALSE(pattern.parse(nuls + " 12:00:00", false, day));
  CHECK(parse_timestamp("1970-01-01T12:00:00Z", day) == 43'200'000'000);
}

TEST_CASE("a day that is remembered changes no timestamp") {
  std::mt19937 random(2);
  day_memory day;
  const auto one_of = [&](std::initializer_list<const char*> all) {
    return *(all.begin() + random() % all.size());
  };
  std::string date = "2021-04-24";
  std::size_t read = 0;
  for (int i = 0; i < 50'000; ++i) {
    if (random() % 4 == 0)
      date = fmt::format("{:04}-{:02}-{:02}", random() % 3 == 0 ? random() % 10000 : 2021, random() % 14,
                         random() % 33);
    auto text = date + one_of({"T", "T", " ", "t", "_"}) +
                fmt::format("{:02}:{:02}:{:02}", random() % 26, random() % 61, random() % 62) +
                one_of({"", "", ".", ".7", ".123456", ".1234567", ".9999999", ",5", ".x"}) +
                one_of({"", "Z", "Z", "z", "+00:00", "+0000", "+01:30", "-07", "+15:59", "-0060", " UTC",
                        "Zz", "+00:0"});
    if (random() % 10 == 0)
      text[random() % text.size()] = static_cast<char>(random());
    INFO(text);
    const auto as_ever = parse_timestamp(text);
    const auto remembered = parse_timestamp(text, day);
    REQUIRE(as_ever.has_value() == remembered.has_value());
    if (as_ever)
      REQUIRE(*as_ever == *remembered);
    read += as_ever.has_value();
  }
  CHECK(read > 10'000);
}
