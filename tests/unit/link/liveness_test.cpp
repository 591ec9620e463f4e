#include "runtime/link/liveness.hpp"
#include "runtime/link/send_window.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::link;

namespace {

constexpr micros ms(std::int64_t n) { return micros(n * 1000); }

}  // namespace

TEST_CASE("a peer that was never met is lost, and alive from its first sign on") {
  liveness l{limits{}};
  CHECK(l.look(ms(0)) == standing::lost);
  CHECK(l.look(ms(100)) == standing::lost);
  l.sign(ms(5000));
  CHECK(l.now() == standing::alive);
}

TEST_CASE("a peer is suspect after 500 ms without a sign and lost after 2 s, to the microsecond") {
  liveness l{limits{}};
  l.sign(ms(1000));
  CHECK(l.look(ms(1500) - micros(1)) == standing::alive);
  CHECK(l.look(ms(1500)) == standing::suspect);
  CHECK(l.look(ms(3000) - micros(1)) == standing::suspect);
  CHECK(l.look(ms(3000)) == standing::lost);
  CHECK(l.look(ms(9000)) == standing::lost);
}

TEST_CASE("a sign makes a suspect and a lost peer alive again") {
  liveness l{limits{}};
  l.sign(ms(0));
  l.look(ms(700));
  l.sign(ms(800));
  CHECK(l.look(ms(1299)) == standing::alive);
  l.look(ms(9000));
  l.sign(ms(9100));
  CHECK(l.now() == standing::alive);
}

TEST_CASE("a look after a long pause finds a peer lost at once") {
  liveness l{limits{}};
  l.sign(ms(0));
  CHECK(l.look(ms(60'000)) == standing::lost);
}

TEST_CASE("a refused connection loses a peer at once") {
  liveness l{limits{}};
  l.sign(ms(0));
  l.refused();
  CHECK(l.look(ms(1)) == standing::lost);
}

TEST_CASE("a time before the last one changes nothing") {
  liveness l{limits{}};
  l.sign(ms(1000));
  l.sign(ms(10));
  CHECK(l.look(ms(5)) == standing::alive);
  CHECK(l.look(ms(1499)) == standing::alive);
}

TEST_CASE("a window has room for what is acknowledged, cumulatively") {
  send_window w(100);
  CHECK(w.room() == 100);
  w.sent(1, 40);
  w.sent(2, 30);
  w.sent(5, 30);
  CHECK(w.room() == 0);
  CHECK_FALSE(w.acknowledged(0));
  CHECK(w.acknowledged(4));
  CHECK(w.room() == 70);
  CHECK(w.unacknowledged() == 30);
  CHECK_FALSE(w.acknowledged(4));
  CHECK(w.acknowledged(5));
  CHECK(w.room() == 100);
}
