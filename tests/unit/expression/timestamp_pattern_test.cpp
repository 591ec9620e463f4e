#include "runtime/base/time.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "runtime/expression/formats/timestamp_pattern.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <ctime>
#include <random>

using namespace millrace;
using namespace millrace::expression;
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
  CHECK(read("%F %T.%f", "2021-04-24 19:55:00.1234565") == "2021-04-24T19:55:00.123456Z");
  CHECK(read("%F %T.%f", "2021-04-24 19:55:59.9999999") == "2021-04-24T19:56:00Z");
  CHECK(read("%s", "1619294100") == "2021-04-24T19:55:00Z");
  CHECK(read("%s.%f", "-1.5") == "1969-12-31T23:59:58.5Z");
  CHECK(read("%s.%f", "-0.25") == "1969-12-31T23:59:59.75Z");
  CHECK(read("%s.%f", "1.5") == "1970-01-01T00:00:01.5Z");
  CHECK(read("%FT%T%z", "2021-04-24T19:55:00Z") == "2021-04-24T19:55:00Z");
  CHECK(read("%FT%T%z", "2021-04-24T19:55:00+07:00") == "2021-04-24T12:55:00Z");
  CHECK(read("%FT%T%z", "2021-04-24T19:55:00+07") == "2021-04-24T12:55:00Z");
  CHECK(read("%FT%T%z", "2021-04-24T19:55:00+00:19:32") == "2021-04-24T19:35:28Z");
  CHECK(read("%FT%T %Z%z", "2021-04-24T19:55:00 GMT+0200") == "2021-04-24T17:55:00Z");
  CHECK(read("%FT%T%z!", "2021-04-24T19:55:00+07:!") == "no match");
  CHECK(read("%FT%T%z", "2021-04-24T19:55:00+7") == "no match");
  CHECK(read("%FT%T %Z", "2021-04-24T19:55:00 CET") == "no match");
  CHECK(read("100%% %F%n%t%H", "100% 2021-04-24\n19") == "2021-04-24T19:00:00Z");
}

TEST_CASE("a directive that reads a part of a token does not match, whatever is ignored") {
  struct expectation {
    std::string_view pattern, text;
  };
  for (const auto& [pattern, text] :
       std::initializer_list<expectation>{{"%s", "1619294100796"},
                                          {"%d/%m/%y", "24/04/2021"},
                                          {"%d/%m/%y %H", "24/04/2021"},
                                          {"%F %T", "2021-04-24 19:55:001"},
                                          {"%F %T %Z", "2021-04-24 19:55:00 GMT+0200"},
                                          {"%F %T %Z", "2021-04-24 19:55:00 UTC+02:00"},
                                          {"%F %T %Z", "2021-04-24 19:55:00 zulu"},
                                          {"%F %T%z", "2021-04-24 19:55:00+07:0"},
                                          {"%F %T%z", "2021-04-24 19:55:00+00:19:3"},
                                          {"%F %T%z", "2021-04-24 19:55:00+07000"},
                                          {"%F %T%z", "2021-04-24 19:55:00Zulu"},
                                          {"%F %I:%M %p", "2021-04-24 07:55 PMT"},
                                          {"%Y %j", "2021 1141"},
                                          {"%d %Y %b", "24 2021 Aprilis"}}) {
    INFO(pattern << " of " << text);
    CHECK(read(pattern, text) == "no match");
    CHECK(read(pattern, text, true) == "no match");
  }
}

TEST_CASE("text that says another moment is not ignored") {
  for (const auto* text : {"2021-04-24 07:55 PM",
                           "2021-04-24 07:55PM",
                           "2021-04-24 07:55:30.5 p.m.",
                           "2021-04-24 07:55 bc",
                           "2021-04-24 07:55+0200",
                           "2021-04-24 07:55:30.796 +02:00",
                           "2021-04-24 07:55-7",
                           "2021-04-24 07:55 CET",
                           "2021-04-24 07:55 (MSK)",
                           "2021-04-24 07:55 Sat +02",
                           "2021-04-24 07:55 Europe/Berlin",
                           "2021-04-24 07:55 [Asia/Ho_Chi_Minh]",
                           "2021-04-24 07:55 UTC+2",
                           "2021-04-24 07:55x",
                           "2021-04-24 07:55+00:00:01",
                           "2021-04-24 07:55Z+1",
                           "2021-04-24 07:55 / PM",
                           "2021-04-24 07:55 | CET",
                           "2021-04-24 07:55 - 7",
                           "2021-04-24 07:55 FOO7",
                           "2021-04-24 07:55.796",
                           "2021-04-24 07:55,5"}) {
    INFO(text);
    CHECK(read("%Y-%m-%d %H:%M", text, true) == "no match");
  }
  for (const auto* text :
       {"2021-04-24 19:55:00+0200", "2021-04-24T19:55 CET", "2021-04-24 1955 -07", "2021-04-24Europe"}) {
    INFO(text);
    CHECK(read("%Y-%m-%d", text, true) == "no match");
  }
  CHECK(read("%F %T %z", "2021-04-24 19:55:00 +0200 +0300", true) == "no match");
  CHECK(read("%s", "1619294100-5", true) == "no match");
}

