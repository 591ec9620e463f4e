// Tests what ends a session of a link, what does not, and how the next one begins.
#include "tests/unit/link/two_nodes.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

/// A packet of the open session that `n` sends next, as the other end sees it.
std::string next_packet(const node& n, std::uint64_t sequence, const session& ends,
                        const std::vector<fragment>& fragments) {
  REQUIRE(n.link.is_open());
  packet_header h;
  h.from_node = ends.mine.node;
  h.from_attempt = ends.mine.attempt;
  h.to_node = ends.theirs.node;
  h.to_attempt = ends.theirs.attempt;
  h.sequence = sequence;
  return text_of(encode_packet(h, fragments));
}

}  // namespace

TEST_CASE("a packet that is missing ends the session at both ends; nothing of it is delivered later") {
  two_nodes n;
  n.open();
  const auto old = only_session(n.a);
  n.send(n.a, content(1, "first"));
  n.carry();
  n.send(n.a, content(1, "lost"));
  n.a.sent.clear();
  n.send(n.a, content(1, "third"));
  n.carry();
  CHECK(n.b.messages == std::vector<std::string>{"1:first"});
  CHECK_FALSE(n.b.link.is_open());
  REQUIRE(n.b.all<session_ended>().size() == 1);
  CHECK_THAT(n.b.all<session_ended>()[0].why.message, Catch::Contains("are lost"));
  n.tick();
  n.carry();
  REQUIRE(n.a.all<session_ended>().size() == 1);
  CHECK(n.a.all<session_ended>()[0].ends == old);
  CHECK(n.a.all<session_opened>()[1].ends == seen_from_there(n.b.all<session_opened>()[1].ends));
  n.send(n.a, content(1, "anew"));
  n.carry();
  CHECK(n.b.messages == std::vector<std::string>{"1:first", "1:anew"});
}

TEST_CASE("packets that come twice, or late from an old session, are dropped and end nothing") {
  two_nodes n;
  n.open();
  n.send(n.a, content(1, "once"));
  const auto packet = n.a.sent.front();
  n.carry();
  n.give(n.b, packet);
  n.carry();
  CHECK(n.b.messages == std::vector<std::string>{"1:once"});
  CHECK(n.b.link.is_open());
  n.open();
  n.give(n.b, packet);
  n.carry();
  CHECK(n.b.messages == std::vector<std::string>{"1:once"});
  CHECK(n.b.all<session_opened>().size() == 2);
  CHECK(n.b.link.is_open());
}

TEST_CASE("a late hello of an old session ends nothing") {
  two_nodes n;
  n.connect();
  const auto hello = n.a.sent.front();
  n.carry();
  n.open();
  n.give(n.b, hello);
  n.carry();
  CHECK(n.b.all<session_opened>().size() == 2);
  CHECK(n.b.link.is_open());
}

TEST_CASE("a frame that has come in part is gone with its session") {
  two_nodes n;
  n.open();
  n.send(n.a, content(1, std::string(3000, 'x')));
  n.carry_one(n.a, n.b);
  CHECK(n.b.link.begun() == 3000);
  n.drop();
  n.b.link.closed(n.now, n.b.done);
  n.b.take();
  CHECK(n.b.link.begun() == 0);
  n.open();
  CHECK(n.a.link.queued() == 0);
  n.send(n.a, content(1, "anew"));
  n.carry();
  CHECK(n.b.messages == std::vector<std::string>{"1:anew"});
}

TEST_CASE("an end that restarts as another process replaces its old one") {
  two_nodes n;
  n.open();
  node again("b", "a", 30, small_limits());
  n.b.sent.clear();
  std::swap(n.b.link, again.link);
  n.b.link.connected(n.now, n.b.done);
  n.b.take();
  n.carry();
  REQUIRE(n.a.all<session_opened>().size() == 2);
  CHECK(n.a.all<session_opened>()[1].replaces == 20);
  CHECK(n.a.all<session_opened>()[1].ends.theirs.node == 30);
  CHECK(n.a.all<session_ended>().size() == 1);
  CHECK(n.b.link.is_open());
}

