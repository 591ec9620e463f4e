// Links by TLS on loopback: who gets one, who does not, and what is said of it.
#include "tests/unit/link_actor/two_processes.hpp"
#include "tests/unit/tls/tls_fixture.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

/// Holds what is logged while it lives.
class log_lines {
  class sink : public spdlog::sinks::base_sink<std::mutex> {
  public:
    [[nodiscard]] std::size_t count(const std::string& part) {
      const std::scoped_lock lock(mutex_);
      return static_cast<std::size_t>(std::ranges::count_if(
          lines_, [&](const auto& line) { return line.find(part) != std::string::npos; }));
    }
    [[nodiscard]] bool wait_for(const std::string& part) {
      std::unique_lock lock(mutex_);
      return came_.wait_for(lock, patience, [&] {
        return std::ranges::any_of(lines_,
                                   [&](const auto& line) { return line.find(part) != std::string::npos; });
      });
    }

  protected:
    void sink_it_(const spdlog::details::log_msg& m) override {
      lines_.emplace_back(m.payload.data(), m.payload.size());
      came_.notify_all();
    }
    void flush_() override {}

  private:
    std::vector<std::string> lines_;
    std::condition_variable_any came_;
  };

public:
  log_lines() { spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink_)); }
  ~log_lines() { spdlog::set_default_logger(before_); }
  log_lines(const log_lines&) = delete;
  log_lines& operator=(const log_lines&) = delete;
  [[nodiscard]] bool wait_for(const std::string& part) { return sink_->wait_for(part); }
  [[nodiscard]] std::size_t count(const std::string& part) { return sink_->count(part); }

private:
  std::shared_ptr<sink> sink_ = std::make_shared<sink>();
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

struct clock_at : wall_clock {
  explicit clock_at(event_micros at) : at_(at) {}
  [[nodiscard]] event_micros now() const override { return at_; }
  event_micros at_;
};

