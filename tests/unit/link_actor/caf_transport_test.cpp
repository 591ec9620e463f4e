// Links over CAF's real networking on loopback: two actor systems in this process, each with its own port.
#include "actors/link/caf_transport.hpp"
#include "tests/unit/link_actor/model_actors.hpp"

#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <condition_variable>
#include <mutex>
#include <sys/socket.h>
#include <unistd.h>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

/// Of this machine at its busiest.
constexpr std::chrono::seconds patience{120};

/// What an owner was told; the test waits for it.
class told {
public:
  void add(link_news n) {
    const std::scoped_lock lock(mutex_);
    all_.push_back(std::move(n));
    came_.notify_all();
  }
  /// Whether `number` of this kind have come in time.
  template<class T>
  [[nodiscard]] bool wait_for(std::size_t number) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, patience, [&] { return count<T>() >= number; });
  }
  template<class F>
  [[nodiscard]] bool wait_until(F is_so) {
    std::unique_lock lock(mutex_);
    return came_.wait_for(lock, patience, [&] { return is_so(all_); });
  }

private:
  template<class T>
  [[nodiscard]] std::size_t count() const {
    std::size_t n = 0;
    for (const auto& x : all_)
      n += std::holds_alternative<T>(x);
    return n;
  }
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<link_news> all_;
};

/// Tells the lane as well, where there is one, of its receiver.
link_owner::behavior_type telling_owner(link_owner::pointer self, const std::shared_ptr<told>& news,
                                        const lane_model& lane) {
  return {[=](const link_told& m) {
    const auto* up = std::get_if<stand_in_up>(&m.what);
    const auto* down = std::get_if<stand_in_down>(&m.what);
    if (up && lane)
      self->send(lane, messages::receiver_up{0, up->handle, up->remote});
    if (down && lane)
      self->send(lane, messages::receiver_down{0, down->remote});
    news->add(m.what);
  }};
}
/// A machine that is busy for some seconds is no dead peer here: those are found by their connections.
limits patient() {
  limits l;
  l.suspect_after = l.lost_after = std::chrono::duration_cast<micros>(patience);
  return l;
}

struct networked : caf::actor_system_config {
  networked() {
    configure_network(*this);
    set("middleman.connection-timeout", caf::timespan(patience));
    set("scheduler.max-threads", 2);
  }
};

/// One node's process, but that it shares this one with the other.
class process {
public:
  process(std::string name, std::string peer, std::uint64_t number, std::uint16_t at_port = 0)
      : name_(std::move(name)), peer_(std::move(peer)), number_(number), system(config_) {
    auto network = caf_network::listen(system, name_, "127.0.0.1", at_port);
    REQUIRE(network);
    network_ = std::make_unique<caf_network>(std::move(*network));
  }
  ~process() {
    if (link)
      caf::anon_send(link, messages::stop{});
    network_->close();
    caf::anon_send_exit(owner_, caf::exit_reason::user_shutdown);
    link = nullptr;
  }
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  void connect(std::uint16_t port, const lane_model& lane = {}) {
    owner_ = system.spawn(telling_owner, news, lane);
    link_options o;
    o.link = {
        {"production", name_, {number_, 0}, {}, spoken, {}, 0, caf_node_of(system)}, peer_, patient(), {}};
    o.make_transport = network_->to(peer_, {"localhost", port});
    o.owner = owner_;
    link = spawn_link(system, std::move(o));
  }
  [[nodiscard]] std::uint16_t port() const { return network_->port(); }

private:
  networked config_;
  std::string name_, peer_;
  std::uint64_t number_;

public:
  caf::actor_system system;
  link_handle link;
  std::shared_ptr<told> news = std::make_shared<told>();

private:
  link_owner owner_;
  std::unique_ptr<caf_network> network_;
};

[[nodiscard]] bool is_lost(const std::vector<link_news>& all) {
  for (auto n = all.rbegin(); n != all.rend(); ++n)
    if (const auto* s = std::get_if<standing_changed>(&*n))
      return s->now == standing::lost;
  return false;
}
[[nodiscard]] std::size_t control_bytes(const std::vector<link_news>& all) {
  std::size_t bytes = 0;
  for (const auto& n : all)
    if (const auto* c = std::get_if<control_came>(&n))
      bytes += c->bytes.size();
  return bytes;
}

/// A connection of a stranger's, which says `what`.
class stranger {
public:
  stranger(std::uint16_t port, std::string_view what) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0);
    REQUIRE(::send(fd_, what.data(), what.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(what.size()));
  }
  ~stranger() { ::close(fd_); }
  stranger(const stranger&) = delete;
  stranger& operator=(const stranger&) = delete;

private:
  int fd_;
};

}  // namespace

