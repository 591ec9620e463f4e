#include "runtime/base/time.hpp"
#include "runtime/base/timestamp_pattern.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <random>

using namespace millrace;
using Catch::Matchers::Contains;

namespace {

std::string read(std::string_view pattern, std::string_view text, bool trailing_ignored = false) {
  const auto compiled = timestamp_pattern::compile(pattern);
  REQUIRE(compiled);
  day_memory none;
  const auto t = compiled->parse(text, trailing_ignored, none);
  return t ? format_timestamp(*t) : "no match";
}

}  // namespace

TEST_CASE("the common pattern reads its texts") {
  const std::string pattern = "%Y-%m-%d %H:%M:%S";
  CHECK(read(pattern, "2021-04-24 19:55:00") == "2021-04-24T19:55:00Z");
  CHECK(read(pattern, "2021-04-24 19:55:00.796+0000", true) == "2021-04-24T19:55:00Z");
  CHECK(read(pattern, "2021-04-24 19:55:00.796+0000") == "no match");
  CHECK(read(pattern, "2021-4-4 1:5:0") == "2021-04-04T01:05:00Z");
  CHECK(read(pattern, "2021-04-24  19:55:00") == "2021-04-24T19:55:00Z");
  CHECK(read(pattern, "2016-12-31 23:59:60") == "2017-01-01T00:00:00Z");
  CHECK(read("%Y-%m-%dT%H:%M:%S", "2021-04-24T19:55:00") == "2021-04-24T19:55:00Z");
  CHECK(read("%FT%T", "2021-04-24T19:55:00", true) == "2021-04-24T19:55:00Z");
  for (const auto* bad :
       {"", "2021-04-24", "2021-04-24T19:55:00", "2021-02-29 19:55:00", "2021-13-24 19:55:00",
        "2021-00-24 19:55:00", "2021-04-00 19:55:00", "2021-04-31 19:55:00", "2021-04-24 24:55:00",
        "2021-04-24 19:60:00", "2021-04-24 19:55:61", "0000-04-24 19:55:00", "2021_04-24 19:55:00",
        "2021-04-24 19.55:00", "202a-04-24 19:55:00", "2021-0:-24 19:55:00", "2021-04-24 19:55:0/",
        "/021-04-24 19:55:00", "2021-04-24 19:55:"}) {
    INFO(bad);
    CHECK(read(pattern, bad) == "no match");
  }
}

