#include "actors/deployment/start_positions.hpp"
#include "actors/deployment/state_keeper.hpp"
#include "runtime/snapshot/dir_store.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

deployment::lane_plans plans() {
  auto topology = std::make_shared<config::topology>();
  topology->stages.resize(2);
  topology->stages[0].name = "clicks";
  topology->stages[1].name = "parsed";
  auto plan = std::make_shared<lane::lane_plan>();
  plan->name = "parsed";
  plan->source = topology->stages.data();
  plan->parser = &topology->stages[1];
  plan->topology = std::move(topology);
  return {std::move(plan)};
}

std::shared_ptr<snapshot::state_store> opened_in(snapshot::test::faulty_file_system& files) {
  auto opened = snapshot::open_dir_store({"/state", "t", false, false}, files);
  REQUIRE(opened);
  return std::move(*opened);
}

struct kept {
  snapshot::test::faulty_file_system files;
  std::shared_ptr<snapshot::state_store> store = opened_in(files);
  deployment::state_keeper keeper{store, plans()};

  std::optional<error> value(life of, const std::string& value, const std::string& actor = "table") {
    const auto done = keeper.keep(messages::keep_value{actor, of, "committed/table", value});
    CHECK(done.name == "committed/table");
    return done.failure;
  }
};

}  // namespace

TEST_CASE("a value is durable when the keeper answers, and is written once") {
  kept k;
  CHECK_FALSE(k.value(1, "1"));
  CHECK(k.store->get("committed/table") == "1");
  k.files.fail_next(1);
  CHECK_FALSE(k.value(2, "1"));  // nothing is written
  const auto full = k.value(2, "2");
  REQUIRE(full);
  CHECK(full->retry);
  CHECK_FALSE(k.value(2, "2"));
  CHECK(k.store->get("committed/table") == "2");
}

TEST_CASE("a former life of an actor keeps nothing any more") {
  kept k;
  CHECK_FALSE(k.value(5, "new"));
  const auto refused = k.value(4, "old");
  REQUIRE(refused);
  CHECK(refused->code == ec::fenced);
  CHECK_FALSE(refused->retry);
  CHECK(k.store->get("committed/table") == "new");
  CHECK_FALSE(k.value(1, "of another", "other"));
}

TEST_CASE("where a partition starts is decided once") {
  kept k;
  REQUIRE(k.store->put(deployment::starts_name("parsed"), deployment::encode_starts({{"0", {0, 3}}})));
  const auto found = [&](const std::string& partition, std::int64_t first) {
    return k.keeper.keep(messages::keep_start{"parsed/lane0", 1, "parsed", partition, {0, first}});
  };
  const auto started = found("1", 9);
  CHECK_FALSE(started.failure);
  CHECK(started.lane == "parsed/lane0");
  CHECK(started.partition == "1");
  CHECK(started.log == "parsed/1");
  CHECK(started.start == mark{{0, 9}, no_watermark});
  CHECK(found("1", 12).start.at == position{0, 9});
  CHECK(found("0", 0).start.at == position{0, 3});
  k.files.fail_next(1);
  CHECK(found("2", 4).failure);
  CHECK(found("2", 5).start.at == position{0, 5});
  CHECK(k.keeper.keep(messages::keep_start{"x/lane0", 1, "x", "0", {}}).failure);
}
