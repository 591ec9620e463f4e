#include "actors/connectors/http/stream/answer.hpp"
#include "actors/connectors/http/stream/resume_point.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::source;

TEST_CASE(
    "a stream goes on one below the last number, and each record that comes again is passed over once") {
  resume_point p("mtime");
  CHECK_FALSE(p.ask());
  p.took(R"({"mtime":1,"id":1})");
  p.took(R"({"mtime":5,"id":2})");
  p.took(R"({"mtime":5,"id":3})");
  p.took(R"({"mtime":5,"id":3})");
  CHECK(p.ask() == "4");
  CHECK(p.repeats(R"({"mtime":5,"id":2})"));
  CHECK(p.repeats(R"({"mtime":5,"id":3})"));
  CHECK_FALSE(p.repeats(R"({"mtime":5,"id":4})"));
  CHECK(p.repeats(R"({"mtime":5,"id":3})"));
  CHECK_FALSE(p.repeats(R"({"mtime":5,"id":3})"));
}

TEST_CASE("an older record that came late is known, too, and the greatest number stays") {
  resume_point p("mtime");
  p.took(R"({"mtime":3,"id":0})");
  p.took(R"({"mtime":5,"id":1})");
  p.took(R"({"mtime":3,"id":0})");
  CHECK(p.ask() == "4");
  CHECK(p.repeats(R"({"mtime":5,"id":1})"));
  CHECK(p.repeats(R"({"mtime":3,"id":0})"));
  CHECK_FALSE(p.repeats(R"({"mtime":3,"id":0})"));
}

TEST_CASE("a note holds all of it") {
  resume_point before("mtime");
  before.took(R"({"mtime":5,"id":1})");
  before.took(R"({"mtime":4,"id":2})");
  before.took(R"({"mtime":4,"id":2})");
  resume_point after("mtime");
  REQUIRE(after.restore(before.note()));
  CHECK(after.note() == before.note());
  CHECK(after.ask() == "4");
  CHECK(after.repeats(R"({"mtime":4,"id":2})"));
  CHECK(after.repeats(R"({"mtime":4,"id":2})"));
  CHECK(after.repeats(R"({"mtime":5,"id":1})"));
  CHECK_FALSE(after.repeats(R"({"mtime":5,"id":1})"));
  CHECK_FALSE(resume_point("mtime").restore(before.note().substr(0, 9)));
  CHECK(resume_point("mtime").restore(resume_point("mtime").note()));
}

TEST_CASE("beyond the last value nothing is passed over") {
  resume_point p("mtime");
  p.took(R"({"mtime":5,"id":1})");
  REQUIRE(p.ask() == "4");
  CHECK_FALSE(p.repeats(R"({"mtime":6,"id":1})"));
  CHECK_FALSE(p.repeats(R"({"mtime":5,"id":1})"));
}

TEST_CASE("without a new connection the same record twice is two records") {
  resume_point p("mtime");
  p.took(R"({"mtime":5})");
  CHECK_FALSE(p.repeats(R"({"mtime":5})"));
}

TEST_CASE("a mark that is not whole number is asked for as it is, and a record without one changes nothing") {
  resume_point p("at");
  p.took(R"({"at":"2021-04-24 19:55"})");
  p.took(R"({"other":1})");
  p.took("no json");
  CHECK(p.ask() == "2021-04-24 19:55");
  CHECK_FALSE(p.repeats(R"({"at":"2021-04-24 19:55"})"));
}

TEST_CASE("answers are streams, to be asked for again, or in vain") {
  CHECK(judge("http://x/", 200, "application/json"));
  CHECK(judge("http://x/", 200, ""));
  const auto page = judge("http://x/", 200, "Text/HTML; charset=utf-8");
  REQUIRE_FALSE(page);
  CHECK(page.error().retry);
  CHECK(page.error().message.find("http://x/ answered with status 200, text/html") == 0);
  for (const long again : {301, 408, 425, 429, 500, 503, 204})
    CHECK(judge("u", again, "").error().retry);
  for (const long never : {400, 401, 403, 404, 410, 451}) {
    CHECK_FALSE(judge("u", never, "").error().retry);
    CHECK(judge("u", never, "").error().whose == fault::user);
  }
}

TEST_CASE("a URL is shown without what may be secret") {
  CHECK(shown("https://user:pw@host:8/a/b?key=secret#x") == "https://host:8/a/b");
  CHECK(shown("http://host?key=secret") == "http://host");
  CHECK(shown("http://host/a@b") == "http://host/a@b");
}

TEST_CASE("a parameter is added to a query or begins one") {
  CHECK(with_parameter("http://h/a", "s", "1") == "http://h/a?s=1");
  CHECK(with_parameter("http://h/a?x=2#f", "s", "1") == "http://h/a?x=2&s=1");
}