TEST_CASE("the common pattern's short way agrees with the long one") {
  const auto fast = timestamp_pattern::compile("%Y-%m-%d %H:%M:%S").value();
  const auto slow = timestamp_pattern::compile("%n%Y-%m-%d %H:%M:%S").value();
  std::mt19937 random(1);
  std::string text;
  day_memory day;
  for (int i = 0; i < 20000; ++i) {
    text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", random() % 10000, random() % 14, random() % 33,
                       random() % 25, random() % 61, random() % 62);
    if (random() % 2)
      text[random() % text.size()] = static_cast<char>(random());
    if (random() % 4 == 0)
      text += ".5";
    INFO(text);
    for (const bool trailing_ignored : {false, true}) {
      day_memory none;
      const auto expected = slow.parse(text, trailing_ignored, none);
      REQUIRE(fast.parse(text, trailing_ignored, none) == expected);
      REQUIRE(fast.parse(text, trailing_ignored, day) == expected);
    }
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
                one_of({"", "Z", "Z", "z", "+00:00", "+0000", "+01:30", " UTC", "Zz", "+00:0"});
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

TEST_CASE("every directive is read") {
  CHECK(read("%d/%b/%Y:%H:%M:%S %z", "10/Oct/2000:13:55:36 -0700") == "2000-10-10T20:55:36Z");
  CHECK(read("%a, %d %B %Y %T %Z", "Tue, 01 november 2022 00:00:01 GMT") == "2022-11-01T00:00:01Z");
  CHECK(read("%A %e %h %y", "wednesday  1 MAY 69") == "1969-05-01T00:00:00Z");
  CHECK(read("%m/%d/%y", "05/01/68") == "2068-05-01T00:00:00Z");
  CHECK(read("%D %R", "12/31/99 23:59") == "1999-12-31T23:59:00Z");
  CHECK(read("%Y%j", "2020366") == "2020-12-31T00:00:00Z");
  CHECK(read("%Y %j", "2021 366") == "no match");
  CHECK(read("%Y%m%d%H%M%S", "20210424195500") == "2021-04-24T19:55:00Z");
  CHECK(read("%F %I:%M %p", "2021-04-24 12:05 AM") == "2021-04-24T00:05:00Z");
  CHECK(read("%F %I:%M %p", "2021-04-24 12:05 pm") == "2021-04-24T12:05:00Z");
  CHECK(read("%F %I:%M%p", "2021-04-24 07:55pm") == "2021-04-24T19:55:00Z");
  CHECK(read("%F %T.%f", "2021-04-24 19:55:00.7") == "2021-04-24T19:55:00.7Z");
  CHECK(read("%F %T.%f", "2021-04-24 19:55:00.123456789") == "2021-04-24T19:55:00.123457Z");
  CHECK(read("%F %T.%f", "2021-04-24 19:55:59.9999999") == "2021-04-24T19:56:00Z");
  CHECK(read("%s", "1619294100") == "2021-04-24T19:55:00Z");
  CHECK(read("%s.%f", "-1.5") == "1969-12-31T23:59:59.5Z");
  CHECK(read("%FT%T%z", "2021-04-24T19:55:00Z") == "2021-04-24T19:55:00Z");
  CHECK(read("%FT%T%z", "2021-04-24T19:55:00+07:00") == "2021-04-24T12:55:00Z");
  CHECK(read("%FT%T%z", "2021-04-24T19:55:00+07") == "2021-04-24T12:55:00Z");
  CHECK(read("%FT%T%z!", "2021-04-24T19:55:00+07:!") == "no match");
  CHECK(read("%FT%T%z", "2021-04-24T19:55:00+7") == "no match");
  CHECK(read("%FT%T %Z", "2021-04-24T19:55:00 CET") == "no match");
  CHECK(read("100%% %F%n%t%H", "100% 2021-04-24\n19") == "2021-04-24T19:00:00Z");
}

TEST_CASE("a fraction before 1970 counts towards the present") {
  CHECK(read("%F %T.%f", "1969-12-31 23:59:59.25") == "1969-12-31T23:59:59.25Z");
}

TEST_CASE("patterns that cannot be read are refused with the reason") {
  const auto why = [](std::string_view pattern) { return check_timestamp_format(pattern).error().message; };
  CHECK_THAT(why("%Y-%m-%d %Q"),
             Contains("\"%Y-%m-%d %Q\"") && Contains("%Q is not supported; there are %Y"));
  CHECK_THAT(why("%Y-%m-%d %"), Contains("a single % ends the pattern"));
  CHECK_THAT(why("%Y-%m-%d %G"), Contains("not supported"));
  CHECK_THAT(why("%Y-%m-%d % "), Contains("not supported"));
  CHECK_THAT(why("%H:%M:%S"), Contains("leaves the date open"));
  CHECK_THAT(why("%Y-%m"), Contains("leaves the date open"));
  CHECK_THAT(why("%m-%d"), Contains("leaves the date open"));
  CHECK_THAT(why(""), Contains("leaves the date open"));
  CHECK_THAT(why("yyyy-MM-dd HH:mm:ss"), Contains("leaves the date open"));
  CHECK_THAT(why("%F %I:%M"), Contains("only one of %I and %p"));
  CHECK_THAT(why("%F %H %p"), Contains("only one of %I and %p"));
  CHECK(check_timestamp_format("%Y-%m-%d %H:%M:%S"));
}
