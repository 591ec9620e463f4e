#include "actors/api/answers.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::api;

namespace {

answer back(const request& asked, const answer& a) {
  const auto text = write_answer(a);
  const auto read = read_answer(asked, text.status, text.body);
  REQUIRE(read);
  return *read;
}

}  // namespace

TEST_CASE("what a server answers is what a client reads") {
  const answers::topology t{"t", topology_state::failed, "shard w/1/0: \"x\"\n"};
  const std::vector<std::pair<request, answer>> all{
      {requests::list{}, answers::topologies{{t, {"u", topology_state::drained, ""}}}},
      {requests::nodes{}, answers::nodes{{{"a", 7, true, node_state::silent, {"t/x", "t/y"}},
                                          {"b", 0, false, node_state::up, {}}}}},
      {requests::apply{}, answers::applied{3}},
      {requests::wait{}, answers::waited{true, t}},
      {requests::stop{}, answers::accepted{}},
      {requests::start{}, answers::applied{4}},
      {requests::remove{}, answers::accepted{}},
      {requests::drain{}, answers::drains{}},
      {requests::drain{}, answers::drains{{{"t/x", "why", "release"}}}},
      {requests::undrain{}, answers::accepted{}},
      {requests::forget{}, answers::forgotten{{"t/x"}}},
      {requests::forget{}, answers::forgotten{}},
      {requests::status{}, answers::status{"c", "a", 1, "b"}},
      {requests::dead_letters{}, answers::dead_letters{{R"({"id":"1","position":-7})", R"({"id":"2"})"}, 3}},
      {requests::dead_letters{}, answers::dead_letters{}},
      {requests::report{}, answers::document{"{}"}},
      {requests::healthz{}, answers::page{false, "clicks: no broker\n"}},
      {requests::metrics{}, answers::page{true, "x 1\n"}}};
  for (const auto& [asked, a] : all)
    CHECK(back(asked, a) == a);
}

TEST_CASE("lists have the form of the command line") {
  CHECK(json_of(answers::topologies{{{"t", topology_state::running, ""}}}) ==
        R"([{"topology":"t","title":"","state":"running","reason":"","troubles":[],"ended_at":null}])");
  CHECK(json_of(answers::nodes{{{"a", 2, true, node_state::up, {"t/x"}}}}) ==
        R"([{"name":"a","session":2,"coordinator":true,"state":"up","actors":["t/x"]}])");
}

TEST_CASE("an error comes back with its code, its words and whether to ask again") {
  for (const auto& e : {error{ec::not_found, fault::user, false, "no \"t\"", {}},
                        error{ec::locked, fault::user, false, "it lives", {}},
                        error{ec::unavailable, fault::outside, true, "later", {}}}) {
    const auto text = write_error(e);
    CHECK(text.status >= 400);
    const auto read = read_answer(requests::list{}, text.status, text.body);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == e.code);
    CHECK(read.error().retry == e.retry);
    CHECK(read.error().message == e.message);
  }
  CHECK(write_error({ec::not_found, fault::user, false, {}, {}}).status == 404);
  CHECK(write_error({ec::locked, fault::user, false, {}, {}}).status == 409);
}

TEST_CASE("an answer of somebody else's server is told as such") {
  for (const auto* body : {"", "<html>", "{}", "[1]", R"([{"topology":"t","state":"sleeping","reason":""}])",
                           R"([{"topology":1}])", "[[[["}) {
    const auto read = read_answer(requests::list{}, 200, body);
    REQUIRE_FALSE(read);
    CHECK_THAT(read.error().message, Catch::Contains("the answer does not come from millrace"));
  }
  const auto page = read_answer(requests::list{}, 502, "<html>\x1b[2J Bad Gateway");
  REQUIRE_FALSE(page);
  CHECK_THAT(page.error().message, Catch::Contains("status 502: <html>") && !Catch::Contains("\x1b"));
  CHECK_THAT(page.error().message, Catch::Contains("expected the address of a node's API"));
  for (const auto* body : {"", "<html>", "[]", "{"})
    CHECK_FALSE(read_answer(requests::report{"t"}, 200, body));
}
