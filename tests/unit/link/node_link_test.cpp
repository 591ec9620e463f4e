#include "tests/unit/link/two_nodes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("two nodes open one session, know each other's hello, and are alive to each other") {
  two_nodes n;
  n.a.link.has_plans({{"clicks", 4}});
  n.open();
  CHECK(only_session(n.a) == seen_from_there(only_session(n.b)));
  CHECK(n.b.all<session_opened>()[0].peer.plans == std::vector<plan_generation>{{"clicks", 4}});
  CHECK(n.b.all<session_opened>()[0].version == 2);
  CHECK(n.a.link.peer_standing() == standing::alive);
  CHECK(n.b.link.peer_standing() == standing::alive);
  CHECK(n.a.link.is_open());
}

TEST_CASE("a session opens when one end connects before the other listens") {
  two_nodes n;
  n.a.link.connected(n.now, n.a.done);
  n.a.take();
  n.carry();  // nobody listens there
  n.b.link.connected(n.now, n.b.done);
  n.b.take();
  n.carry();
  CHECK(only_session(n.a) == seen_from_there(only_session(n.b)));
}

TEST_CASE("a hello that is lost is said again") {
  two_nodes n;
  n.connect();
  n.drop();
  n.pass(199);
  n.tick();
  CHECK(n.a.sent.empty());
  n.pass(1);
  n.tick();
  n.carry();
  CHECK(only_session(n.a) == seen_from_there(only_session(n.b)));
}

TEST_CASE("messages arrive in order, whole and once, in both directions") {
  auto l = small_limits();
  l.ahead = l.credit;
  two_nodes n{l};
  n.open();
  const std::string frame(3000, 'x');
  n.send(n.a, content(1, frame));
  n.send(n.a, content(1, "second"));
  n.send(n.a, content(2, "small"));
  n.send(n.b, content(1, "answer"));
  CHECK(n.last == taken::queued);
  n.carry();
  CHECK(n.b.messages == lines{"2:small", "1:" + frame, "1:second"});
  CHECK(n.a.messages == lines{"1:answer"});
  CHECK(n.a.link.queued() == 0);
}

TEST_CASE("messages that wait are joined, those that have left are not") {
  two_nodes n;
  n.open();
  CHECK(n.a.link.send(of_kind(kind::note, 1, "0-1")) == taken::queued);
  CHECK(n.a.link.send(of_kind(kind::note, 1, "1-2")) == taken::joined);
  n.send(n.a, of_kind(kind::note, 1, "2-3"));
  n.send(n.a, of_kind(kind::note, 1, "3-4"));
  n.carry();
  CHECK(n.b.messages == lines{"1:0-3", "1:3-4"});
}

TEST_CASE("without a session nothing is taken") {
  two_nodes n;
  n.send(n.a, content(1, "x"));
  CHECK(n.last == taken::no_session);
  n.connect();
  n.send(n.a, content(1, "x"));
  CHECK(n.last == taken::no_session);
}

TEST_CASE("no more than the window is under way, and acknowledgements make room before any tick") {
  two_nodes n;
  n.open();
  const auto window = small_limits().window;
  for (edge_id edge = 1; edge <= 3; ++edge)
    n.send(n.a, content(edge, std::string(3800, 'x')));
  std::size_t most = 0;
  while (!n.a.sent.empty() || !n.b.sent.empty()) {
    most = std::max(most, n.a.link.unacknowledged());
    std::size_t under_way = 0;
    for (const auto& p : n.a.sent)
      under_way += p.size();
    CHECK(under_way <= window);
    n.carry_one(n.a, n.b);
    n.carry_one(n.b, n.a);
  }
  CHECK(most <= window);
  CHECK(most > window / 2);
  CHECK(n.b.messages.size() == 3);
  // Fewer bytes than acknowledge_at wait for a tick.
  CHECK(n.a.link.unacknowledged() < small_limits().acknowledge_at);
  n.tick();
  n.carry();
  CHECK(n.a.link.unacknowledged() == 0);
}

TEST_CASE("an edge that was refused is told when there is room") {
  two_nodes n;
  n.open();
  n.send(n.a, content(1, std::string(3800, 'x')));
  n.send(n.a, content(1, std::string(3800, 'y')));
  CHECK(n.last == taken::no_room);
  CHECK(n.a.room.empty());
  n.carry();
  CHECK(n.a.room == std::vector<edge_id>{1});
}

