#include "tests/unit/api/api_fixture.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <thread>

using namespace millrace;
using namespace millrace::api;
using namespace millrace::api::test;

namespace {

std::string get(const std::string& path, const std::string& more = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more + "\r\n";
}

}  // namespace

TEST_CASE("a topology is applied, seen, stopped and over") {
  const running_api s;
  CHECK(std::get<answers::applied>(*s.ask(requests::apply{"t", plan})).generation == 1);
  CHECK(std::get<answers::topologies>(*s.ask(requests::list{})).all ==
        std::vector<answers::topology>{{"t", topology_state::running, ""}});
  const auto nodes = std::get<answers::nodes>(*s.ask(requests::nodes{}));
  REQUIRE(nodes.all.size() == 2);
  CHECK(nodes.all[0].is_coordinator);
  CHECK(nodes.all[0].actors.size() + nodes.all[1].actors.size() == 2);
  CHECK(std::get<answers::status>(*s.ask(requests::status{})) == answers::status{"test", "a", 1, "a"});
  CHECK(std::get<answers::document>(*s.ask(requests::report{"t"})).json == R"({"topology":"t","stages":{}})");
  CHECK(s.ask(requests::stop{"t"}));
  const auto over = std::get<answers::waited>(*s.ask(requests::wait{"t"}));
  CHECK(over.is_over);
  CHECK(over.now.state == topology_state::stopped);
  CHECK(s.ask(requests::stop{"t"}).error().code == ec::mismatch);
}

TEST_CASE("a wait ends with the topology, and without an end it is asked again") {
  running_api s({.patience = std::chrono::milliseconds(50)});
  REQUIRE(s.ask(requests::apply{"t", plan}));
  const auto patient = std::get<answers::waited>(*s.ask(requests::wait{"t"}));
  CHECK_FALSE(patient.is_over);
  CHECK(patient.now.name == "t");
  CHECK(s.cluster.waiting() == 0);  // nobody waits any more, so nothing is kept
  s.cluster.fail("t", "in/0", "it kills processes");
  const auto over = std::get<answers::waited>(*s.ask(requests::wait{"t"}));
  CHECK(over.is_over);
  CHECK(over.now == answers::topology{"t", topology_state::failed, "in/0: it kills processes"});
}

TEST_CASE("why a topology has failed may quote a record, and is told with the token alone") {
  running_api s;
  REQUIRE(s.ask(requests::apply{"t", plan}));
  s.cluster.fail("t", "in/0", "found \"Ann Smith\", expected bigint");
  const std::string token = "Authorization: Bearer secret\r\n";
  for (const std::string path :
       {"/api/v1/topologies", "/api/v1/topologies/t/end", "/api/v1/topologies/t/events"}) {
    INFO(path);
    for (const auto& header : {std::string(), std::string("Authorization: Bearer another\r\n")}) {
      const auto open = s.asked(get(path, header));
      CHECK_THAT(open, Catch::StartsWith("HTTP/1.1 200 ") && Catch::Contains("failed") &&
                           !Catch::Contains("Ann Smith") &&
                           Catch::Contains("requests with the token see why, and the log says it"));
    }
    CHECK_THAT(s.asked(get(path, token)), Catch::Contains("Ann Smith"));
  }
  CHECK(std::get<answers::topologies>(*s.ask(requests::list{})).all.at(0).reason ==
        "in/0: found \"Ann Smith\", expected bigint");
}

TEST_CASE("a wait that is under way is answered at the end") {
  running_api s;
  REQUIRE(s.ask(requests::apply{"t", plan}));
  raw_connection waiting(s.api->endpoint());
  waiting.send(get("/api/v1/topologies/t/end"));
  while (s.cluster.waiting() == 0)
    std::this_thread::yield();
  s.cluster.finish("t");
  CHECK_THAT(waiting.rest(), Catch::Contains(R"("over":true)") && Catch::Contains(R"("state":"ended")"));
}

