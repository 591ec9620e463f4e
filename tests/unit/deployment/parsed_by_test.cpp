// Tests whether a stored state fits, and by which topology a lane has parsed.
#include "actors/deployment/parsed_by.hpp"
#include "tests/support/kept_values.hpp"
#include "tests/support/planned.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

const config::state_place here{"the state in s", "run the old topology"};

}  // namespace

TEST_CASE("a state that has read nothing fits any topology, later it fits by its fingerprint") {
  const auto t = test::planned(R"("in": {"source": "file", "path": "x"},
    "rows": {"parser": "text", "from": "in"}, "out": {"sink": "console", "from": "rows"})");
  test::kept_values values;
  const auto blank = deployment::check_fit(values, *t, here);
  REQUIRE(blank);
  CHECK_FALSE(*blank);
  auto& made_by = values.all[std::string(config::fingerprint_name)];
  made_by = t->state_fingerprint;
  const auto same = deployment::check_fit(values, *t, here);
  REQUIRE(same);
  REQUIRE(*same);
  CHECK_FALSE((*same)->parses_otherwise());
  made_by += "window counts tumbling from=rows\n";
  const auto other = deployment::check_fit(values, *t, here);
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ec::mismatch);
  CHECK(other.error().message.find("window 'counts' is gone; run the old topology") != std::string::npos);
  values.broken = config::fingerprint_name;
  CHECK(deployment::check_fit(values, *t, here).error().code == ec::unavailable);
}

TEST_CASE("a lane has parsed by what it keeps, and has read nothing where it keeps none") {
  test::kept_values values;
  const auto by = [&](const std::string& lane) { return deployment::parsed_by(values, lane); };
  CHECK_FALSE(by("rows/lane0").value());
  values.all[deployment::parsed_by_name("rows/lane0")] = "now";
  CHECK(by("rows/lane0").value() == "now");
  CHECK_FALSE(by("rows/lane1").value());
  values.broken = deployment::parsed_by_name("rows/lane1");
  CHECK(by("rows/lane1").error().code == ec::unavailable);
}
