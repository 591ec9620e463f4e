// Links over CAF's real networking on loopback: two actor systems in this process, each with its own port.
#include "actors/link/wire_format.hpp"
#include "runtime/link/hello.hpp"
#include "tests/unit/link_actor/two_processes.hpp"

#include <caf/after.hpp>
#include <caf/scoped_actor.hpp>
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <filesystem>
#include <memory>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <variant>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

[[nodiscard]] bool is_lost(const std::vector<link_news>& all) {
  for (auto n = all.rbegin(); n != all.rend(); ++n)
    if (const auto* s = std::get_if<standing_changed>(&*n))
      return s->now == standing::lost;
  return false;
}
[[nodiscard]] std::size_t control_bytes(const std::vector<link_news>& all) {
  std::size_t bytes = 0;
  for (const auto& n : all)
    if (const auto* c = std::get_if<mail_came>(&n))
      bytes += c->bytes.size();
  return bytes;
}

/// Holds what a way has told its user, a letter each: o for opened, c for closed, w for something that came.
struct way_log {
  std::mutex mutex;
  std::condition_variable came;
  std::string told;

  void add(char what) {
    const std::scoped_lock lock(mutex);
    told += what;
    came.notify_all();
  }
  [[nodiscard]] bool wait_for(const std::string& all) {
    std::unique_lock lock(mutex);
    return came.wait_for(lock, patience, [&] { return told == all; });
  }
};
way_user::behavior_type logging_user(way_user::pointer, const std::shared_ptr<way_log>& log) {
  return {
      [=](const way_opened&) { log->add('o'); },
      [=](const way_closed&) { log->add('c'); },
      [](const way_refused&) {},
      [=](const whole_came&) { log->add('w'); },
  };
}
/// A message as it stands on a connection.
std::string framed(std::string_view message) {
  const auto length = length_bytes(message.size());
  return std::string(length.data(), length.size()) + std::string(message);
}
std::string hello_of(std::string node) {
  return framed(encode_hello({"production", std::move(node), {1, 0}, {}, spoken, {}, 0, "caf a"}));
}

}  // namespace