TEST_CASE("what the cluster refuses comes back with its reason") {
  running_api s;
  CHECK(s.ask(requests::stop{"nowhere"}).error().code == ec::not_found);
  CHECK(s.ask(requests::wait{"nowhere"}).error().code == ec::not_found);
  const auto lives = s.ask(requests::forget{"b"});
  REQUIRE_FALSE(lives);
  CHECK(lives.error().code == ec::locked);
  CHECK_THAT(lives.error().message, Catch::Contains("end its process first"));
  REQUIRE(s.ask(requests::apply{"t", plan}));
  s.cluster.silence("b");
  const auto gone = s.ask(requests::forget{"b"});
  REQUIRE(gone);
  CHECK(std::get<answers::forgotten>(*gone).lost.size() <= 1);
}

TEST_CASE("a node that is drained gives away what can move") {
  running_api s;
  CHECK(s.ask(requests::drain{"b"}));
  const auto nodes = std::get<answers::nodes>(*s.ask(requests::nodes{}));
  CHECK(nodes.all.at(1).state == node_state::drained);
}

TEST_CASE("who has no token looks and does not act") {
  const running_api s;
  for (const auto* token : {"", "wrong"}) {
    CHECK(s.ask(requests::list{}, token));
    const auto no = s.ask(requests::stop{"t"}, token);
    REQUIRE_FALSE(no);
    CHECK_THAT(no.error().message, Catch::Contains("MILLRACE_TOKEN"));
  }
  const auto forged =
      s.asked("POST /api/v1/topologies/t/stop HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
              "Authorization: Bearer secret\r\nX-Millrace-Action: yes\r\nConnection: "
              "close\r\nContent-Length: 15\r\n\r\n"
              "{\"confirm\":\"t\"}");
  CHECK_THAT(forged, Catch::StartsWith("HTTP/1.1 403 "));
}

TEST_CASE("pages come as text, and nothing else may be done with what comes") {
  const running_api s;
  CHECK_THAT(s.asked(get("/metrics")),
             Catch::StartsWith("HTTP/1.1 200 OK\r\n") && Catch::EndsWith("\r\n\r\nmillrace_running 1\n") &&
                 Catch::Contains("X-Content-Type-Options: nosniff\r\n") &&
                 Catch::Contains("Content-Security-Policy: default-src 'none'\r\n"));
  CHECK_THAT(s.asked(get("/healthz")), Catch::EndsWith("ok\n"));
  CHECK_THAT(s.asked(get("/nowhere")), Catch::StartsWith("HTTP/1.1 404 ") && Catch::Contains("\"error\""));
  CHECK_THAT(s.asked("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 405 "));
  CHECK_THAT(s.asked("GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 421 "));
}

TEST_CASE("a connection is used again") {
  const running_api s;
  const std::string first = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const auto both = s.asked(first + get("/metrics"));
  CHECK_THAT(both, Catch::Contains("ok\nHTTP/1.1 200 OK") && Catch::EndsWith("millrace_running 1\n"));
}

