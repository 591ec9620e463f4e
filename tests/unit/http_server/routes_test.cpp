#include "actors/connectors/http/server/routes.hpp"
#include "actors/connectors/http/server/server_feed.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>

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

std::string record(std::string_view event, std::vector<http::header> headers, bool merge = true) {
  const auto r = made(R"({"/x": {"event": )" + std::string(event) + "}}");
  const auto records = records_of(*r.find("/x"), {}, headers, {merge});
  REQUIRE(records);
  REQUIRE(records->size() == 1);
  return records->front();
}

std::vector<std::string> posted(std::string_view route, std::string_view body,
                                std::vector<http::header> headers = {}) {
  const auto r = made(R"({"/x": )" + std::string(route) + "}");
  const auto records = records_of(*r.find("/x"), body, headers, {});
  return records ? *records : std::vector{"error: " + records.error().message};
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
  CHECK(made(R"({"/": {}, "/a/b": {"body": "json"}})").methods_and_names() == "GET /, POST /a/b");
}

TEST_CASE("the path of a target") {
  CHECK(path_of("/a") == "/a");
  CHECK(path_of("/a?x=/b#c") == "/a");
  CHECK(path_of("http://game.example.com:5000/a?x") == "/a");
  CHECK(path_of("http://game.example.com") == "/");
  CHECK(path_of("") == "/");
  CHECK(path_of("/join%5Fthe%5fguild%2") == "/join_the_guild%2");
  CHECK(path_of("*") == "*");
  CHECK(path_of("http://h?x=/a") == "/");
  CHECK(path_of("http://h#/a") == "/");
}

TEST_CASE("routes that say nothing sensible are refused with what is expected") {
  CHECK_THAT(refused("{}"), Catch::Contains("no route"));
  CHECK_THAT(refused("[]"), Catch::Contains("not an object of paths"));
  CHECK_THAT(refused(R"({"a": {}})"), Catch::Contains("\"a\" is not a path"));
  CHECK_THAT(refused(R"({"/a?b": {}})"), Catch::Contains("is not a path"));
  CHECK_THAT(refused(R"({"/a": 1})"), Catch::Contains("is not an object"));
  CHECK_THAT(refused(R"({"/a": {"event": [1]}})"), Catch::Contains("event that is not an object"));
  CHECK_THAT(refused(R"({"/a": {"reply": 1}})"), Catch::Contains("reply that is not text"));
  CHECK_THAT(refused(R"({"/a": {"body": "x"}})"), Catch::Contains("none of \"json\""));
  CHECK_THAT(refused(R"({"/a": {"bdy": "json"}})"), Catch::Contains("member \"bdy\""));
  CHECK_THAT(refused(R"({"/a": {"body": "raw", "event": {"a": 1}}})"), Catch::Contains("beside a raw body"));
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

TEST_CASE("many headers are merged in linear time, repeated or not", "[clock]") {
  const auto took = [](bool repeated, std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
      names.push_back(repeated ? "X" : "X" + std::to_string(i));
    std::vector<http::header> headers;
    for (const auto& name : names)
      headers.emplace_back(name, "y");
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 5; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      CHECK(record("{}", headers).size() > 3 * count);
      best = std::min(best, std::chrono::steady_clock::now() - begin);
    }
    return best;
  };
  for (const bool repeated : {false, true})
    CHECK(took(repeated, 32'000) < 128 * took(repeated, 2'000));  // 256 times as long where each looks at all
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

using strings = std::vector<std::string>;

TEST_CASE("a body's members are the record's, digit by digit; the event's and headers come behind") {
  CHECK(posted(R"({"body": "json", "event": {"kind": "click"}})", "{\"user\": \"ann\",\n \"n\": 1.50}",
               {{"Host", "h"}, {"USER", "evil"}}) ==
        strings{R"({"user": "ann",  "n": 1.50,"kind":"click","Host":"h"})"});
  CHECK(posted(R"({"body": "json"})", " {} ") == strings{"{}"});
  CHECK(posted(R"({"body": "json"})", "{}", {{"Host", "h"}}) == strings{R"({"Host":"h"})"});
}

TEST_CASE("of two members of one name the route's own is the last, which counts") {
  CHECK(posted(R"({"body": "json", "event": {"kind": "click"}})", R"({"kind": "evil"})") ==
        strings{R"({"kind": "evil","kind":"click"})"});
}

TEST_CASE("a body that is not an object is refused with the reason") {
  const auto why = [](std::string_view body) { return posted(R"({"body": "json"})", body).front(); };
  CHECK_THAT(why(""), Catch::StartsWith("error: the body is not JSON: "));
  CHECK_THAT(why("{\"a\": }"), Catch::Contains("at byte 7"));
  CHECK_THAT(why("[1]"), Catch::Contains("not an object"));
  CHECK_THAT(why("{} {}"), Catch::Contains("is not JSON"));
  CHECK_THAT(why("{\"a\": \"\xff\"}"), Catch::Contains("is not JSON"));
  CHECK_THAT(why(std::string(300, '[')), Catch::Contains("is not JSON"));
}

TEST_CASE("a body of lines is a record a line, all or none; blank lines are none") {
  CHECK(posted(R"({"body": "lines", "event": {"k": 1}})", "{\"a\":1}\r\n\n {\"a\":2} \n{}") ==
        strings{R"({"a":1,"k":1})", R"({"a":2,"k":1})", R"({"k":1})"});
  CHECK(posted(R"({"body": "lines"})", "\n").empty());
  CHECK_THAT(posted(R"({"body": "lines"})", "{\"a\":1}\n\n{\"a\"").front(),
             Catch::StartsWith("error: line 3 of the body is not JSON"));
}

TEST_CASE("short lines with long headers are no way to fill the memory") {
  const auto r = made(R"({"/x": {"body": "lines"}})");
  const std::string value(1'000, 'y');
  const std::vector<http::header> headers{{"X", value}};
  const auto sent = [&](std::size_t lines, std::size_t most) {
    std::string body;
    for (; lines > 0; --lines)
      body += "{}\n";
    return records_of(*r.find("/x"), body, headers, {}, most);
  };
  CHECK(sent(9, 10'000)->size() == 9);
  const auto refused = sent(10, 10'000);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::refused);
}

TEST_CASE("a raw body is the record, byte for byte, and nothing else is in it") {
  CHECK(posted(R"({"body": "raw"})", "a,b\n\xff", {{"Host", "h"}}) == strings{"a,b\n\xff"});
  CHECK(posted(R"({"body": "raw"})", "") == strings{"error: the body is empty"});
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