TEST_CASE("two idle ends fall silent but for a ping now and then, and stay alive") {
  two_nodes n;
  n.open();
  n.send(n.a, content(1, "x"));
  n.carry();
  std::size_t packets = 0;
  for (int i = 0; i < 200; ++i) {  // 10 s
    n.pass(50);
    n.tick();
    while (!n.a.sent.empty() || !n.b.sent.empty()) {
      packets += !n.a.sent.empty() + !n.b.sent.empty();
      n.carry_one(n.a, n.b);
      n.carry_one(n.b, n.a);
    }
  }
  CHECK(packets <= 4 * 10'000 / 150 + 2);
  CHECK(n.a.all<standing_changed>().size() == 1);
  CHECK(n.b.all<standing_changed>().size() == 1);
}

TEST_CASE(
    "a silent peer is suspect, then lost, and its session ends; when it is there again a new one opens") {
  two_nodes n;
  n.open();
  const auto old = only_session(n.a);
  n.pass(500);
  n.tick();
  n.drop();
  CHECK(n.a.link.peer_standing() == standing::suspect);
  CHECK(n.a.link.is_open());
  n.pass(1500);
  n.tick();
  n.drop();
  CHECK(n.a.link.peer_standing() == standing::lost);
  REQUIRE(n.a.all<session_ended>().size() == 1);
  CHECK(n.a.all<session_ended>()[0].ends == old);
  CHECK_THAT(n.a.all<session_ended>()[0].why.message, Catch::Contains("node b is silent"));
  n.pass(200);
  n.tick();
  n.carry();
  CHECK(n.a.link.peer_standing() == standing::alive);
  CHECK(n.a.all<session_opened>().back().ends == seen_from_there(n.b.all<session_opened>().back().ends));
  CHECK(n.a.all<session_opened>().back().ends > old);
}

TEST_CASE("a suspect peer that answers is alive in the same session") {
  two_nodes n;
  n.open();
  n.pass(600);
  n.tick();
  CHECK(n.a.link.peer_standing() == standing::suspect);
  n.carry();
  CHECK(n.a.link.peer_standing() == standing::alive);
  CHECK(n.a.all<session_ended>().empty());
}

TEST_CASE("bytes of a peer that nothing reaches are no sign of life") {
  two_nodes n;
  n.open();
  for (int i = 0; i < 5; ++i) {
    n.pass(100);
    n.tick();
    n.a.sent.clear();  // lost on the way
    n.send(n.b, content(1, "x"));
    n.carry_one(n.b, n.a);
    n.carry_one(n.b, n.a);
  }
  CHECK(n.a.messages.size() >= 4);
  CHECK(n.a.link.peer_standing() == standing::suspect);
}

TEST_CASE("progress of acknowledgements is a sign of life, as a pong is") {
  auto l = small_limits();
  l.ping_every = micros(3'600'000'000);
  two_nodes n(l);
  n.open();
  for (int i = 0; i < 12; ++i) {
    n.pass(100);
    n.send(n.a, content(1, "x"));
    n.tick();
    n.carry();
    n.tick();
    n.carry();
    CHECK(n.a.link.peer_standing() == standing::alive);
  }
}

TEST_CASE("a refused connection loses the peer at once and ends the session") {
  two_nodes n;
  n.open();
  n.a.link.connection_refused(n.now, n.a.done);
  n.a.take();
  CHECK(n.a.link.peer_standing() == standing::lost);
  CHECK(n.a.all<session_ended>().size() == 1);
}

TEST_CASE("a peer that may not be met is refused, with its session") {
  two_nodes n;
  n.open();
  node other("c", "a", 40, small_limits());
  other.link.connected(n.now, other.done);
  other.take();
  n.give(n.a, other.sent.front());
  CHECK(n.a.all<session_ended>().size() == 1);
  REQUIRE(n.a.all<peer_refused>().size() == 1);
  CHECK_THAT(n.a.all<peer_refused>()[0].why.message,
             Catch::Contains("node c answers where b was looked for"));
  n.pass(500);
  n.a.sent.clear();
  n.a.link.tick(n.now, n.a.done);
  n.a.take();
  CHECK(n.a.sent.empty());  // no packet goes out until it is connected again
}

TEST_CASE("a peer with the CAF node id of another neighbour is refused") {
  two_nodes n;
  n.a.link.know({{"c", 5, "caf b"}});
  n.open();
  REQUIRE(n.a.all<peer_refused>().size() == 1);
  CHECK_THAT(n.a.all<peer_refused>()[0].why.message, Catch::Contains("the same CAF node id"));
}

TEST_CASE("clocks that are apart are told once a process") {
  two_nodes n;
  n.connect();
  n.now.wall += 1'000'000;
  n.carry();
  CHECK(n.a.all<peer_warned>().size() == 1);
  n.open();
  n.open();
  CHECK(n.a.all<peer_warned>().size() == 1);
}

TEST_CASE("an edge's own credit holds at both ends") {
  two_nodes n;
  for (auto* end : {&n.a, &n.b})
    end->link.set_credit(1, 6000);
  n.open();
  for (auto* end : {&n.a, &n.b})
    end->link.set_credit(2, 5500);
  n.send(n.a, content(1, std::string(5000, 'x')));
  n.send(n.a, content(3, std::string(1000, 'y')));
  n.send(n.a, content(2, std::string(2500, 'z')));
  n.carry();
  CHECK(n.b.messages.size() == 3);
}
