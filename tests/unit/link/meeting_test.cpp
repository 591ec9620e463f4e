#include "runtime/link/meeting.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::link;

namespace {

hello of(std::string node, std::uint64_t session, std::string caf_node) {
  return {"production", std::move(node), {session, 1}, {}, {1, 3}, {}, 5'000'000, std::move(caf_node)};
}
const hello mine = of("a", 1, "A");
const hello theirs = of("b", 2, "B");

std::string refusal(const hello& other, const std::vector<known_node>& known = {}) {
  const auto m = meet(mine, other, known);
  REQUIRE_FALSE(m.has_value());
  CHECK(m.error().code == ec::mismatch);
  return m.error().message;
}

}  // namespace

TEST_CASE("two nodes of a cluster meet with the highest wire version that both speak") {
  auto other = theirs;
  other.wire = {2, 9};
  const auto m = meet(mine, other, {});
  REQUIRE(m.has_value());
  CHECK(m->version == 3);
  CHECK_FALSE(m->replaces);
  CHECK_FALSE(m->warning);
  other.wire = {3, 3};
  CHECK(meet(mine, other, {})->version == 3);
  other.wire = {1, 1};
  CHECK(meet(mine, other, {})->version == 1);
}

TEST_CASE("nodes without a common wire version do not meet, whichever is older") {
  auto other = theirs;
  other.wire = {4, 5};
  CHECK_THAT(refusal(other), Catch::Contains("speaks wire versions 4 to 5, this one 1 to 3"));
  auto newer = mine;
  newer.wire = {6, 7};
  CHECK_FALSE(meet(newer, other, {}).has_value());
}

TEST_CASE("a node of another cluster is refused, whatever else is wrong with it") {
  auto other = theirs;
  other.cluster = "staging";
  other.node = mine.node;
  CHECK_THAT(refusal(other), Catch::Contains("belongs to the cluster staging, this one to production"));
}

TEST_CASE("a node that has this one's name is refused; itself is told apart") {
  CHECK_THAT(refusal(of("a", 2, "B")), Catch::Contains("another process calls itself node a"));
  CHECK_THAT(refusal(of("a", 1, "A")), Catch::Contains("node a has reached itself"));
}

TEST_CASE("equal CAF node ids are refused: this node's, and that of another node that it is linked to") {
  CHECK_THAT(refusal(of("b", 2, "A")), Catch::Contains("nodes b and a have the same CAF node id"));
  CHECK_THAT(refusal(theirs, {{"c", 9, "B"}}), Catch::Contains("nodes b and c have the same CAF node id"));
}

TEST_CASE("a restarted container with its predecessor's CAF node id takes the predecessor's place") {
  const auto m = meet(mine, of("b", 8, "B"), std::vector<known_node>{{"c", 3, "C"}, {"b", 2, "B"}});
  REQUIRE(m.has_value());
  CHECK(m->replaces == 2);
}

TEST_CASE("the same process again replaces nothing") {
  CHECK_FALSE(meet(mine, theirs, std::vector<known_node>{{"b", 2, "B"}})->replaces);
}

TEST_CASE("a process whose successor is known is fenced off") {
  const auto m = meet(mine, theirs, std::vector<known_node>{{"b", 3, "B"}});
  REQUIRE_FALSE(m.has_value());
  CHECK(m.error().code == ec::fenced);
}

TEST_CASE("clocks more than 250 ms apart are a warning, in either direction and at any distance") {
  auto other = theirs;
  other.clock = mine.clock + 250'000;
  CHECK_FALSE(meet(mine, other, {})->warning);
  other.clock = mine.clock - 250'000;
  CHECK_FALSE(meet(mine, other, {})->warning);
  other.clock = mine.clock + 251'000;
  CHECK_THAT(*meet(mine, other, {})->warning, Catch::Contains("251 ms ahead of that of a"));
  other.clock = mine.clock - 251'000;
  CHECK_THAT(*meet(mine, other, {})->warning, Catch::Contains("251 ms behind that of a"));
  auto first = mine;
  first.clock = std::numeric_limits<event_micros>::min();
  other.clock = std::numeric_limits<event_micros>::max();
  CHECK(meet(first, other, {})->warning);
}