TEST_CASE("two processes open a session over loopback, and bytes of all lengths come in order") {
  process a("a", "b", 1), b("b", "a", 2);
  a.connect(b.port());
  b.connect(a.port());
  REQUIRE(a.news->wait_for<session_opened>(1));
  REQUIRE(b.news->wait_for<session_opened>(1));
  std::size_t sent = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    caf::anon_send(a.link, send_mail{std::string(i * i * 10, static_cast<char>('a' + i % 26))});
    sent += i * i * 10;
  }
  REQUIRE(b.news->wait_until([&](const auto& all) { return control_bytes(all) == sent; }));
  REQUIRE(b.news->wait_until([](const auto& all) {
    std::size_t i = 0;
    for (const auto& n : all)
      if (const auto* c = std::get_if<mail_came>(&n)) {
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

TEST_CASE("a node that connects to its peer finds it again as well when it is the one that restarts") {
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

TEST_CASE(
    "a connection belongs to a link from the first message on of the node that has proved itself, and the "
    "next one takes its place") {
  process b("b", "a", 2);
  auto log = std::make_shared<way_log>();
  const auto user = b.system.spawn(logging_user, log);
  const auto way = b.net().to("a", {"localhost", b.port()})(b.system, user);
  caf::anon_send(way, open_way{});
  REQUIRE(log->wait_for("c"));  // nobody is there, and the peer is known at the port
  const insider unknown(b.port(), "c", "b", hello_of("c"));
  const insider peer(b.port(), "a", "b", hello_of("a"));
  REQUIRE(log->wait_for("cow"));
  peer.say(framed("more"));
  REQUIRE(log->wait_for("coww"));
  caf::anon_send(way, close_way{});
  REQUIRE(log->wait_for("cowwc"));
  CHECK(peer.hears().empty());
  const auto all = hello_of("a") + framed(std::string(300'000, 'x')) + framed("y");
  const insider again(b.port(), "a", "b", std::string_view(all).substr(0, 7));  // networks bring it in pieces
  again.say(std::string_view(all).substr(7));
  REQUIRE(log->wait_for("cowwcowww"));
  const insider in_its_place(b.port(), "a", "b", hello_of("a"));
  REQUIRE(log->wait_for("cowwcowwwow"));
  CHECK(again.hears().empty());
  in_its_place.say(std::string(8, '\xFF'));
  REQUIRE(log->wait_for("cowwcowwwowc"));
  caf::anon_send(way, messages::stop{});
}

TEST_CASE("whoever is not a node is hung up on at once") {
  process b("b", "a", 2);
  for (const auto& said : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(4, '\0'),
                           std::string(100, '\xFF'), framed("no hello")}) {
    const stranger s(b.port(), said);
    CHECK(s.hears().size() <= challenge_size);  // it may be hung up on before it is greeted
  }
  for (const char byte : {'\0', '\xFF'})  // lengths that no message has, of a node
    CHECK(insider(b.port(), "a", "b", std::string(4, byte)).hears().empty());
}

TEST_CASE("whoever does not prove that it reads the store takes no node's place, and hears nothing") {
  process b("b", "a", 2);
  auto log = std::make_shared<way_log>();
  const auto user = b.system.spawn(logging_user, log);
  const auto way = b.net().to("a", {"localhost", b.port()})(b.system, user);
  caf::anon_send(way, open_way{});
  REQUIRE(log->wait_for("c"));  // the peer is known at the port
  const insider peer(b.port(), "a", "b", hello_of("a"));
  REQUIRE(log->wait_for("cow"));

  const stranger says_its_hello(b.port(), hello_of("a"));
  CHECK(says_its_hello.hears().size() <= challenge_size);

  const stranger of_another_store(b.port(), "");
  const auto challenge = of_another_store.hears(challenge_size);
  const auto at = peer_address(of_another_store.fd());
  const std::string other(link_secret_size, 'o');
  const auto wrong = answer(challenge, other, "a", "b", at, random_nonce());
  REQUIRE(wrong);
  of_another_store.say(wrong->bytes + hello_of("a"));
  CHECK(of_another_store.hears().empty());

  const stranger replays(b.port(), "");
  const auto recorded = answer(challenge, the_secret, "a", "b", at, random_nonce());
  REQUIRE(recorded);
  REQUIRE(replays.hears(challenge_size) != challenge);
  replays.say(recorded->bytes + hello_of("a"));
  CHECK(replays.hears().empty());

  peer.say(framed("more"));
  REQUIRE(log->wait_for("coww"));
  caf::anon_send(way, messages::stop{});
}

TEST_CASE("a node finds nobody where what listens does not prove that it reads the store") {
  process b("b", "a", 2);
  const plain_identity a{"a", the_secret};
  const auto outcome = [&](const plain_identity& mine, const std::string& peer) {
    return try_connection({"127.0.0.1", b.port()}, mine, peer, micros(5'000'000)).result;
  };
  CHECK(outcome(a, "b").outcome == probed::answers);
  CHECK_THAT(outcome(a, "c").why, Catch::Contains("another store, or another name"));
  CHECK_THAT(outcome({"a", std::string(link_secret_size, 'o')}, "b").why,
             Catch::Contains("another store, or another name"));

  const int fd =
      ::socket(AF_INET, SOCK_STREAM, 0);  // a stranger where a node was: it can greet, and prove nothing
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)) == 0);
  REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  REQUIRE(::listen(fd, 4) == 0);
  std::thread stands_in([fd] {
    const int c = ::accept(fd, nullptr, nullptr);
    const auto said = doorkeeper("", "b", "", {}).challenge() + std::string(proof_size, 'p');
    (void)::send(c, said.data(), said.size(), MSG_NOSIGNAL);
    char end = 0;
    while (::recv(c, &end, 1, 0) > 0) {
    }
    ::close(c);
  });
  const auto tried = try_connection({"127.0.0.1", ntohs(at.sin_port)}, a, "b", micros(5'000'000)).result;
  stands_in.join();
  ::close(fd);
  CHECK(tried.outcome == probed::silent);
  CHECK_THAT(tried.why, Catch::Contains("does not prove"));
}

TEST_CASE("many that prove nothing do not keep a node out") {
  process b("b", "a", 2);
  std::vector<std::unique_ptr<stranger>> held;
  for (int i = 0; i < 64; ++i) {
    held.push_back(std::make_unique<stranger>(b.port(), ""));
    REQUIRE(held.back()->hears(challenge_size).size() == challenge_size);  // it has its place
  }
  const insider node(b.port(), "a", "b", "");
  CHECK(held.front()->hears().empty());  // the oldest has made room
}

TEST_CASE("a stranger's bytes at the port do nothing to the links") {
  process a("a", "b", 1), b("b", "a", 2);
  const stranger silent(b.port(), "");
  const stranger talks(b.port(), std::string(1000, 'x') + "GET / HTTP/1.1\r\n\r\n");
  a.connect(b.port());
  b.connect(a.port());
  REQUIRE(a.news->wait_for<session_opened>(1));
  const stranger later(b.port(), std::string(100, '\xFF'));
  caf::anon_send(a.link, send_mail{"still there"});
  REQUIRE(b.news->wait_for<mail_came>(1));
  CHECK(later.hears().size() <= challenge_size);
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

TEST_CASE("whoever is hung up on holds nothing of the process, also if it does not hang up itself") {
  process b("b", "a", 2);
  const auto handles = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  };
  const auto before = handles();
  std::vector<std::unique_ptr<stranger>> held;
  for (int i = 0; i < 200; ++i)
    held.push_back(std::make_unique<stranger>(b.port(), i % 2 == 0 ? "GET / HTTP/1.1\r\n\r\n" : ""));
  for (const auto& s : held)
    CHECK(s->hears().size() <= challenge_size);
  const auto until = std::chrono::steady_clock::now() + patience;
  while (handles() > before + 200 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  CHECK(handles() <= before + 200);
}

TEST_CASE("the length of a message is read as it was written") {
  for (const std::size_t size : {0UL, 1UL, 255UL, 256UL, 0x01020304UL, 0xFFFFFFFFUL})
    CHECK(length_of(length_bytes(size)) == size);
  CHECK(length_bytes(0x01020304) == wire_length{4, 3, 2, 1});
  CHECK_FALSE(is_length_of_message(0));
  CHECK(is_length_of_message(longest_link_bytes));
  CHECK_FALSE(is_length_of_message(longest_link_bytes + 1));
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
