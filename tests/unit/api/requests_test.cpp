#include "actors/api/requests.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace millrace;
using namespace millrace::api;

namespace {

const std::vector<request> examples{requests::apply{"t", R"({"topology":"t"})"},
                                    requests::apply{"t", "{}", "fresh"},
                                    requests::apply{"t", "{}", "adopt"},
                                    requests::list{},
                                    requests::nodes{},
                                    requests::history{},
                                    requests::history{20},
                                    requests::wait{"t t/%"},
                                    requests::report{"ä"},
                                    requests::graph{"t"},
                                    requests::events{"t", 0},
                                    requests::events{"t", 1},
                                    requests::stage_figures{"t/1", "a/b"},
                                    requests::explain{"t", "{}"},
                                    requests::figures{"{}"},
                                    requests::own_figures{"t"},
                                    requests::own_troubles{},
                                    requests::ledger{"t"},
                                    requests::dead_letters{"t", 12},
                                    requests::newest_letters{"t", 1},
                                    requests::letter_counts{"t"},
                                    requests::key_state{"t", "counts", R"({"user": "a&b=?ä"})"},
                                    requests::own_key_state{"t", "counts", "\n"},
                                    requests::tap{"t", "parsed->counts", "a:1,b:2"},
                                    requests::own_tap{"t", "counts.late->x", ""},
                                    requests::trace{"t", "in", R"({"record":"a"})"},
                                    requests::stop{"t\"\\"},
                                    requests::start{"t-2"},
                                    requests::remove{"t-2"},
                                    requests::pause{"t"},
                                    requests::resume{"t"},
                                    requests::restart{"t", "counts/3"},
                                    requests::replay{"t", "parsed", {}},
                                    requests::replay{"t/", "in\"", {"0123456789abcdef", "x"}},
                                    requests::drain{"node-1"},
                                    requests::undrain{"node-1"},
                                    requests::forget{".."},
                                    requests::status{},
                                    requests::metrics{},
                                    requests::healthz{},
                                    requests::readyz{},
                                    requests::livez{}};

http_refusal refused(std::string_view method, std::string_view target) {
  const auto found = find_route(method, target);
  REQUIRE(std::holds_alternative<http_refusal>(found));
  return std::get<http_refusal>(found);
}

expected<request> read(std::string_view method, std::string_view target, std::string_view body) {
  const auto found = find_route(method, target);
  REQUIRE(std::holds_alternative<routed>(found));
  return read_request(std::get<routed>(found), body);
}

}  // namespace

TEST_CASE("what a client writes is what a server reads, for every route") {
  std::set<std::size_t> seen;
  for (const auto& r : examples) {
    const auto m = write_request(r);
    const auto back = read(m.method, m.target, m.body);
    REQUIRE(back);
    CHECK(*back == r);
    seen.insert(r.index());
  }
  CHECK(seen.size() == routes().size());
}

TEST_CASE("what changes something is an action, and nothing else is") {
  for (const auto& r : routes()) {
    CAPTURE(r.path);
    if (r.body == body_form::record) {  // a question that no path is long enough for; its answer has rows
      CHECK_FALSE(r.is_action);
      CHECK(r.has_rows);
      CHECK(r.method == "POST");
    } else {
      CHECK(r.is_action == (r.method != "GET"));
    }
  }
}

TEST_CASE("a path that is not there, or not by this method, is told") {
  CHECK(refused("GET", "/").status == 404);
  CHECK(refused("GET", "/api/v1/topologies/").status == 404);
  CHECK(refused("GET", "/api/v1/topologies/a/b/end").status == 404);
  CHECK(refused("GET", "/api/v2/nodes").status == 404);
  CHECK(refused("POST", "/api/v1/nodes").allow == "GET");
  const auto no = refused("DELETE", "/api/v1/topologies/t");
  CHECK(no.status == 405);
  CHECK(no.allow == "PUT");
  CHECK(refused("GET", "/api/v1/nodes?x=1").status == 400);
  CHECK(refused("GET", "/api/v1/nodes?page=1").status == 400);
  for (const auto* wrong : {"?", "?page=", "?page=0", "?page=-1", "?page=1x", "?page=1&page=2", "?pages=1",
                            "?page=18446744073709551616"})
    CHECK(refused("GET", std::string("/api/v1/topologies/t/dead_letters") + wrong).status == 400);
  CHECK_THAT(refused("GET", "/\x1b[2J").why, !Catch::Contains("\x1b"));
}

