#include "runtime/delivery/verdicts.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using delivery::verdict;
using delivery::verdicts;

TEST_CASE("verdicts are found by log and position until they are trimmed") {
  verdicts v;
  v.add({"a", {0, 7}, "x"});
  v.add({"a", {0, 7}, "said later"});
  v.add({"a", {0, 9}, "y"});
  v.add({"b", {0, 8}, "z"});
  REQUIRE(v.find("a", {0, 7}));
  CHECK(*v.find("a", {0, 7}) == "x");
  CHECK_FALSE(v.find("a", {0, 8}));
  CHECK_FALSE(v.find("c", {0, 7}));
  CHECK(v.next("a", {0, 7}, {0, 10}) == position{0, 7});
  CHECK(v.next("a", {0, 8}, {0, 10}) == position{0, 9});
  CHECK_FALSE(v.next("a", {0, 8}, {0, 9}));
  v.trim("a", {0, 9});
  CHECK(v.all() == std::vector<verdict>{{"a", {0, 9}, "y"}, {"b", {0, 8}, "z"}});
  v.trim("a", {0, 10});
  CHECK(v.size() == 1);
}
