#include "actors/node/host/cluster_words.hpp"

#include <catch2/catch.hpp>

namespace millrace::host {
namespace {

error because(std::string message) { return {ec::mismatch, fault::user, false, std::move(message), "rows"}; }

std::string on_cluster(std::string message) {
  return in_words_of_cluster(because(std::move(message))).message;
}

TEST_CASE("a reason that names an option of a run names the cluster's command") {
  CHECK(on_cluster("rows.csv was cut; start over with --fresh") ==
        "rows.csv was cut; start over with `millrace apply FILE --fresh`");
  CHECK(on_cluster("go on (--adopt), or start over with --fresh (the table keeps its rows)") ==
        "go on (`millrace apply FILE --adopt`), or start over with `millrace apply FILE --fresh` (the table "
        "keeps its rows)");
}

TEST_CASE("a reason names the command once, and others stay as they are") {
  CHECK(on_cluster("the disk is full") == "the disk is full");
  const auto once = on_cluster("start over with --fresh, or --fresh");
  CHECK(on_cluster(once) == once);
  const auto why = in_words_of_cluster(because("start over with --fresh"));
  CHECK(why.code == ec::mismatch);
  CHECK(why.whose == fault::user);
  CHECK(why.stage == "rows");
}

}  // namespace
}  // namespace millrace::host
