#include "actors/node/host/planned_topologies.hpp"
#include "tests/unit/host/host_fixture.hpp"

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

namespace millrace::host::test {
namespace {

/// The cluster has a topology that reads this file.
cluster::topology_state applied(std::uint64_t generation, const std::string& file = "x") {
  return {encode_plan(plan_with(topology_text(series_of(file)), {{"parsed", {"a", "b"}}})), generation};
}

}  // namespace

TEST_CASE(
    "whoever asks for a topology gets the one plan of its generation, with the node's credit of lanes") {
  planned_topologies plans(7);
  const auto first = must(plans.of("t", applied(1)));
  CHECK(first->topology->name == "t");
  REQUIRE(first->decided.layout.lanes.size() == 2);
  CHECK(first->decided.layout.lanes[0].credit == 7);
  CHECK(must(plans.of("t", applied(1))) == first);
  CHECK(must(plans.of("u", applied(1))) != first);
}

TEST_CASE("threads that ask at once get the same plan") {
  planned_topologies plans;
  std::vector<std::shared_ptr<const planned_topology>> got(4);
  {
    std::vector<std::jthread> all;
    for (auto& to : got)
      all.emplace_back([&] { to = plans.of("t", applied(1)).value_or(nullptr); });
  }
  CHECK(got.front());
  CHECK(std::ranges::count(got, got.front()) == 4);
}

TEST_CASE("another generation, or another plan of the same one, drops the plan before it") {
  planned_topologies plans;
  const std::weak_ptr<const planned_topology> first = must(plans.of("t", applied(2)));
  CHECK_FALSE(first.expired());
  const auto next = must(plans.of("t", applied(3)));
  CHECK(first.expired());
  CHECK(must(plans.of("t", applied(3, "y"))) != next);
}

TEST_CASE("a plan of an earlier generation is given and not kept") {
  planned_topologies plans;
  const auto newest = must(plans.of("t", applied(2)));
  const std::weak_ptr<const planned_topology> late = must(plans.of("t", applied(1)));
  CHECK(late.expired());
  CHECK(must(plans.of("t", applied(2))) == newest);
}

TEST_CASE("a plan that cannot be worked out is an error each time, and none of the next question") {
  planned_topologies plans;
  const cluster::topology_state damaged{"\3", 1};  // a version, and no more
  const cluster::topology_state wrong{encode_plan(plan_with("{}", {})), 1};
  const cluster::topology_state without_starts{encode_plan(plan_with(topology_text(series_of("x")), {})), 1};
  for (int i = 0; i < 2; ++i) {
    CHECK(plans.of("t", damaged).error().code == ec::corrupt);
    CHECK(plans.of("t", wrong).error().code == ec::invalid_argument);
    CHECK(plans.of("t", without_starts).error().code == ec::corrupt);
  }
  CHECK(plans.of("t", applied(1)));
}

TEST_CASE("of more topologies than a cluster has the one that was asked for longest ago is forgotten") {
  planned_topologies plans;
  const auto state = applied(1);
  const std::weak_ptr<const planned_topology> kept = must(plans.of("kept", state));
  const std::weak_ptr<const planned_topology> forgotten = must(plans.of("forgotten", state));
  must(plans.of("kept", state));
  for (std::size_t i = 2; i < planned_topologies::most; ++i)
    must(plans.of(std::to_string(i), state));
  CHECK_FALSE(forgotten.expired());
  must(plans.of("one more", state));
  CHECK(forgotten.expired());
  CHECK_FALSE(kept.expired());
}

TEST_CASE("a topology that runs in its process alone has one plan, whatever control has") {
  const auto lone = std::make_shared<const planned_topology>(
      unfolded(plan_with(topology_text(series_of("x")), {{"parsed", {"a"}}})));
  planned_topologies plans(1, lone);
  CHECK(must(plans.of("t", {"its state's id", 1})) == lone);
  CHECK(must(plans.of("t", {"its state's id", 2})) == lone);
}

}  // namespace millrace::host::test
