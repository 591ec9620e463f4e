#include "actors/node/host/probes.hpp"

#include <catch2/catch.hpp>

namespace millrace::host::test {
namespace {

const api::answers::page well{true, "ok\n"};
const api::answers::page waits{false, "waiting for the target of table\n"};

node::cluster_described led_by(const std::string& leader) {
  node::cluster_described d;
  d.leader = leader;
  return d;
}

}  // namespace

TEST_CASE("a node without a leader may not take work, while all its servers answer") {
  const auto alone = led_by("");
  CHECK(healthz_of_node(well, false) == well);
  CHECK(readyz_of_node(well, false, &alone) == api::answers::page{false, "no coordinator is heard\n"});
}

TEST_CASE("a store that does not answer is told by both") {
  const auto d = led_by("a");
  const api::answers::page silent{false, "the store of the cluster does not answer\n"};
  CHECK(healthz_of_node(well, true) == silent);
  CHECK(readyz_of_node(well, true, &d) == silent);
}

TEST_CASE("what the own actors wait for is told behind it") {
  const auto d = led_by("a");
  CHECK(healthz_of_node(waits, true).text ==
        "the store of the cluster does not answer\nwaiting for the target of table\n");
  CHECK(readyz_of_node(waits, false, &d) == waits);
  CHECK(readyz_of_node(well, false, &d) == well);
}

TEST_CASE("a control plane that does not answer is told, and the probe is answered") {
  CHECK(readyz_of_node(well, false, nullptr) ==
        api::answers::page{false, "the coordinator of this node does not answer\n"});
}

}  // namespace millrace::host::test
