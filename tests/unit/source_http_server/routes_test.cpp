#include "actors/source/http_server/routes.hpp"
#include "actors/source/http_server/server_feed.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::source;

namespace {

routes made(std::string_view text) {
  auto r = routes::from(boost::json::parse(text));
  REQUIRE(r);
  return *r;
}

std::string refused(std::string_view text) {
  const auto r = routes::from(boost::json::parse(text));
  REQUIRE_FALSE(r);
  return r.error().message;
}

std::string record(std::string_view event, std::vector<request_header> headers, bool merge = true) {
  const auto r = made(R"({"/x": {"event": )" + std::string(event) + "}}");
  return record_of(*r.find("/x"), headers, merge);
}

}  // namespace

TEST_CASE("a route is found by its path alone") {
  const auto r = made(R"({"/": {"event": {"event_type": "default"}, "reply": "Hi!\n"}, "/a/b": {}})");
  REQUIRE(r.find("/"));
  CHECK(r.find("/")->reply == "Hi!\n");
  CHECK(r.find("/a/b")->reply.empty());
  CHECK_FALSE(r.find("/a"));
  CHECK_FALSE(r.find("/A/b"));
  CHECK(r.names() == "/, /a/b");
}

TEST_CASE("the path of a target") {
  CHECK(path_of("/a") == "/a");
  CHECK(path_of("/a?x=/b#c") == "/a");
  CHECK(path_of("http://game.example.com:5000/a?x") == "/a");
  CHECK(path_of("http://game.example.com") == "/");
  CHECK(path_of("") == "/");
  CHECK(path_of("/join%5Fthe%5fguild%2") == "/join_the_guild%2");
  CHECK(path_of("*") == "*");
}

TEST_CASE("routes that say nothing sensible are refused with what is expected") {
  CHECK_THAT(refused("{}"), Catch::Contains("no route"));
  CHECK_THAT(refused("[]"), Catch::Contains("no object of paths"));
  CHECK_THAT(refused(R"({"a": {}})"), Catch::Contains("\"a\" is no path"));
  CHECK_THAT(refused(R"({"/a?b": {}})"), Catch::Contains("is no path"));
  CHECK_THAT(refused(R"({"/a": 1})"), Catch::Contains("is no object"));
  CHECK_THAT(refused(R"({"/a": {"event": [1]}})"), Catch::Contains("event that is no object"));
  CHECK_THAT(refused(R"({"/a": {"reply": 1}})"), Catch::Contains("reply that is no text"));
  CHECK_THAT(refused(R"({"/a": {"body": "x"}})"), Catch::Contains("member \"body\""));
}

TEST_CASE("a record is the event, then the headers as they came") {
  CHECK(
      record(R"({"event_type": "purchase_sword", "n": [1, {"a": null}]})",
             {{"Host", "user1.comcast.com"}, {"User-Agent", "ApacheBench/2.3"}, {"Accept", "*/*"}}) ==
      R"({"event_type":"purchase_sword","n":[1,{"a":null}],"Host":"user1.comcast.com","User-Agent":"ApacheBench/2.3","Accept":"*/*"})");
  CHECK(record("{}", {{"Host", "a"}}) == R"({"Host":"a"})");
  CHECK(record("{}", {}) == "{}");
  CHECK(record(R"({"a":1})", {{"Host", "a"}}, false) == R"({"a":1})");
}

TEST_CASE("names come in Title-Case, repeats are joined in the place of the first") {
  CHECK(record("{}", {{"x-FORWARDED-for", "a"}, {"HOST", "h"}, {"X-Forwarded-For", "b"}, {"x-1a", ""}}) ==
        R"({"X-Forwarded-For":"a, b","Host":"h","X-1a":""})");
}

TEST_CASE("no header takes the place of a member, however it is spelt") {
  for (const auto* name : {"event_type", "Event-Type", "EVENT_TYPE", "event-Type"})
    CHECK(record(R"({"event_type":"join_guild"})", {{name, "evil"}, {"timestamp", "1"}}) ==
          R"({"event_type":"join_guild","Timestamp":"1"})");
}

TEST_CASE("values are JSON text whatever bytes they are") {
  CHECK(record("{}", {{"A", "\"\\\t\x7f"}}) == "{\"A\":\"\\\"\\\\\\t\x7f\"}");
  CHECK(record("{}", {{"A", "caf\xc3\xa9"}}) == "{\"A\":\"caf\xc3\xa9\"}");
  CHECK(record("{}", {{"A", "caf\xe9"}}) == "{\"A\":\"caf\xc3\xa9\"}");
}

TEST_CASE("an address to listen on is host and port") {
  const auto good = [](const char* text) {
    const auto place = parse_listen(text);
    REQUIRE(place);
    return place->host + " " + std::to_string(place->port);
  };
  CHECK(good("0.0.0.0:5000") == "0.0.0.0 5000");
  CHECK(good("[::1]:0") == "::1 0");
  CHECK(good("localhost:65535") == "localhost 65535");
  for (const auto* bad : {"", ":", "5000", ":5000", "localhost", "localhost:", "localhost:65536",
                          "localhost:-1", "a:1x", "::1:5000", "http://localhost:5000"}) {
    INFO(bad);
    const auto place = parse_listen(bad);
    REQUIRE_FALSE(place);
    CHECK_THAT(place.error().message, Catch::Contains("expected host and port"));
  }
}
