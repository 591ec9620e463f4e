#include "actors/node/host/cluster_words.hpp"

#include <catch2/catch.hpp>

namespace millrace::host {
namespace {

error because(std::string message) { return {ec::mismatch, fault::user, false, std::move(message), "rows"}; }

std::string on_cluster(std::string message) {
  return in_words_of_cluster(because(std::move(message)), "clicks").message;
}

TEST_CASE("a reason that names an option of a run says how a cluster does it") {
  CHECK(on_cluster("rows.csv was cut; start over with --fresh") ==
        "on a cluster `millrace remove clicks` and applying it again stand for --fresh: rows.csv was cut; "
        "start "
        "over with --fresh");
  CHECK(on_cluster("go on with that folder (--adopt, where it is lost)") ==
        "on a cluster `millrace remove clicks` and applying it again begin anew; there is no --adopt: go on "
        "with "
        "that folder (--adopt, where it is lost)");
  CHECK(on_cluster("go on (--adopt), or start over with --fresh") ==
        "on a cluster `millrace remove clicks` and applying it again stand for --fresh; there is no --adopt: "
        "go on "
        "(--adopt), or start over with --fresh");
}

TEST_CASE("a reason says the cluster's way once, and others stay as they are") {
  CHECK(on_cluster("the disk is full") == "the disk is full");
  const auto once = on_cluster("start over with --fresh");
  CHECK(on_cluster(once) == once);
  const auto why = in_words_of_cluster(because("start over with --fresh"), "t");
  CHECK(why.code == ec::mismatch);
  CHECK(why.whose == fault::user);
  CHECK(why.stage == "rows");
}

}  // namespace
}  // namespace millrace::host