TEST_CASE("bytes that make no sense end the session, and the next hello waits for a tick") {
  two_nodes n;
  n.open();
  n.give(n.b, "\x01garbage");
  CHECK_FALSE(n.b.link.is_open());
  CHECK(n.b.sent.empty());
  CHECK(n.b.all<session_ended>()[0].why.code == ec::corrupt);
  n.tick();
  n.carry();
  CHECK(n.b.link.is_open());
}

TEST_CASE("a packet that acknowledges or answers what was never sent is refused") {
  for (const bool is_pong : {false, true}) {
    two_nodes n;
    n.open();
    packet_header h;
    const auto ends = only_session(n.a);
    h.from_node = ends.mine.node;
    h.from_attempt = ends.mine.attempt;
    h.to_node = ends.theirs.node;
    h.to_attempt = ends.theirs.attempt;
    h.sequence = 99;
    if (is_pong)
      h.pong = 1000;
    else
      h.acknowledged = 1000;
    n.give(n.b, text_of(encode_packet(h, {})));
    CHECK(n.b.all<session_ended>()[0].why.code == ec::corrupt);
  }
}

TEST_CASE("a packet of a session that this end has missed ends the present one") {
  two_nodes n;
  n.open();
  auto ends = only_session(n.a);
  ++ends.mine.attempt;
  n.give(n.b, next_packet(n.a, 1, ends, {}));
  REQUIRE(n.b.all<session_ended>().size() == 1);
  CHECK_THAT(n.b.all<session_ended>()[0].why.message, Catch::Contains("has missed"));
}

TEST_CASE("fragments that fit nothing end the session") {
  two_nodes n;
  n.open();
  n.b.link.tick(n.now, n.b.done);
  const fragment bad{{1, kind::content, {}, 1, 100}, {make_piece("x")}};
  const auto ends = only_session(n.a);
  for (std::uint64_t sequence = 1; n.b.link.is_open(); ++sequence) {  // the first ones have come before
    REQUIRE(sequence < 10);
    n.give(n.b, next_packet(n.a, sequence, ends, {bad}));
  }
  CHECK(n.b.all<session_ended>()[0].why.code == ec::corrupt);
}

TEST_CASE("a hello that makes no sense refuses the peer until it connects again") {
  two_nodes n;
  n.open();
  n.give(n.b, std::string("\0hello", 6));
  REQUIRE(n.b.all<peer_refused>().size() == 1);
  CHECK(n.b.all<peer_refused>()[0].why.code == ec::corrupt);
  n.open();
  CHECK(n.b.link.is_open());
}

TEST_CASE("an end whose first packet is lost hears so by the other's hello, and both agree anew") {
  two_nodes n;
  n.connect();
  const auto greeting = n.a.sent.front();
  n.a.sent.clear();
  n.b.sent.clear();
  n.give(n.b, greeting);  // b answers a
  n.give(n.a, n.b.sent.front());
  REQUIRE(n.a.link.is_open());
  REQUIRE_FALSE(n.b.link.is_open());
  n.drop();  // a's first packet
  n.pass(200);
  n.b.link.tick(n.now, n.b.done);
  n.b.take();
  n.carry();
  n.tick();
  n.carry();
  CHECK(n.a.all<session_opened>().back().ends == seen_from_there(n.b.all<session_opened>().back().ends));
}

TEST_CASE("who cannot make sense of what came leaves the session, and both are in a new one soon after") {
  two_nodes n;
  n.open();
  n.a.link.leave(fatal_error(ec::corrupt, "it makes no sense").value(), n.a.done);
  n.a.take();
  REQUIRE(n.a.all<session_ended>().size() == 1);
  CHECK(n.a.all<session_ended>()[0].why.message == "it makes no sense");
  n.a.link.leave(fatal_error(ec::corrupt, "twice").value(), n.a.done);
  n.a.take();
  CHECK(n.a.all<session_ended>().size() == 1);
  n.tick();
  n.carry();
  CHECK(n.a.all<session_opened>().size() == 2);
  CHECK(n.b.all<session_opened>().size() == 2);
}
