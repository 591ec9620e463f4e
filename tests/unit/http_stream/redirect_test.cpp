// Connections that are sent on: what goes along, and what does not.
#include "actors/connectors/http/stream/connection.hpp"
#include "tests/support/loopback_listener.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <mutex>
#include <thread>
#include <vector>

using namespace millrace;
using namespace millrace::source;

namespace {

/// Gives one connection after the other the next of its answers, and closes; keeps the heads of the requests.
class script {
public:
  script() = default;
  void answer(std::vector<std::string> with) {
    answers_ = std::move(with);
    thread_ = std::thread([this] {
      for (const auto& bytes : answers_)
        serve(bytes);
    });
  }
  ~script() {
    listener_.stop();
    if (thread_.joinable())
      thread_.join();
  }

  [[nodiscard]] const std::string& url() const { return listener_.url(); }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

private:
  void serve(const std::string& bytes) {
    const int peer = listener_.accept();
    if (peer < 0)
      return;
    auto got = test::read_head(peer);
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(std::move(got));
    }
    (void)::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::close(peer);
  }

  test::loopback_listener listener_;
  std::vector<std::string> answers_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

std::string sent_on(const std::string& to, std::string_view status = "302 Found") {
  return fmt::format("HTTP/1.1 {}\r\nLocation: {}\r\nContent-Length: 5\r\n\r\naway\n", status, to);
}
const std::string stream = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}\n";
const std::string secret = "X-Api-Key: hush-hush";

struct outcome {
  expected<void> ended;
  std::string bytes;
};

outcome read(const std::string& url, int redirects = 5) {
  stream_options o;
  o.in_logs = "s";
  o.url = url;
  o.headers = {{"X-Api-Key", "hush-hush"}, {"Authorization", "Bearer hush-hush"}};
  o.redirects = redirects;
  const transfers all;
  outcome out;
  connection c(all, o, std::nullopt, [&](std::string_view bytes) {
    out.bytes += bytes;
    return true;
  });
  for (int i = 0; i < 1'000; ++i) {
    if (auto ended = c.work()) {
      out.ended = *ended;
      return out;
    }
    all.wait(std::chrono::milliseconds(10));
  }
  FAIL("it goes on for ever");
  return out;
}

bool has_secret(const std::string& request) { return request.find("hush-hush") != std::string::npos; }

}  // namespace

TEST_CASE("headers go along within an origin") {
  for (const auto* status : {"301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"}) {
    script s;
    s.answer({sent_on("/there", status), stream});
    const auto got = read(s.url() + "/here");
    CHECK(got.ended);
    CHECK(got.bytes == "{}\n");
    REQUIRE(s.requests().size() == 2);
    CHECK_THAT(s.requests()[1], Catch::StartsWith("GET /there HTTP/1.1\r\n") && Catch::Contains(secret));
  }
}

TEST_CASE("headers stay at their origin, and do not come back with a request that has left it") {
  script own, other;
  own.answer({sent_on(other.url() + "/b"), stream});
  other.answer({sent_on(own.url() + "/c")});
  const auto got = read(own.url() + "/a");
  CHECK(got.bytes == "{}\n");
  REQUIRE(other.requests().size() == 1);
  CHECK_FALSE(has_secret(other.requests()[0]));
  CHECK_THAT(other.requests()[0], Catch::Contains("Accept: application/json"));
  REQUIRE(own.requests().size() == 2);
  CHECK(has_secret(own.requests()[0]));
  CHECK_FALSE(has_secret(own.requests()[1]));
}

TEST_CASE("who is refused behind another origin is told that no headers went along") {
  script own, other;
  own.answer({sent_on(other.url() + "/b?key=hush-hush")});
  other.answer({"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"});
  const auto got = read(own.url());
  REQUIRE_FALSE(got.ended);
  CHECK_THAT(got.ended.error().message, Catch::Contains("do not go along") &&
                                            Catch::Contains(other.url() + "/b") &&
                                            !Catch::Contains("hush-hush"));
}

TEST_CASE("redirects are bounded, and only HTTP's are followed") {
  script around;
  around.answer({sent_on("/"), sent_on("/"), sent_on("/")});
  const auto many = read(around.url(), 2);
  REQUIRE_FALSE(many.ended);
  CHECK(many.ended.error().whose == fault::user);
  CHECK_THAT(many.ended.error().message, Catch::Contains("more than 2 redirects"));
  CHECK(around.requests().size() == 3);
  for (const std::string to : {"ftp://127.0.0.1/x", "file:///etc/passwd"}) {
    script s;
    s.answer({sent_on(to)});
    const auto got = read(s.url());
    REQUIRE_FALSE(got.ended);
    CHECK_FALSE(got.ended.error().retry);
    CHECK(got.bytes.empty());
  }
  script none;
  none.answer({sent_on("/x")});
  const auto refused = read(none.url(), 0);
  REQUIRE_FALSE(refused.ended);
  CHECK_THAT(refused.ended.error().message, Catch::Contains("status 302"));
}

TEST_CASE("a content type drives no terminal") {
  script s;
  s.answer({"HTTP/1.1 503 No\r\nContent-Type: a\x1b[2J\r\nContent-Length: 0\r\n\r\n"});
  const auto got = read(s.url());
  REQUIRE_FALSE(got.ended);
  CHECK(got.ended.error().message.find('\x1b') == std::string::npos);
}