TEST_CASE("two processes open a session over loopback, and bytes of all lengths come in order") {
  process a("a", "b", 1), b("b", "a", 2);
  a.connect(b.port());
  b.connect(a.port());
  REQUIRE(a.news->wait_for<session_opened>(1));
  REQUIRE(b.news->wait_for<session_opened>(1));
  std::size_t sent = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    caf::anon_send(a.link, send_control{std::string(i * i * 10, static_cast<char>('a' + i % 26))});
    sent += i * i * 10;
  }
  REQUIRE(b.news->wait_until([&](const auto& all) { return control_bytes(all) == sent; }));
  REQUIRE(b.news->wait_until([](const auto& all) {
    std::size_t i = 0;
    for (const auto& n : all)
      if (const auto* c = std::get_if<control_came>(&n)) {
        if (c->bytes != std::string(i * i * 10, static_cast<char>('a' + i % 26)))
          return false;
        ++i;
      }
    return i == 200;
  }));
}

TEST_CASE("a process that is gone is lost, and the next one of its node gets a session") {
  process a("a", "b", 1);
  auto b = std::make_unique<process>("b", "a", 2);
  const auto port = b->port();
  a.connect(port);
  b->connect(a.port());
  REQUIRE(a.news->wait_for<session_opened>(1));
  b.reset();
  REQUIRE(a.news->wait_for<session_ended>(1));
  REQUIRE(a.news->wait_until(is_lost));
  b = std::make_unique<process>("b", "a", 3, port);
  b->connect(a.port());
  REQUIRE(a.news->wait_for<session_opened>(2));
  REQUIRE(b->news->wait_for<session_opened>(1));
}

TEST_CASE("a node that connects to its peer finds it again as well when it is the one that begins anew") {
  process b("b", "a", 2);
  auto a = std::make_unique<process>("a", "b", 1);
  a->connect(b.port());
  b.connect(a->port());
  const auto port = a->port();
  REQUIRE(b.news->wait_for<session_opened>(1));
  a.reset();
  REQUIRE(b.news->wait_until(is_lost));
  a = std::make_unique<process>("a", "b", 3, port);
  a->connect(b.port());
  REQUIRE(b.news->wait_for<session_opened>(2));
}

TEST_CASE("a stranger's bytes at the port do nothing to the links") {
  process a("a", "b", 1), b("b", "a", 2);
  const stranger silent(b.port(), "");
  const stranger talks(b.port(), std::string(1000, 'x') + "GET / HTTP/1.1\r\n\r\n");
  a.connect(b.port());
  b.connect(a.port());
  REQUIRE(a.news->wait_for<session_opened>(1));
  const stranger later(b.port(), std::string(100, '\xFF'));
  caf::anon_send(a.link, send_control{"still there"});
  REQUIRE(b.news->wait_for<control_came>(1));
}

TEST_CASE("frames of a lane go through two processes, and the receiver has each letter once") {
  constexpr edge_id edge = (1U << 20U) + 1;
  process a("a", "b", 1), b("b", "a", 2);
  const auto lane = std::make_shared<model_lane>(2);
  const auto receiver = std::make_shared<model_receiver>(life(7), 2);
  lane->until = 3000;
  const auto lane_actor = a.system.spawn(lane_model_behaviour, lane);
  const auto receiver_actor = b.system.spawn(receiver_model_behaviour, receiver);
  a.connect(b.port(), lane_actor);
  b.connect(a.port());
  caf::anon_send(a.link, local_up{edge, messages::frame_sender(lane_actor), lane->now});
  caf::anon_send(b.link, local_up{edge, messages::frame_receiver(receiver_actor), receiver->now});
  caf::anon_send(a.link, remote_up{edge, receiver->now});
  caf::scoped_actor waits(a.system);
  waits->monitor(lane_actor);
  caf::anon_send(lane_actor, quit_when_done{});
  bool is_done = false;
  waits->receive([&](const caf::down_msg&) { is_done = true; }, caf::after(patience) >> [] {});
  REQUIRE(is_done);
  CHECK_FALSE(receiver->broken);
  lane->receiver = nullptr;
  caf::anon_send_exit(receiver_actor, caf::exit_reason::user_shutdown);
}

TEST_CASE("a probe tells a process that listens from one that does not, and from one that stands still") {
  process b("b", "a", 2);
  CHECK(probe({"localhost", b.port()}, micros(5'000'000)).outcome == probed::answers);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0);
  socklen_t size = sizeof(at);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  const endpoint here{"127.0.0.1", ntohs(at.sin_port)};
  CHECK(probe(here, micros(1'000'000)).outcome == probed::refused);
  REQUIRE(::listen(fd, 4) == 0);
  CHECK(probe(here, micros(100'000)).outcome == probed::silent);
  ::close(fd);
  CHECK(probe({"no.such.host.invalid", 1}, micros(100'000)).outcome == probed::silent);
}
