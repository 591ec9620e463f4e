// Server-sent events, over real sockets, to clients that read and to others.
#include "tests/unit/api/api_fixture.hpp"

#include <algorithm>
#include <thread>

using namespace millrace;
using namespace millrace::api;
using namespace millrace::api::test;
using Catch::Contains;
using std::chrono::milliseconds;

namespace {

constexpr server_limits quick{.event = milliseconds(5), .heartbeat = milliseconds(20)};

std::string events(const std::string& more = {}, const std::string& headers = "Host: localhost\r\n") {
  return "GET /api/v1/topologies/t/events" + more + " HTTP/1.1\r\n" + headers + "\r\n";
}

struct streaming : running_api {
  explicit streaming(server_limits limits = quick) : running_api(limits) {
    REQUIRE(ask(requests::apply{"t", plan}));
  }
  [[nodiscard]] raw_connection listen(const std::string& more = {}) const {
    raw_connection out(api->endpoint());
    out.send(events(more));
    return out;
  }
  /// Returns whether one more stream would begin.
  [[nodiscard]] bool has_room() const { return listen().until("\r\n").starts_with("HTTP/1.1 200 "); }
};

}  // namespace

TEST_CASE("the graph comes again and again, until the topology has ended") {
  streaming s;
  auto client = s.listen();
  const auto first = client.until("event: graph\ndata: {\"topology\":\"t\",\"padding\":\"\"}\n\n", 3);
  CHECK_THAT(first, Catch::StartsWith("HTTP/1.1 200 OK\r\n") &&
                        Contains("Content-Type: text/event-stream\r\n") &&
                        Contains("Cache-Control: no-store\r\n") && !Contains("event: figures"));
  s.cluster.finish("t");
  CHECK_THAT(client.rest(), Catch::EndsWith(R"(event: end
data: {"topology":"t","title":"","state":"ended","reason":"","troubles":[],"ended_at":null}

)"));
}

TEST_CASE("the end of a topology that has failed has its reason for who has the token") {
  streaming s;
  auto stranger = s.listen();
  raw_connection owner(s.api->endpoint());
  owner.send(events({}, "Host: localhost\r\nAuthorization: Bearer secret\r\n"));
  for (auto* const client : {&stranger, &owner})
    CHECK_THAT(client->until("event: graph"), Catch::StartsWith("HTTP/1.1 200 OK\r\n"));
  s.cluster.fail("t", "in/0", "found secret");
  CHECK_THAT(stranger.rest(), Contains(R"("state":"failed")") && !Contains("found secret"));
  CHECK_THAT(owner.rest(), Contains(R"("state":"failed")") && Contains("found secret"));
}

TEST_CASE("figures come as well where they are asked for") {
  const streaming s;
  CHECK_THAT(s.listen("?figures=1").until("event: figures\ndata: {\"lanes\":[]}\n\n", 2),
             Contains("event: graph\n"));
}

TEST_CASE("what is no request for events, or not from here, is refused before any event") {
  const streaming s;
  const auto said = [&](const std::string& request) { return s.asked(request); };
  CHECK_THAT(said("GET /api/v1/topologies/u/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 404 ") && Contains("no topology u"));
  CHECK_THAT(said(events("?figures=x", "Host: localhost\r\nConnection: close\r\n")),
             Catch::StartsWith("HTTP/1.1 400 "));
  CHECK_THAT(said(events("", "Host: evil.example\r\nConnection: close\r\n")),
             Catch::StartsWith("HTTP/1.1 421 "));
  CHECK_THAT(said(events("", "Host: localhost\r\nOrigin: http://evil.example\r\nConnection: close\r\n")),
             Catch::StartsWith("HTTP/1.1 403 "));
}

TEST_CASE("there is room for some streams, and for the next one when one of them has gone") {
  auto limits = quick;
  limits.streams = 2;
  const streaming s(limits);
  std::vector<raw_connection> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(s.listen());
    CHECK_THAT(clients.back().until("event: graph"), Catch::StartsWith("HTTP/1.1 200 "));
  }
  CHECK_THAT(s.asked(events("", "Host: localhost\r\nConnection: close\r\n")),
             Catch::StartsWith("HTTP/1.1 503 ") && Contains("2 clients at most"));
  clients.pop_back();
  while (!s.has_room())
    std::this_thread::yield();
}

TEST_CASE("a client that does not read is dropped, with nothing queued for it but one event") {
  auto limits = quick;
  limits.streams = 1;
  limits.request = milliseconds(1000);
  streaming s(limits);
  s.cluster.pad_graphs(16U << 20U);  // more than sockets hold
  auto deaf = s.listen();
  CHECK_THAT(deaf.until("\r\n"), Catch::StartsWith("HTTP/1.1 200 "));
  CHECK_FALSE(s.has_room());
  while (!s.has_room())
    std::this_thread::yield();
}

TEST_CASE(
    "of a thousand clients that want events as many get them as there is room for, and others are answered") {
  const streaming s;
  std::vector<raw_connection> clients;
  for (int i = 0; i < 1000; ++i)
    clients.push_back(s.listen());
  CHECK_THAT(s.asked("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
             Catch::EndsWith("ok\n"));
  const auto heads = [&] {
    std::size_t streams = 0;
    for (auto& c : clients)
      streams += c.until("\r\n").starts_with("HTTP/1.1 200 ") ? 1 : 0;
    return streams;
  };
  CHECK(heads() == server_limits{}.streams);
}

TEST_CASE("while the cluster does not answer comments come") {
  streaming s;
  auto client = s.listen();
  CHECK_THAT(client.until("event: graph"), Contains("200 OK"));
  s.cluster.hang();
  CHECK_THAT(client.until(": waiting\n\n", 2), Contains(": waiting"));
}

TEST_CASE("a cluster that does not answer at all is told as to other requests") {
  streaming s;
  s.cluster.hang();
  CHECK_THAT(s.listen().rest(), Catch::StartsWith("HTTP/1.1 503 ") && Contains("does not answer"));
}

TEST_CASE("streams end with the server, which does not wait for them") {
  streaming s;
  auto client = s.listen();
  CHECK_THAT(client.until("event: graph"), Contains("200 OK"));
  s.api->settle(std::chrono::minutes(1));
  s.api.reset();
  CHECK(client.rest().find("event: end") == std::string::npos);
}
