#include "actors/node/control/control_book.hpp"
#include "runtime/chain/rules.hpp"
#include "tests/support/scratch.hpp"
#include "tests/unit/node/stores.hpp"

#include <algorithm>
#include <filesystem>

using namespace node_test;

namespace {

using texts = std::vector<std::string>;
const cluster::actor_id shard{"clicks", "w/0"};

}  // namespace

TEST_CASE("a look at a chain changes nothing, and shows who has opened it and what counts") {
  over_each_store([](store_under_test& under_test) {
    const auto store = under_test.reach();
    const auto other = under_test.reach();
    CHECK(must(other->look(shard)).highest == life());
    const auto mine = must(store->open(shard, {3, 0}));
    CHECK(must(mine->read()).increments.empty());
    must(mine->append("a", false));
    const auto found = must(other->look(shard));
    CHECK(found.highest == life(3, 0));
    CHECK(found.contents.increments == texts{"a"});
    must(mine->append("b", false));
    must(mine->append_base("ab"));
    CHECK(must(other->look(shard)).contents.base == "ab");
    CHECK(must(other->look({"clicks", "w/1"})).highest == life());
  });
}

TEST_CASE("an actor of a higher term fences the others off; one of the same term goes on above its own") {
  over_each_store([](store_under_test& under_test) {
    const auto store = under_test.reach();
    const auto first = must(store->open(shard, {3, 0}));
    must(first->append("a", false));
    const auto again = must(store->open(shard, {3, 0}));  // restarted, and nobody has said its count
    CHECK(must(again->read()).increments == texts{"a"});
    must(again->append("b", false));
    CHECK(must(store->look(shard)).highest == chain::above_earlier({3, 0}, {3, 0}));
    const auto higher = must(under_test.reach()->open(shard, {4, 0}));
    CHECK(again->append("zombie", false).error().code == ec::fenced);
    CHECK(store->open(shard, {3, 9}).error().code == ec::fenced);
    CHECK(must(higher->read()).increments == texts{"a", "b"});
  });
}

TEST_CASE("a life that nobody can have given is damage, not a newer life") {
  over_each_store([](store_under_test& under_test) {
    const auto store = under_test.reach();
    for (const auto& whose : {shard, control_of_cluster()})
      REQUIRE(store->open(whose, {most_terms, 0}));
    const auto refused = store->open(shard, {7, 0});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ec::corrupt);
    CHECK_THAT(refused.error().message,
               Catch::Contains("which nobody can have given") && Catch::Contains("backup"));
    const auto seen = control_book(store).look();
    REQUIRE_FALSE(seen);
    CHECK(seen.error().code == ec::corrupt);
  });
}

TEST_CASE("of two who have chosen one term for control the first goes on; a later one goes on above it") {
  over_each_store([](store_under_test& under_test) {
    const auto a = under_test.reach(), b = under_test.reach();
    CHECK(must(a->look(control_of_cluster())).highest == life());
    const auto first = must(a->open_chosen(control_of_cluster(), {1, 7}));
    CHECK(b->open_chosen(control_of_cluster(), {1, 9}).error().code == ec::fenced);
    must(first->append("a", true));
    const auto next = must(b->open_chosen(control_of_cluster(), chain::chosen_above({1, 7}, 3)));
    CHECK(must(next->read()).increments == texts{"a"});
    CHECK(first->append("zombie", true).error().code == ec::fenced);
    CHECK(must(a->look(control_of_cluster())).highest == life(2, 3));
  });
}

TEST_CASE("chains of one name go with what was spilled beside them, and those of all others stay") {
  over_each_store([](store_under_test& under_test) {
    const auto store = under_test.reach();
    const std::vector<cluster::actor_id> gone{
        {"clicks", "w/0"}, {"clicks", "w/1"}, {"clicks", "value:start"}};
    const std::vector<cluster::actor_id> kept{{"clicks@5", "w/0"}, {"clicks2", "w/0"}, {"click", "w/0"}};
    REQUIRE(store->clear("clicks"));  // the store is empty
    const auto fill = [&](const cluster::actor_id& whose) {
      auto chain = must(store->open(whose, {3, 0}));
      must(chain->append("a", false));
      must(chain->append_base("ab"));
      must(chain->append("c", false));
      if (under_test.keeps_spilled_output())
        must(must(store->open_segments(whose, 3, {}))->write({3, 1}, "rows"));
      return chain;
    };
    std::vector<opened_chain> stale;
    for (const auto& whose : gone)
      stale.push_back(fill(whose));
    for (const auto& whose : kept)
      fill(whose);
    REQUIRE(must(store->open_chosen(control_of_cluster(), {1, 7}))->append("control", false));
    for (int times = 0; times < 2; ++times) {
      REQUIRE(under_test.reach()->clear("clicks"));
      const auto seen_anew = under_test.reach();
      for (const auto& whose : gone) {
        const auto found = must(seen_anew->look(whose));
        CHECK(found.contents.base.empty());
        CHECK(found.contents.increments.empty());
      }
      for (const auto& whose : kept) {
        const auto found = must(seen_anew->look(whose));
        CHECK(found.highest == life(3, 0));
        CHECK(found.contents.base == "ab");
        CHECK(found.contents.increments == texts{"c"});
        if (under_test.keeps_spilled_output())
          CHECK(must(must(seen_anew->open_segments(whose, 3, {{3, 1}}))->read({3, 1})) == "rows");
      }
      CHECK(must(store->look(control_of_cluster())).contents.increments == texts{"control"});
    }
    // A stale writer's record goes with the next call; nobody reads it.
    (void)stale.front()->append("zombie", false);
    REQUIRE(store->clear("clicks"));
    CHECK(must(under_test.reach()->look(gone.front())).contents.increments.empty());
  });
}