TEST_CASE("what is no request is refused, bounded and over") {
  const running_api s;
  CHECK_THAT(s.asked(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(100, 'x')),
             Catch::StartsWith("HTTP/1.1 400 "));
  CHECK_THAT(s.asked("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x')),
             Catch::StartsWith("HTTP/1.1 431 "));
  CHECK_THAT(
      s.asked("PUT /api/v1/topologies/t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"),
      Catch::StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(s.asked("PUT /api/v1/topologies/t HTTP/1.1\r\nHost: localhost\r\nExpect: "
                     "100-continue\r\nContent-Length: 9\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 403 "));
  CHECK_THAT(s.asked(get("/metrics")), Catch::StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("who sends nothing, or half a request, is not waited for") {
  const running_api s({.request = std::chrono::milliseconds(100)});
  CHECK(s.asked("").empty());
  CHECK(s.asked("GET /metrics HT").empty());
}

TEST_CASE("a thousand silent connections leave room for one that asks") {
  const running_api s;
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::vector<raw_connection> silent;
  for (int i = 0; i < 1'000; ++i)
    silent.emplace_back(s.api->endpoint());
  CHECK_THAT(s.asked(get("/metrics")), Catch::StartsWith("HTTP/1.1 200 "));
  CHECK(silent.front().rest().empty());  // the oldest have been closed
}

TEST_CASE("without descriptors it waits and does not spin", "[clock]") {
  const running_api s;
  CHECK_THAT(s.asked(get("/metrics")), Catch::StartsWith("HTTP/1.1 200 "));
  // UBSan needs descriptors when it first meets a type: the error's, whose text will be asked for, is shown to it before.
  REQUIRE_FALSE(boost::system::error_code(EMFILE, boost::system::system_category()).message().empty());
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int last = ::open("/dev/null", O_RDONLY);
  const int out = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval patience{30, 0};
  ::setsockopt(out, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(std::max(last, out)) + 1;
  std::vector<int> filled;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY)) >= 0;)
    filled.push_back(fd);
  const auto to = s.api->endpoint();
  const bool asks = ::connect(out, to.data(), static_cast<socklen_t>(to.size())) == 0;  // the kernel takes it
  rusage begin{}, end{};
  ::getrusage(RUSAGE_SELF, &begin);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  ::getrusage(RUSAGE_SELF, &end);
  for (const int fd : filled)
    ::close(fd);
  ::close(last);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(asks);
  const auto micros = [](const rusage& r) {
    return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1'000'000 + r.ru_utime.tv_usec + r.ru_stime.tv_usec;
  };
  CHECK(micros(end) - micros(begin) < 100'000);
  CHECK_THAT(raw_connection(out).send(get("/metrics")).rest(), Catch::StartsWith("HTTP/1.1 200 "));
}

TEST_CASE(
    "while every connection is being answered, places are kept for probes and the token's holder alone") {
  running_api s({.connections = 2, .kept = 2});
  s.cluster.hang();
  std::vector<raw_connection> all;
  const auto ask = [&](const std::string& bytes) {
    all.emplace_back(s.api->endpoint());
    all.back().send(bytes);
    while (s.cluster.waiting() < all.size())
      std::this_thread::yield();
  };
  ask(get("/api/v1/topologies"));
  ask(get("/api/v1/topologies"));
  CHECK_THAT(s.asked(get("/api/v1/topologies")),
             Catch::StartsWith("HTTP/1.1 503 ") && Catch::Contains("with the token"));
  ask(get("/readyz"));
  ask("GET /api/v1/topologies HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n\r\n");
  CHECK(s.asked(get("/readyz")).empty());  // more than there are places
}

TEST_CASE("requests that wait for an end make room, the oldest first") {
  running_api s({.connections = 2});
  REQUIRE(s.ask(requests::apply{"t", plan}));
  raw_connection one(s.api->endpoint());
  raw_connection two(s.api->endpoint());
  one.send(get("/api/v1/topologies/t/end"));
  while (s.cluster.waiting() < 1)
    std::this_thread::yield();
  two.send(get("/api/v1/topologies/t/end"));
  while (s.cluster.waiting() < 2)
    std::this_thread::yield();
  CHECK_THAT(s.asked(get("/livez")), Catch::StartsWith("HTTP/1.1 200 "));
  CHECK_THAT(one.rest(), Catch::StartsWith("HTTP/1.1 200 ") && Catch::Contains("Connection: close"));
}

TEST_CASE("a cluster that does not answer is told") {
  running_api s({.answer = std::chrono::milliseconds(50)});
  s.cluster.hang();
  const auto no = s.ask(requests::list{});
  REQUIRE_FALSE(no);
  CHECK(no.error().code == ec::unavailable);
  CHECK(no.error().retry);
  CHECK_THAT(no.error().message, Catch::Contains("the node does not answer"));
}

TEST_CASE("without certificates it listens on this machine alone, and says why") {
  millrace::test::memory_cluster cluster({"a"});
  const auto open = server::start({{boost::asio::ip::make_address("0.0.0.0"), 0}, {}, {}, {}}, cluster);
  REQUIRE_FALSE(open);
  CHECK(open.error().whose == fault::user);
  CHECK_THAT(open.error().message, Catch::Contains("--http 0.0.0.0: it is not a loopback address") &&
                                       Catch::Contains("give --tls DIR"));
  CHECK(
      server::start({{boost::asio::ip::make_address("0.0.0.0"), 0}, {}, {{}, {}, false, true}, {}}, cluster));
  const running_api first;
  const auto taken = server::start({first.api->endpoint(), {}, {}, {}}, cluster);
  REQUIRE_FALSE(taken);
  CHECK_THAT(taken.error().message, Catch::Contains("Address already in use"));
}