TEST_CASE("finer parts, a zone that is UTC and further text are ignored") {
  for (const auto* text :
       {"2021-04-24 19:55", "2021-04-24 19:55:30", "2021-04-24 19:55:30.796+0000",
        "2021-04-24 19:55:30,796 Z", "2021-04-24 19:55Z", "2021-04-24 19:55 UTC", "2021-04-24 19:55 (GMT)",
        "2021-04-24 19:55-00:00", "2021-04-24 19:55 ", "2021-04-24 19:55 - started",
        "2021-04-24 19:55, worker 3", "2021-04-24 19:55Z[Europe/Berlin]", "2021-04-24 19:55 / 20:10",
        "2021-04-24 19:55 Sat", "2021-04-24 19:55 +00 tomorrow"}) {
    INFO(text);
    CHECK(read("%Y-%m-%d %H:%M", text, true) == "2021-04-24T19:55:00Z");
  }
  for (const auto* text :
       {"2021-04-24T19:55:00.796Z", "2021-04-24 07:55 PM", "2021-04-24 195500", "2021-04-24"}) {
    INFO(text);
    CHECK(read("%Y-%m-%d", text, true) == "2021-04-24T00:00:00Z");
  }
  CHECK(read("%F %T %z", "2021-04-24 19:55:00 +0200 (CEST)", true) == "2021-04-24T17:55:00Z");
  CHECK(read("%F %I:%M %p", "2021-04-24 07:55 PM UTC", true) == "2021-04-24T19:55:00Z");
  CHECK(read("%s", "1619294100 +0200", true) == "2021-04-24T19:55:00Z");
}

namespace {

/// Returns what the C library's strptime reads of a text, in UTC, and where it stops.
std::optional<event_micros> by_the_library(const char* pattern, const std::string& text, std::size_t& end) {
  std::tm tm{};
  tm.tm_mday = 1;
  const char* const stop = strptime(text.c_str(), pattern, &tm);
  if (stop == nullptr)
    return std::nullopt;
  end = static_cast<std::size_t>(stop - text.c_str());
  return timegm(&tm) * 1'000'000LL;
}

}  // namespace

TEST_CASE("texts with random tails are what strptime reads, or are no match") {
  std::mt19937 random(3);
  const auto one_of = [&](std::initializer_list<const char*> all) {
    return *(all.begin() + random() % all.size());
  };
  std::size_t read = 0, refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto* const pattern =
        one_of({"%Y-%m-%d %H:%M:%S", "%d/%m/%y %H:%M", "%d/%m/%y", "%b %d %Y %I:%M %p", "%Y%m%d%H%M%S",
                "%a, %d %b %Y %H:%M", "%Y-%m-%dT%H:%M", "%d.%m.%Y", "%y %j"});
    std::tm tm{};
    const std::time_t t = 1'000'000'000 + static_cast<std::time_t>(random() % 1'000'000'000);
    gmtime_r(&t, &tm);
    char whole[64];
    const auto size = strftime(whole, sizeof whole, pattern, &tm);
    const std::string exact(whole, size);
    auto text = exact + one_of({"", "", "0", "21", ":30", ".5", " PM", "PM", "Z", "+0000", "+0200", " CET",
                                " x", "|", "_"});
    if (random() % 4 == 0)
      text.insert(random() % (text.size() + 1), 1, "0123456789:/-. +Z"[random() % 17]);
    INFO(pattern << " of '" << text << "'");
    const auto ours = timestamp_pattern::compile(pattern).value();
    day_memory day;
    std::size_t end = 0;
    const auto theirs = by_the_library(pattern, text, end);
    const auto strict = ours.parse(text, false, day), lax = ours.parse(text, true, day);
    // A text that strptime does not read to its end is no match, and where both read it they agree.
    if (strict)
      REQUIRE((end == text.size() && strict == theirs && lax == strict));
    if (lax)
      REQUIRE(lax == theirs);
    if (text == exact)
      REQUIRE((strict == theirs && theirs));
    const bool digit_follows = end < text.size() && text[end] >= '0' && text[end] <= '9';
    if (theirs && digit_follows)
      REQUIRE_FALSE(lax);
    read += lax.has_value();
    refused += theirs && !lax;
  }
  CHECK(read > 5'000);
  CHECK(refused > 2'000);
}

TEST_CASE("a fraction before 1970 counts towards the present") {
  CHECK(read("%F %T.%f", "1969-12-31 23:59:59.25") == "1969-12-31T23:59:59.25Z");
}

TEST_CASE("patterns that cannot be read are refused with the reason") {
  const auto why = [](std::string_view pattern) {
    return timestamp_pattern::compile(pattern).error().message;
  };
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
  CHECK(timestamp_pattern::compile("%Y-%m-%d %H:%M:%S"));
}
