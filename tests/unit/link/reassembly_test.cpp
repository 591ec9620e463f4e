#include "runtime/link/reassembly.hpp"
#include "tests/unit/link/link_fixture.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::link;
using namespace millrace::link::test;

namespace {

received_fragment part(edge_id edge, std::string bytes, std::size_t total, kind k = kind::content) {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  return {{edge, k, {}, length, static_cast<std::uint32_t>(total)}, make_piece(std::move(bytes))};
}
std::string text(char c, std::size_t n = 20) { return std::string(n, c); }

bool refused(reassembly& r, const received_fragment& f) {
  const auto done = r.take(f);
  return !done && done.error().code == ec::corrupt;
}

}  // namespace

TEST_CASE("a message of one fragment is delivered as it lies in its packet") {
  reassembly r{small_limits(), {}};
  const auto f = part(1, "hello", 5, kind::note);
  const auto whole = r.take(f);
  REQUIRE((whole && *whole));
  CHECK((*whole)->edge == 1);
  CHECK((*whole)->kind == kind::note);
  CHECK((*whole)->bytes.owner == f.bytes.owner);
  CHECK(r.begun() == 0);
}

TEST_CASE("messages of several edges are put together side by side") {
  reassembly r{small_limits(), {}};
  CHECK_FALSE(*r.take(part(1, text('a'), 50)));
  CHECK_FALSE(*r.take(part(2, text('b'), 30)));
  CHECK(r.begun() == 80);
  CHECK_FALSE(*r.take(part(1, text('c'), 50)));
  const auto two = r.take(part(2, text('d', 10), 30));
  CHECK((*two)->bytes.bytes == text('b') + text('d', 10));
  const auto one = r.take(part(1, text('e', 10), 50));
  CHECK((*one)->edge == 1);
  CHECK((*one)->bytes.bytes == text('a') + text('c') + text('e', 10));
  CHECK(r.begun() == 0);
  CHECK((*r.take(part(1, "x", 1)))->bytes.bytes == "x");
}

TEST_CASE("a fragment that does not fit what came before it is refused") {
  for (const auto& second : {part(1, text('b'), 49), part(1, text('b'), 50, kind::note),
                             part(1, text('b', 31), 50), part(1, "x", 1), part(1, "", 0)}) {
    reassembly r{small_limits(), {}};
    CHECK_FALSE(*r.take(part(1, text('a'), 50)));
    CHECK(refused(r, second));
  }
}

TEST_CASE("fragments that are too short to be cuts are refused: messages that have begun are few") {
  reassembly r{small_limits(), {}};
  CHECK(refused(r, part(1, text('a', 15), 50)));
  reassembly other{small_limits(), {}};
  CHECK(refused(other, part(1, "", 50)));
}

TEST_CASE("messages that have begun are bounded together") {
  reassembly r{small_limits(), {}};
  CHECK_FALSE(*r.take(part(1, text('a'), 4096)));
  CHECK_FALSE(*r.take(part(2, text('a'), 4096)));
  CHECK(r.begun() == small_limits().begun);
  CHECK(refused(r, part(3, text('a'), 21)));
}

TEST_CASE("a message longer than its edge's credit comes alone, up to the longest of all") {
  const auto l = small_limits();
  reassembly alone{l, {}};
  CHECK_FALSE(*alone.take(part(1, text('a'), l.longest_message)));
  CHECK(refused(alone, part(2, text('a'), 21)));
  reassembly beside{l, {{1, 100}}};
  CHECK_FALSE(*beside.take(part(2, text('a'), 100)));
  CHECK(refused(beside, part(1, text('a'), 101)));
  reassembly longest{l, {}};
  CHECK(refused(longest, part(1, text('a'), l.longest_message + 1)));
}

TEST_CASE("an edge's own credit holds from when it is set") {
  reassembly r{small_limits(), {}};
  r.set_credit(1, 100);
  CHECK_FALSE(*r.take(part(2, text('a'), 100)));
  CHECK_FALSE(*r.take(part(1, text('a'), 100)));
}
