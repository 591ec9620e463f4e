#include "actors/deployment/layout.hpp"
#include "actors/deployment/start_positions.hpp"
#include "tests/support/kept_values.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

TEST_CASE("what the lanes of a plan have kept comes one behind the other, also of lanes that are no more") {
  test::kept_values values;
  CHECK(deployment::identities_of_lanes(values, "parsed", 3) == "");
  values.all[deployment::lane_identity_name(deployment::lane_name("parsed", 0))] = "0 1 2 3\n";
  values.all[deployment::lane_identity_name(deployment::lane_name("parsed", 2))] = "2 4 5 6\n";
  values.all[deployment::lane_identity_name(deployment::lane_name("other", 1))] = "1 7 8 9\n";
  CHECK(deployment::identities_of_lanes(values, "parsed", 3) == "0 1 2 3\n2 4 5 6\n");
  CHECK(deployment::identities_of_lanes(values, "parsed", 1) == "0 1 2 3\n");
  values.broken = "log/parsed/lane1";
  const auto failed = deployment::identities_of_lanes(values, "parsed", 3);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ec::unavailable);
}
