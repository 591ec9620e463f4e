// Requests to servers that do not behave: each in bounded time or size, with one error that names the server.
#include "actors/connectors/http/client/exchange.hpp"
#include "tests/support/loopback_listener.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace millrace::http {
namespace {

/// Takes one connection, reads the head of a request, answers with these bytes and closes. Another byte
/// follows the first `at_once` each 50 ms.
class one_answer {
public:
  explicit one_answer(std::string bytes, std::size_t at_once = std::string::npos)
      : bytes_(std::move(bytes)), at_once_(std::min(at_once, bytes_.size())) {}
  ~one_answer() {
    listener_.stop();
    thread_.join();
  }

  [[nodiscard]] const std::string& url() const { return listener_.url(); }

private:
  void serve() {
    const int peer = listener_.accept();
    if (peer < 0)
      return;
    (void)test::read_head(peer);
    for (std::size_t at = 0; at < bytes_.size();) {
      if (at >= at_once_)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const auto n = ::send(peer, bytes_.data() + at, at < at_once_ ? at_once_ - at : 1, MSG_NOSIGNAL);
      if (n <= 0)
        break;
      at += static_cast<std::size_t>(n);
    }
    ::close(peer);
  }

  std::string bytes_;
  std::size_t at_once_;
  test::loopback_listener listener_;
  std::thread thread_{[this] { serve(); }};
};

expected<answer> ask(const std::string& url, std::uint64_t most = 1000) {
  exchange e({});
  request r;
  r.url = url + "/path?secret=1";
  r.most_bytes = most;
  return e.send(r);
}

}  // namespace

TEST_CASE("A whole answer is returned whatever its status; redirects are not followed") {
  const one_answer s(
      "HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 4\r\n\r\nbody");
  const auto a = ask(s.url());
  REQUIRE(a);
  CHECK(a->status == 307);
  CHECK(a->body == "body");
}

TEST_CASE("An answer that only drips is given up, in its head and in its body", "[clock]") {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
  for (const std::size_t at_once : {std::size_t{12}, head.size() + 3}) {
    const one_answer s(head + std::string(1000, 'x'), at_once);
    exchange e({.patience = std::chrono::milliseconds(1500)});
    request r;
    r.url = s.url() + "/path?secret=1";
    const auto began = std::chrono::steady_clock::now();
    const auto a = e.send(r);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
    REQUIRE_FALSE(a);
    CHECK(a.error().code == ec::unavailable);
    CHECK(a.error().message == s.url() + "/path: bytes come or go too slowly to be waited for");
  }
}

TEST_CASE("A certificate for another name is told from one of an unknown authority") {
  CHECK_THAT(std::string(certificate_remedy(
                 "SSL: no alternative certificate subject name matches target host name 'localhost'")),
             Catch::Contains("for another name"));
  CHECK_THAT(std::string(certificate_remedy(
                 "SSL: certificate subject name 'a.example' does not match target host name 'localhost'")),
             Catch::Contains("for another name"));
  CHECK_THAT(
      std::string(certificate_remedy("SSL certificate problem: unable to get local issuer certificate")),
      Catch::Contains("`ca_file`"));
}

TEST_CASE("An answer that breaks off, or is none, is an error that names the server and not the query") {
  for (const auto* bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 2", "", "no HTTP\r\n\r\n"}) {
    const one_answer s(bytes);
    const auto a = ask(s.url());
    INFO(bytes);
    REQUIRE_FALSE(a);
    CHECK(a.error().code == ec::unavailable);
    CHECK(a.error().retry);
    CHECK_THAT(a.error().message, Catch::Contains(s.url() + "/path"));
    CHECK_THAT(a.error().message, !Catch::Contains("secret"));
  }
}

TEST_CASE("An answer is taken up to its bound, however it comes") {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  for (const auto& bytes : {head + "Content-Length: 2000\r\n\r\n" + std::string(2000, 'x'),
                            head + "\r\n" + std::string(2000, 'x')}) {
    const one_answer s(bytes);
    const auto a = ask(s.url());
    REQUIRE_FALSE(a);
    CHECK_THAT(a.error().message, Catch::Contains("more than 1000 bytes"));
  }
  const one_answer fits(head + "\r\n" + std::string(1000, 'x'));
  CHECK(ask(fits.url())->body.size() == 1000);
}

TEST_CASE(
    "A refusal says why, however small a part was asked for; of an endless one the beginning is enough") {
  const std::string why = "<Error><Code>SignatureDoesNotMatch</Code></Error>";
  const one_answer refusing(
      fmt::format("HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{}", why.size(), why));
  const auto refused = ask(refusing.url(), 1);
  REQUIRE(refused);
  CHECK(refused->status == 403);
  CHECK(refused->body == why);

  const one_answer talking("HTTP/1.1 500 Internal Server Error\r\n\r\n" + std::string(200'000, 'x'));
  const auto long_one = ask(talking.url(), 1);
  REQUIRE(long_one);
  CHECK(long_one->status == 500);
  CHECK(long_one->body.size() == 65'536);
}

TEST_CASE("A server that is not there is unavailable; a file that is not there is told of") {
  const auto nobody = ask("http://127.0.0.1:1");
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().code == ec::unavailable);
  CHECK_THAT(nobody.error().message, Catch::Contains("http://127.0.0.1:1/path"));
  exchange e({});
  request r;
  r.method = "PUT";
  r.url = "http://127.0.0.1:1/x";
  r.file = "/not/there";
  const auto missing = e.send(r);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ec::io);
  CHECK_THAT(missing.error().message, Catch::Contains("/not/there"));
}

TEST_CASE("Other protocols than HTTP are refused") {
  CHECK_FALSE(ask("file:///etc"));
  CHECK_FALSE(ask("ftp://127.0.0.1:1"));
}

}  // namespace millrace::http