TEST_CASE("a folder that holds something else is not taken for a store") {
  folder_in_memory store;
  REQUIRE(store.files.make_folder("/mnt"));
  REQUIRE(store.files.make_folder("/mnt/store"));
  store.files.put("/mnt/store/thesis", "");
  const auto refused = store.reach()->open_chosen(control_of_cluster(), {1, 7});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::mismatch);
  CHECK(refused.error().message.find("thesis") != std::string::npos);
  CHECK(store.reach()->look(control_of_cluster()).error().code == ec::mismatch);
}

TEST_CASE(
    "a store in a folder tells once that others may write there; one of a server is its server's to say") {
  const millrace::test::scratch s;
  const auto openings = [&] { return must(must(make_chain_store(dir_address{s / "store"}))->openings()); };
  CHECK(openings().empty());
  std::filesystem::create_directory(s / "store");
  std::filesystem::permissions(s / "store", std::filesystem::perms(0707));
  const auto told = openings();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told.front(), Catch::Contains("remedy: chmod 700 " + (s / "store")));
  std::filesystem::permissions(s / "store", std::filesystem::perms(0755));
  CHECK(openings().empty());
  CHECK(must(must(make_chain_store(kafka_address{"kafka:9092", "t"}))->openings()).size() == 1);
  CHECK(must(must(make_chain_store(kafka_address{"localhost:9092", "t"}))->openings()).empty());
}

TEST_CASE("a store lists the chains of a topology by their names, and what was spilled beside them") {
  over_each_store([](store_under_test& under_test) {
    const auto store = under_test.reach();
    const texts names{"counts/0", "value:source/in", "spool:posts"};
    CHECK(must(store->list("clicks")).empty());
    for (const auto& name : names)
      must(must(store->open({"clicks", name}, {3, 0}))->append("x", false));
    must(must(store->open({"clicks2", "counts/1"}, {3, 0}))->append("x", false));
    auto found = must(under_test.reach()->list("clicks"));
    std::ranges::sort(found);
    CHECK(found == texts{"counts/0", "spool:posts", "value:source/in"});
    const cluster::actor_id whose{"clicks", "counts/0"};
    CHECK(must(store->list_segments(whose)).empty());
    CHECK(must(store->list_segments({"clicks", "counts/9"})).empty());
    if (!under_test.keeps_spilled_output())
      return;
    REQUIRE(must(store->open_segments(whose, 3, {}))->write({3, 8}, "rows"));
    const auto other = under_test.reach();
    REQUIRE(must(other->list_segments(whose)) == std::vector<segment_id>{{3, 8}});
    CHECK(must(other->read_segment(whose, {3, 8})) == "rows");
    CHECK_FALSE(other->read_segment(whose, {3, 9}));
  });
}

TEST_CASE("a life that a higher one has followed reads its chain no more, under a new term or its own") {
  const auto next = GENERATE(life(3, 1), life(4, 0));
  over_each_store([&](store_under_test& under_test) {
    const cluster::actor_id whose{"clicks", "counts/0"};
    const auto here = under_test.reach(), there = under_test.reach();
    const auto older = must(here->open(whose, {3, 0}));
    must(older->append("x", false));
    CHECK(must(older->read()).increments.size() == 1);
    const auto newer = must(there->open(whose, next));
    CHECK(older->read().error().code == ec::fenced);
    must(newer->append("y", false));
    CHECK(older->read().error().code == ec::fenced);
    CHECK(must(newer->read()).increments.size() == 2);
  });
}

TEST_CASE("a life that was refused once stays so: its successor under its term loses nothing to it") {
  over_each_store([](store_under_test& under_test) {
    const cluster::actor_id whose{"clicks", "counts/0"};
    const auto store = under_test.reach();
    const auto older = must(store->open(whose, {3, 0}));
    must(older->append("a", false));
    const auto newer = must(store->open(whose, {3, 0}));
    for (int tries = 0; tries < 3; ++tries) {  // each but the first would raise the count
      INFO("try " << tries);
      CHECK(older->append("stale", tries == 1).error().code == ec::fenced);
      const auto base = older->append_base("stale base");
      CHECK((base ? !*base : base.error().code == ec::fenced));
    }
    must(newer->append("b", false));
    CHECK(must(newer->read()).increments == texts{"a", "b"});
    CHECK(must(must(under_test.reach()->open(whose, {4, 0}))->read()).increments == texts{"a", "b"});
  });
}
