#include "actors/deployment/layout.hpp"
#include "actors/deployment/start_positions.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace millrace;

namespace {

struct kept_values final : snapshot::value_reader {
  [[nodiscard]] const snapshot::identity& id() const override { return id_; }
  [[nodiscard]] const std::string& folder() const override { return folder_; }
  [[nodiscard]] expected<std::string> get(std::string_view name) const override {
    if (name == broken)
      return outside_error(ec::unavailable, "the store is away");
    const auto at = all.find(std::string(name));
    return at == all.end() ? user_error(ec::not_found, "none") : expected<std::string>(at->second);
  }
  std::map<std::string, std::string> all;
  std::string broken;

private:
  snapshot::identity id_;
  std::string folder_;
};

}  // namespace

TEST_CASE("what the lanes of a plan have kept comes one behind the other, also of lanes that are no more") {
  kept_values values;
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
