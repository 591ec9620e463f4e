#include "runtime/link/handshake.hpp"

#include <catch2/catch.hpp>

using namespace millrace::link;
using heard = handshake::heard;
using belongs = handshake::belongs;

namespace {

handshake greeting(std::uint64_t node) {
  handshake h(node);
  h.begin();
  return h;
}

/// Open between {1, 1} and {2, 1}.
handshake open_one() {
  auto h = greeting(1);
  REQUIRE(h.hello({2, 1}, h.mine()) == heard::opened);
  return h;
}

}  // namespace

TEST_CASE("two ends that greet each other at once agree on one session") {
  auto a = greeting(1), b = greeting(2);
  CHECK(a.hello(b.mine(), {}) == heard::answer);
  CHECK(b.hello(a.mine(), {}) == heard::answer);
  CHECK(a.hello(b.mine(), b.answers()) == heard::opened);
  CHECK(b.hello(a.mine(), a.answers()) == heard::opened);
  CHECK(seen_from_there(a.open_session()) == b.open_session());
}

TEST_CASE("an end that was answered opens, and its first packet opens the other") {
  auto a = greeting(1), b = greeting(2);
  CHECK(b.hello(a.mine(), {}) == heard::answer);
  CHECK(a.hello(b.mine(), b.answers()) == heard::opened);
  CHECK_FALSE(b.is_open());
  CHECK(b.packet(a.open_session()) == belongs::opens);
  CHECK(b.packet(a.open_session()) == belongs::here);
  CHECK(b.open_session() == seen_from_there(a.open_session()));
}

TEST_CASE("a hello opens nothing unless it answers this end's present name") {
  auto a = greeting(1);
  CHECK(a.hello({2, 1}, link_end{1, 0}) == heard::answer);
  CHECK_FALSE(a.is_open());
  CHECK(a.packet({{2, 1}, {1, 0}}) == belongs::late);
  CHECK(a.packet({{2, 2}, {1, 1}}) == belongs::late);
}

TEST_CASE("a late hello of an older name means nothing") {
  auto a = greeting(1);
  CHECK(a.hello({2, 5}, {}) == heard::answer);
  CHECK(a.hello({2, 4}, a.mine()) == heard::late);
  CHECK_FALSE(a.is_open());
  CHECK(a.answers() == link_end{2, 5});
}

TEST_CASE("an older process of the peer means nothing, however often it has begun") {
  auto a = greeting(1);
  CHECK(a.hello({8, 1}, {}) == heard::answer);
  CHECK(a.hello({7, 99}, a.mine()) == heard::late);
}

TEST_CASE("in an open session the same hello is heard again, and a new name leaves the session") {
  auto a = open_one();
  CHECK(a.hello({2, 1}, a.mine()) == heard::again);
  CHECK(a.hello({2, 0}, a.mine()) == heard::late);
  CHECK(a.hello({2, 2}, {}) == heard::left);
  a.begin();
  CHECK(a.mine() == link_end{1, 2});
  CHECK(a.hello({2, 2}, {}) == heard::answer);
  CHECK(a.answers() == link_end{2, 2});
}

TEST_CASE("packets of older sessions are late in the present one, those of newer ones are foreign") {
  auto a = greeting(1);
  a.begin();
  REQUIRE(a.hello({2, 3}, a.mine()) == heard::opened);
  CHECK(a.packet({{2, 3}, {1, 2}}) == belongs::here);
  CHECK(a.packet({{2, 3}, {1, 1}}) == belongs::late);
  CHECK(a.packet({{2, 2}, {1, 2}}) == belongs::late);
  CHECK(a.packet({{2, 4}, {1, 2}}) == belongs::foreign);
  CHECK(a.packet({{3, 1}, {1, 2}}) == belongs::foreign);
  CHECK(a.packet({{2, 3}, {1, 3}}) == belongs::foreign);
}

TEST_CASE(
    "after a new beginning the old session's packets are late, and its peer's name alone opens nothing") {
  auto a = open_one();
  a.begin();
  CHECK_FALSE(a.answers());
  CHECK(a.packet({{2, 1}, {1, 1}}) == belongs::late);
  CHECK(a.packet({{2, 1}, {1, 2}}) == belongs::late);
}

TEST_CASE("without a connection nothing is heard") {
  auto a = open_one();
  a.stop();
  CHECK(a.is_stopped());
  CHECK(a.hello({2, 9}, a.mine()) == heard::late);
  CHECK(a.packet({{2, 1}, {1, 1}}) == belongs::late);
  CHECK_FALSE(a.is_open());
}
