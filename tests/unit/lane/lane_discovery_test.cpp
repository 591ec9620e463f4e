// Partitions that come while a lane runs.
#include "tests/unit/lane/driven_lane.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::lane_test;

namespace {

lane::lane_options looking() {
  auto o = options_of({"0"});
  o.discover_every = 30s;
  return o;
}

}  // namespace

TEST_CASE("a lane looks for partitions beside those that any lane reads, and again after each look") {
  driven_lane l(looking());
  l.begin();
  REQUIRE(l.around.looks.size() == 1);
  l.core.on_look_now();
  CHECK(l.around.looked_beside.back() == std::set<std::string>{"0"});
  CHECK(l.around.looks.size() == 1);
  l.core.on_looked({{{"1", {}, {}}, {"2", {}, {}}}});
  CHECK(l.around.told_found == std::vector<std::string>{"1", "2"});
  CHECK(l.around.looks.size() == 2);
  l.core.on_looked({});
  CHECK(l.around.looks.size() == 3);
  l.core.on_partition_started("1", "parsed/lane1");
  l.core.on_look_now();
  CHECK(l.around.looked_beside.back() == std::set<std::string>{"0", "1"});
}

TEST_CASE("a lane that is not the one to look never does") {
  driven_lane l(options_of({"0"}));
  l.begin();
  CHECK(l.around.looks.empty());
  l.core.on_looked({});
  CHECK(l.around.looks.empty());
}

TEST_CASE("a partition that another lane reads changes nothing") {
  driven_lane l(looking());
  l.begin();
  const auto asked = l.around.asks.size();
  l.core.on_partition_started("1", "parsed/lane1");
  CHECK(l.around.asks.size() == asked);
  CHECK(l.around.said.empty());
}

TEST_CASE("the lane that is to read a found partition tells of it once, and of replayed records not at all") {
  driven_lane l(looking());
  l.begin();
  l.core.on_partition_started("1", "parsed/lane0");
  l.core.on_partition_started("1", "parsed/lane0");
  l.core.on_partition_started("replay:parsed:1", "parsed/lane0");
  REQUIRE(l.around.said.size() == 1);
  CHECK(l.has_said("partition 1 was found, and is read from now on"));
}

TEST_CASE("a partition that it is to read is read from where its receivers stand") {
  driven_lane l(looking());
  l.begin();
  l.around.asks.clear();
  l.core.on_partition_started("1", "parsed/lane0");
  CHECK(l.around.asks == std::vector<noted::asked>{{0, l.log("1")}, {1, l.log("1")}, {2, l.log("1")}});
  l.core.on_partition_started("1", "parsed/lane0");  // told again
  CHECK(l.around.asks.size() == 3);
  for (std::size_t r = 0; r < 3; ++r)
    l.answer(r, 5, "1");
  CHECK(l.around.assigns.back() == noted::assigned{lane::live_reader, "1", {0, 5}});
  l.give_nothing();
  CHECK(l.around.reads.back().request.wanted == std::vector<std::string>{"0", "1"});
  l.give(caught_up(chunk_of("1", 5, {"1", "2"})));
  CHECK(l.got(0, "1") == ranges{"5-7"});
}

TEST_CASE("of a partition that comes late, a receiver that is down is asked once it is up") {
  driven_lane l(looking());
  l.begin();
  l.core.on_receiver_down(1);
  l.around.asks.clear();
  l.core.on_partition_started("1", "parsed/lane0");
  CHECK(l.around.asks == std::vector<noted::asked>{{0, l.log("1")}, {2, l.log("1")}});
  l.answer(0, 0, "1");
  l.answer(2, 0, "1");
  CHECK(l.around.assigns.back().partition == "1");
  l.around.asks.clear();
  l.core.on_receiver_up(1);
  CHECK(l.around.asks == std::vector<noted::asked>{{1, l.log("0")}, {1, l.log("1")}});
}