/// A cluster's folder of certificates, now.
class authority {
public:
  authority() : dir_(folder_.path("tls")), now_(system_clock().now()) {
    REQUIRE(tls::init_folder(dir_, {now_ - tls::test::day, now_ + 1'000 * tls::test::day}));
  }
  [[nodiscard]] tls::credentials node(const std::string& name, event_micros days = 100) const {
    return issued({.is = tls::role::node, .name = name, .hosts = {"localhost"}}, days);
  }
  /// Issues a client's credentials; their holder pretends to be a node.
  [[nodiscard]] tls::credentials client(const std::string& name) const {
    return issued({.is = tls::role::client, .name = name}, 100);
  }
  [[nodiscard]] event_micros now() const { return now_; }

private:
  [[nodiscard]] tls::credentials issued(const tls::subject& of, event_micros days) const {
    REQUIRE(
        tls::issue(dir_, of, {now_ - tls::test::day, now_ + days * tls::test::day}, tls::if_there::replace));
    auto out = of.is == tls::role::node ? tls::node_credentials(dir_, of.name, now_)
                                        : tls::client_credentials(dir_, of.name, now_);
    REQUIRE(out);
    return *out;
  }
  tls::test::own_folder folder_;
  std::string dir_;
  event_micros now_;
};

[[nodiscard]] probe_result knock(const process& from, const process& at) {
  return from.net().probe({"127.0.0.1", at.port()}, std::chrono::duration_cast<micros>(patience));
}

}  // namespace

TEST_CASE(
    "two nodes with certificates of one authority open a session by TLS, and bytes of all lengths come") {
  const authority cluster;
  const auto of_a = cluster.node("a"), of_b = cluster.node("b");
  process a("a", "b", 1, 0, &of_a), b("b", "a", 2, 0, &of_b);
  CHECK(knock(a, b).outcome == probed::answers);
  a.connect(b.port());
  b.connect(a.port());
  REQUIRE(a.news->wait_for<session_opened>(1));
  REQUIRE(b.news->wait_for<session_opened>(1));
  for (std::size_t i = 0; i < 150; ++i) {
    caf::anon_send(a.link, send_mail{std::string(i * i * 20, static_cast<char>('a' + i % 26))});
    caf::anon_send(b.link, send_mail{std::string(i, 'b')});
  }
  const auto has_all = [](std::size_t factor) {
    return [factor](const auto& all) {
      std::size_t i = 0;
      for (const auto& n : all)
        if (const auto* c = std::get_if<mail_came>(&n)) {
          if (c->bytes.size() != (factor == 0 ? i : i * i * factor))
            return false;
          ++i;
        }
      return i == 150;
    };
  };
  REQUIRE(b.news->wait_until(has_all(20)));
  REQUIRE(a.news->wait_until(has_all(0)));
}

TEST_CASE("a node that begins again gets a session by TLS anew, whichever of the two it is") {
  const authority cluster;
  const auto of_a = cluster.node("a"), of_b = cluster.node("b");
  process a("a", "b", 1, 0, &of_a);
  auto b = std::make_unique<process>("b", "a", 2, 0, &of_b);
  const auto port = b->port();
  a.connect(port);
  b->connect(a.port());
  REQUIRE(a.news->wait_for<session_opened>(1));
  b.reset();
  REQUIRE(a.news->wait_for<session_ended>(1));
  b = std::make_unique<process>("b", "a", 3, port, &of_b);
  b->connect(a.port());
  REQUIRE(a.news->wait_for<session_opened>(2));
  REQUIRE(b->news->wait_for<session_opened>(1));
}

TEST_CASE("a node of another authority is refused at both ends, each with one line") {
  const authority cluster, other;
  const auto of_a = cluster.node("a"), of_b = other.node("b");
  log_lines log;
  process a("a", "b", 1, 0, &of_a), b("b", "a", 2, 0, &of_b);
  a.connect(b.port());
  b.connect(a.port());
  REQUIRE(log.wait_for("node b at localhost:"));
  REQUIRE(log.wait_for("node a at localhost:"));
  // a is refused by b's word as well, and its next tries say nothing new.
  const auto again = knock(a, b), and_again = knock(b, a);
  CHECK_THAT(again.why, Catch::Contains("not signed by this cluster's authority"));
  CHECK(and_again.outcome == probed::silent);
  CHECK(log.count("node b at localhost:") == 1);
  CHECK(a.news->count<session_opened>() == 0);
  CHECK(b.news->count<session_opened>() == 0);
}

TEST_CASE("a node whose certificate has expired is refused, at the end that connects and at the other one") {
  const authority cluster;
  const auto of_a = cluster.node("a"), of_b = cluster.node("b", 10), of_c = cluster.node("c");
  const clock_at later(cluster.now() + 20 * tls::test::day);
  log_lines log;
  process a("a", "b", 1, 0, &of_a, later), b("b", "a", 2, 0, &of_b), c("c", "b", 3, 0, &of_c, later);
  CHECK_THAT(knock(a, b).why, Catch::Contains("the certificate of \"b\" has expired at"));
  CHECK_THAT(knock(b, c).why, Catch::Contains("this node's certificate has expired"));
  REQUIRE(log.wait_for("a connection from 127.0.0.1 is refused: the certificate of \"b\" has expired"));
}

TEST_CASE("a node of another name than was looked for is refused") {
  const authority cluster;
  const auto of_a = cluster.node("a"), of_c = cluster.node("c");
  log_lines log;
  process a("a", "b", 1, 0, &of_a), c("b", "a", 2, 0, &of_c);
  a.connect(c.port());
  c.connect(a.port());
  REQUIRE(log.wait_for("the certificate of \"c\" was shown by a node that calls itself \"b\""));
  CHECK(a.news->count<session_opened>() == 0);
}

TEST_CASE("a link is not for a node that has another one's name in its hello alone") {
  const authority cluster;
  const auto of_b = cluster.node("b"), of_c = cluster.node("c"), of_z = cluster.node("z");
  // z waits for b to connect; c says in its hello that it is b.
  process z("z", "b", 1, 0, &of_z), c("b", "z", 2, 0, &of_c);
  z.connect(1);
  c.connect(z.port());
  process b("b", "z", 3, 0, &of_b);
  b.connect(z.port());
  REQUIRE(z.news->wait_for<session_opened>(1));
  CHECK(c.news->count<session_opened>() == 0);
  CHECK(z.news->count<session_opened>() == 1);
}

TEST_CASE("a client's certificate opens no connection to a node") {
  const authority cluster;
  const auto of_a = cluster.client("a"), of_b = cluster.node("b");
  log_lines log;
  process a("a", "b", 1, 0, &of_a), b("b", "a", 2, 0, &of_b);
  CHECK(knock(a, b).outcome == probed::silent);
  REQUIRE(log.wait_for("is a client's, and a node's is needed"));
  CHECK_THAT(knock(b, a).why, Catch::Contains("is a client's, and a node's is needed"));
}

TEST_CASE("a node with TLS and one without do not meet, and each is told why") {
  const authority cluster;
  const auto of_a = cluster.node("a");
  log_lines log;
  process with("a", "b", 1, 0, &of_a), without("b", "a", 2);
  CHECK_THAT(knock(with, without).why, Catch::Contains("tart it with --tls DIR, too"));
  CHECK_THAT(probe({"127.0.0.1", with.port()}, micros(200'000)).why, Catch::Contains("started with --tls"));
  REQUIRE(log.wait_for("before TLS has begun"));
  {
    const stranger talks(with.port(), "GET / HTTP/1.1\r\n\r\n");
    REQUIRE(log.wait_for("what has come is not TLS"));
  }
  { const stranger again(with.port(), "GET / HTTP/1.1\r\n\r\n"); }
  CHECK(knock(with, with).outcome == probed::answers);
  CHECK(log.count("what has come is not TLS") == 1);
}

TEST_CASE("many that do not begin TLS do not keep a node out") {
  const authority cluster;
  const auto of_a = cluster.node("a"), of_b = cluster.node("b");
  log_lines log;
  process a("a", "b", 1, 0, &of_a), b("b", "a", 2, 0, &of_b);
  std::vector<std::unique_ptr<stranger>> held;
  for (int i = 0; i < 64; ++i)
    held.push_back(std::make_unique<stranger>(b.port(), ""));
  CHECK(knock(a, b).outcome == probed::answers);
  CHECK(held.front()->hears().empty());  // the oldest has made room
  CHECK(log.count("many others connect") == 1);
}