TEST_CASE("a name in a path is UTF-8 of bounded length without control characters") {
  for (const auto* wrong : {"%", "%4", "%zz", "%00", "%0a", "%7f", "%ff", "%c3"})
    CHECK(refused("GET", std::string("/api/v1/topologies/") + wrong + "/end").status == 400);
  CHECK(refused("GET", "/api/v1/topologies/" + std::string(256, 'a') + "/end").status == 400);
  CHECK(read("GET", "/api/v1/topologies/" + std::string(255, 'a') + "/end", ""));
  CHECK(std::get<requests::wait>(*read("GET", "/api/v1/topologies/%C3%A4%2f/end", "")).topology == "ä/");
}

TEST_CASE("a replay says where records go in, and which letters are meant") {
  const auto replay = [](std::string_view body) { return read("POST", "/api/v1/topologies/t/replay", body); };
  const auto all = replay(R"({"into": "p", "confirm": "t"})");
  REQUIRE(all);
  CHECK(std::get<requests::replay>(*all) == requests::replay{"t", "p", {}});
  const auto two = replay(R"({"confirm": "t", "into": "p", "letters": ["1", "2"]})");
  REQUIRE(two);
  CHECK(std::get<requests::replay>(*two).letters == std::vector<std::string>{"1", "2"});
  CHECK_THAT(replay(R"({"confirm": "u", "into": "p"})").error().message,
             Catch::StartsWith("\"u\" is confirmed"));
  std::string many = "[";
  for (std::size_t i = 0; i <= max_letters; ++i)
    many += i == 0 ? "\"1\"" : ",\"1\"";
  for (const auto& wrong :
       {std::string("{}"), std::string("x"), std::string(R"({"confirm": "t"})"),
        std::string(R"({"confirm": "t", "into": ""})"), std::string(R"({"confirm": "t", "into": 1})"),
        std::string(R"({"confirm": "t", "into": "p", "letters": []})"),
        std::string(R"({"confirm": "t", "into": "p", "letters": [1]})"),
        std::string(R"({"confirm": "t", "into": "p", "letters": [""]})"),
        std::string(R"({"confirm": "t", "into": "p", "letter": ["1"]})"),
        R"({"confirm": "t", "into": "p", "letters": )" + many + "]}"}) {
    const auto no = replay(wrong);
    REQUIRE_FALSE(no);
    CHECK_THAT(no.error().message, Catch::Contains(R"(expected {"confirm": "NAME", "into": "STAGE")"));
  }
}

TEST_CASE("an action confirms the name of its path, and no other") {
  const auto stop = [](std::string_view body) { return read("POST", "/api/v1/topologies/t/stop", body); };
  CHECK(stop(R"( {"confirm": "t"} )"));
  CHECK_THAT(stop(R"({"confirm": "u"})").error().message,
             Catch::Equals("\"u\" is confirmed, and the request is for \"t\""));
  for (const auto* wrong : {"", "t", "{}", "[]", R"({"confirm": 1})", R"({"confirm": "t", "x": 1})",
                            R"({"x": "t"})", "{\"confirm\": \"t\"", "[[[[[[[[[[]]]]]]]]]]"})
    CHECK_THAT(stop(wrong).error().message, Catch::Contains("expected {\"confirm\": \"NAME\"}"));
  CHECK_THAT(stop(std::string(5'000, ' ')).error().message, Catch::Contains("too long"));
}

TEST_CASE("a plan has a bounded length, and questions have no body") {
  CHECK(read("PUT", "/api/v1/topologies/t", std::string(max_plan, 'x')));
  CHECK_FALSE(read("PUT", "/api/v1/topologies/t", std::string(max_plan + 1, 'x')));
  CHECK_FALSE(read("PUT", "/api/v1/topologies/t", ""));
  CHECK_THAT(read("PUT", "/api/v1/topologies/t?state=old", "{}").error().message,
             Catch::Equals("the query has the state \"old\"; expected fresh or adopt"));
  CHECK_FALSE(read("GET", "/api/v1/nodes", "x"));
}
