#include "tools/cli/status_server.hpp"

#include <boost/system/error_code.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace millrace;

namespace {

std::uint16_t free_port() {
  const int s = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(s, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(::getsockname(s, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  ::close(s);
  return ntohs(at.sin_port);
}

struct running_server {
  explicit running_server(std::vector<std::string> names = {}) {
    auto started = cli::status_server::start(fmt::format("127.0.0.1:{}", port), std::move(names), board);
    REQUIRE(started);
    server.emplace(std::move(*started));
  }
  std::uint16_t port = free_port();
  cli::running_topologies board;
  std::optional<cli::status_server> server;
};

int connected(std::uint16_t port) {
  const int s = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(s >= 0);
  const timeval patience{10, 0};
  ::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  REQUIRE(::connect(s, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  return s;
}

std::string rest(int s) {
  std::string out;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(s, buffer, sizeof buffer)) > 0;)
    out.append(buffer, static_cast<std::size_t>(n));
  ::close(s);
  return out;
}

std::string asked(std::uint16_t port, const std::string& bytes) {
  const int s = connected(port);
  REQUIRE(::send(s, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  return rest(s);
}

std::string request(const std::string& host, const std::string& path = "/livez") {
  return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

}  // namespace

TEST_CASE("the status server answers for its own names and those of --http-host, and for no foreign one") {
  const running_server s({"metrics.example.com"});
  for (const auto* own : {"localhost:1234", "127.0.0.1", "metrics.example.com"}) {
    const auto answer = asked(s.port, request(own, "/metrics"));
    CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 200 OK\r\n") &&
                           Catch::Contains("X-Content-Type-Options: nosniff\r\n"));
  }
  for (const auto* path : {"/metrics", "/healthz", "/readyz", "/livez", "/"})
    CHECK_THAT(asked(s.port, request("evil.example:9100", path)),
               Catch::StartsWith("HTTP/1.1 421 ") && Catch::Contains("--http-host"));
  CHECK_THAT(asked(s.port, "GET /livez HTTP/1.1\r\n\r\n"), Catch::StartsWith("HTTP/1.1 400 "));
  CHECK_THAT(asked(s.port, "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"),
             Catch::StartsWith("HTTP/1.1 400 "));
  CHECK_THAT(asked(s.port, "GET /metrics HTTP/1.0\r\n\r\n"), Catch::StartsWith("HTTP/1.0 200 "));
  CHECK_THAT(asked(s.port, "POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"),
             Catch::StartsWith("HTTP/1.1 405 "));
  CHECK_THAT(asked(s.port, request("localhost", "/nowhere")), Catch::StartsWith("HTTP/1.1 404 "));
}

TEST_CASE("more silent connections than there may be make room for one that asks") {
  const running_server s;
  std::vector<int> silent;
  for (int i = 0; i < 200; ++i)
    silent.push_back(connected(s.port));
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THAT(asked(s.port, request("localhost", "/metrics")), Catch::StartsWith("HTTP/1.1 200 "));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
  CHECK(rest(silent.front()).empty());  // the oldest has been closed
  for (std::size_t i = 1; i < silent.size(); ++i)
    ::close(silent[i]);
}

TEST_CASE("without descriptors the status server waits and does not spin") {
  const running_server s;
  CHECK_THAT(asked(s.port, request("localhost", "/metrics")), Catch::StartsWith("HTTP/1.1 200 "));
  const int waits = connected(s.port);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  // UBSan needs descriptors when it first meets a type: the error's, whose text will be asked for, is shown
  // to it before.
  REQUIRE_FALSE(boost::system::error_code(EMFILE, boost::system::system_category()).message().empty());
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int last = ::open("/dev/null", O_RDONLY);
  rlimit none = before;
  const int out = ::socket(AF_INET, SOCK_STREAM, 0);
  none.rlim_cur = static_cast<rlim_t>(std::max(last, out)) + 1;
  std::vector<int> filled;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  for (int fd = 0; (fd = ::open("/dev/null", O_RDONLY)) >= 0;)
    filled.push_back(fd);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(s.port);
  const bool asks = ::connect(out, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;  // the kernel takes it
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
  const auto bytes = request("localhost", "/metrics");
  REQUIRE(::send(out, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  CHECK_THAT(rest(out), Catch::StartsWith("HTTP/1.1 200 "));
  ::close(waits);
}
