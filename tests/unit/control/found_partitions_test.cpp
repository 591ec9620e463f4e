#include "runtime/control/found_partitions.hpp"

#include <catch2/catch.hpp>

namespace millrace::control {

using strings = std::vector<std::string>;

TEST_CASE("a partition that is found goes to the lane of its parser with the fewest") {
  found_partitions found;
  found.add_lane("p/lane0", "p", {"w/0", "rows"}, 2);
  found.add_lane("p/lane1", "p", {"w/0", "rows"}, 1);
  found.add_lane("q/lane0", "q", {"rows"}, 0);
  CHECK(found.lanes_of("p") == strings{"p/lane0", "p/lane1"});
  CHECK(found.receivers_of("p") == strings{"w/0", "rows"});
  CHECK(found.next_reader("p") == "p/lane1");
  found.add({"p", "3", "p/3", {}, "p/lane1"});
  CHECK(found.next_reader("p") == "p/lane0");
  found.add({"p", "4", "p/4", {}, "p/lane0"});
  CHECK(found.next_reader("p") == "p/lane1");
  found.add({"p", "5", "p/5", {}, "p/lane1"});
  CHECK(found.next_reader("p", {"p/lane0", "p/lane0"}) == "p/lane1");
  CHECK(found.next_reader("q") == "q/lane0");
  CHECK(found.knows("p", "5"));
  CHECK_FALSE(found.knows("q", "5"));
}

TEST_CASE("later lives are told of the logs that feed them, and of no others") {
  found_partitions found;
  found.add_lane("p/lane0", "p", {"w/0", "rows"}, 1);
  found.add_lane("q/lane0", "q", {"rows"}, 1);
  found.add({"p", "1", "p/1", {{0, 7}, no_watermark}, "p/lane0"});
  found.add({"q", "1", "q/1", {}, "q/lane0"});
  CHECK(found.feeding("w/0") == std::map<log_id, mark>{{"p/1", {{0, 7}, no_watermark}}});
  CHECK(found.feeding("rows").size() == 2);
  CHECK(found.feeding("other").empty());
  REQUIRE(found.of_parser("q").size() == 1);
  CHECK(found.of_parser("q").front().name == "1");
}

}  // namespace millrace::control
