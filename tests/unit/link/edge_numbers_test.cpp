#include "runtime/link/edge_numbers.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace millrace;
using namespace millrace::link;

TEST_CASE("two nodes give the edges of a plan the same numbers, in whatever order they come by them") {
  const std::vector<edge_name> edges{{"clicks/lane0", "w/0/0"}, {"clicks/lane0", "w/0/1"}, {"w/0/0", "out"}};
  const auto a = edge_numbers::make(3, edges);
  const auto b = edge_numbers::make(3, {edges[2], edges[0], edges[1], edges[0]});
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->all() == b->all());
  CHECK(a->all().size() == 3);
  CHECK_FALSE(a->number_of({"w/0/1", "out"}));
}

TEST_CASE("edges of plans that run beside each other have different numbers, and none is the control's") {
  std::map<edge_id, std::uint64_t> plan_of;
  for (std::uint64_t plan = 0; plan < 2 * edge_numbers::plans; ++plan) {
    const auto n = edge_numbers::make(plan, {{"a", "b"}, {"a", "c"}});
    REQUIRE(n);
    for (const auto& [name, number] : n->all()) {
      CHECK(number != mail_edge);
      const auto known = plan_of.try_emplace(number, plan);
      CHECK((known.second || known.first->second + edge_numbers::plans == plan));
    }
  }
}

TEST_CASE("an edge has two numbers on a link, one for each direction, and neither is another edge's") {
  const auto made = edge_numbers::make(4094, {{"p/lane0", "w/0/0"}, {"p/lane0", "w/0/1"}});
  REQUIRE(made);
  std::set<edge_id> all;
  for (const auto& [_, edge] : made->all())
    for (const bool from_is_first : {true, false}) {
      CHECK(all.insert(on_link(edge, from_is_first)).second);
      CHECK(of_plan(on_link(edge, from_is_first)) == edge);
    }
  CHECK(all.size() == 4);
}
