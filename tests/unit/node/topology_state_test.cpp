// The state of a topology as two nodes reach it: what one has left the other goes on from, and the one whose
// term is over changes nothing any more.
#include "actors/node/control/topology_state.hpp"
#include "runtime/snapshot/merged_snapshots.hpp"
#include "tests/unit/node/stores.hpp"

#include <algorithm>

using namespace node_test;

namespace {

using texts = std::vector<std::string>;

topology_state on_a_node(store_under_test& under_test, const std::string& topology = "clicks") {
  return {under_test.reach(), topology, {"0123abcd", topology}, "/var/lib/millrace"};
}

/// A shard as its node holds it.
struct held_shard {
  held_shard(topology_state& state, incarnation term, const std::vector<segment_id>& needed = {})
      : chain(must(state.open_snapshots("w/0", term))), loaded(must(chain->load())),
        spilled(must(state.open_segments("w/0", term, needed))) {}
  std::unique_ptr<snapshot::snapshots> chain;
  snapshot::snapshots::chain loaded;
  std::unique_ptr<snapshot::segments> spilled;
};

}  // namespace

TEST_CASE("a topology's state says whose it is, and where this node keeps plain files") {
  folder_in_memory store;
  const auto state = on_a_node(store);
  CHECK(state.id().state_id == "0123abcd");
  CHECK(state.folder() == "/var/lib/millrace");
}

TEST_CASE(
    "a shard's snapshots are restored on another node, under a higher term, and the old one is fenced") {
  over_each_store([](store_under_test& under_test) {
    auto here = on_a_node(under_test), there = on_a_node(under_test);
    const auto old = must(here.open_snapshots("w/0", 3));
    CHECK(must(old->load()).increments.empty());
    must(old->append("a", false));
    must(old->append("b", true));
    const auto next = must(there.open_snapshots("w/0", 5));
    CHECK(must(next->load()).increments == texts{"a", "b"});
    CHECK(old->append("zombie", false).error().code == ec::fenced);
    CHECK(here.open_snapshots("w/0", 3).error().code == ec::fenced);
    must(next->append("c", false));
    CHECK(must(must(here.open_snapshots("w/0", 6))->load()).increments == texts{"a", "b", "c"});
  });
}

TEST_CASE("a shard's increments are merged into a base when they have outgrown it") {
  over_each_store([](store_under_test& under_test) {
    auto state = on_a_node(under_test);
    const auto chain = must(state.open_snapshots("w/0", 3));
    const auto merge = [](const snapshot::snapshots::chain& all) -> expected<std::string> {
      std::string out = all.base;
      for (const auto& i : all.increments)
        out += i.substr(0, 1);
      return out;
    };
    must(chain->append("a", false));
    CHECK_FALSE(must(chain->compact(merge)));
    must(chain->append("b" + std::string(snapshot::base_rule().smallest_base, '.'), false));
    CHECK(must(chain->compact(merge)));
    const auto found = must(must(on_a_node(under_test).open_snapshots("w/0", 4))->load());
    CHECK(found.base == "ab");
    CHECK(found.increments.empty());
  });
}

TEST_CASE("chains of shards and of topologies are apart") {
  over_each_store([](store_under_test& under_test) {
    auto clicks = on_a_node(under_test), orders = on_a_node(under_test, "orders");
    must(must(clicks.open_snapshots("w/0", 9))->append("a", false));
    CHECK(must(must(clicks.open_snapshots("w/1", 3))->load()).increments.empty());
    CHECK(must(must(orders.open_snapshots("w/0", 3))->load()).increments.empty());
  });
}

TEST_CASE("spilled output is read on the node that goes on; what no snapshot names goes") {
  over_each_that_spills([](store_under_test& under_test) {
    auto here = on_a_node(under_test), there = on_a_node(under_test);
    const std::string every = std::string("rows\0\xff", 6) + std::string(1 << 20, 'r');
    {
      held_shard first(here, 3);
      must(first.spilled->write({3, 1}, every));
      must(first.spilled->write({3, 2}, ""));
      must(first.spilled->write({3, 3}, "not captured"));
      CHECK(must(first.spilled->read({3, 1})) == every);
    }
    held_shard next(there, 5, {{3, 1}, {3, 2}});
    CHECK(must(next.spilled->read({3, 1})) == every);
    CHECK(must(next.spilled->read({3, 2})).empty());
    CHECK(next.spilled->read({3, 3}).error().code == ec::not_found);
    must(next.spilled->write({5, 1}, "more"));
    must(next.spilled->remove({{3, 1}, {7, 7}}));
    CHECK(next.spilled->read({3, 1}).error().code == ec::not_found);
    held_shard last(here, 6, {{3, 2}, {5, 1}});
    CHECK(must(last.spilled->read({5, 1})) == "more");
    CHECK(must(last.spilled->read({3, 2})).empty());
  });
}

TEST_CASE("R1: spilled output is not changed by a shard whose term is over") {
  over_each_that_spills([](store_under_test& under_test) {
    auto here = on_a_node(under_test), there = on_a_node(under_test);
    held_shard old(here, 3);
    must(old.spilled->write({3, 1}, "rows"));
    held_shard next(there, 5, {{3, 1}});
    must(next.spilled->write({5, 1}, "newer"));
    CHECK(old.spilled->write({3, 2}, "late").error().code == ec::fenced);
    CHECK(old.spilled->remove({{3, 1}}).error().code == ec::fenced);
    CHECK(here.open_segments("w/0", 3, {}).error().code == ec::fenced);
    CHECK(must(old.spilled->read({3, 1})) == "rows");
    CHECK(next.spilled->read({3, 2}).error().code == ec::not_found);
    CHECK(must(next.spilled->read({3, 1})) == "rows");
    CHECK(must(next.spilled->read({5, 1})) == "newer");
  });
}

TEST_CASE("spilled output of shards and of topologies is apart") {
  over_each_that_spills([](store_under_test& under_test) {
    auto clicks = on_a_node(under_test), orders = on_a_node(under_test, "orders");
    held_shard mine(clicks, 3);
    must(mine.spilled->write({3, 1}, "rows"));
    must(clicks.open_snapshots("w/1", 4));
    held_shard other(orders, 9);
    const auto beside = must(clicks.open_segments("w/1", 4, {}));
    CHECK(beside->read({3, 1}).error().code == ec::not_found);
    CHECK(other.spilled->read({3, 1}).error().code == ec::not_found);
    CHECK(must(mine.spilled->read({3, 1})) == "rows");
  });
}

TEST_CASE("a value that one node has put is found by another, and replaced; an empty one is one") {
  over_each_store([](store_under_test& under_test) {
    auto here = on_a_node(under_test);
    const auto there = on_a_node(under_test);
    const auto missing = there.get("starts/p");
    CHECK(missing.error().code == ec::not_found);
    CHECK(missing.error().message.find("starts/p") != std::string::npos);
    must(here.put_as("starts/p", "", {3, 0}));
    CHECK(must(there.get("starts/p")).empty());
    must(here.put_as("starts/p", std::string("a\0b", 3), {3, 0}));
    CHECK(must(there.get("starts/p")) == std::string("a\0b", 3));
    CHECK(there.get("starts").error().code == ec::not_found);
    CHECK(on_a_node(under_test, "orders").get("starts/p").error().code == ec::not_found);
  });
}

TEST_CASE(
    "R1: a value is not put by a writer of a lower term, also where the higher one has changed nothing") {
  over_each_store([](store_under_test& under_test) {
    auto here = on_a_node(under_test), there = on_a_node(under_test);
    must(here.put_as("files", "1", {3, 0}));
    must(there.put_as("files", "1", {4, 2}));
    CHECK(here.put_as("files", "zombie", {3, 7}).error().code == ec::fenced);
    CHECK(here.put_as("files", "1", {3, 7}).error().code == ec::fenced);
    CHECK(must(here.get("files")) == "1");
    must(there.put_as("files", "2", {4, 0}));
    CHECK(must(here.get("files")) == "2");
  });
}

TEST_CASE("what an earlier run has put in the place of a value of the plan is apart from the present run's") {
  over_each_store([](store_under_test& under_test) {
    const auto in_run = [&](std::uint64_t run, const std::string& decided) {
      return topology_state(under_test.reach(), "clicks", {"0123abcd", "clicks"}, "/var/lib/millrace",
                            {{"source/lines", decided}}, run);
    };
    auto first = in_run(0, "a");
    must(first.put_as("source/lines", "a, known better", {3, 0}));
    must(first.put_as("committed/table", "1", {3, 0}));
    auto next = in_run(1, "a b");
    CHECK(must(next.get("source/lines")) == "a b");
    CHECK(must(next.get("committed/table")) == "1");
    must(next.put_as("source/lines", "a b, known better", {7, 0}));
    must(first.put_as("source/lines", "of a process that wakes up", {3, 0}));
    CHECK(must(in_run(1, "a b").get("source/lines")) == "a b, known better");
    CHECK(must(in_run(2, "a b c").get("source/lines")) == "a b c");
  });
}

TEST_CASE("a shard's snapshots are looked at without an opening: whoever writes there goes on") {
  over_each_store([](store_under_test& under_test) {
    auto here = on_a_node(under_test);
    const auto there = on_a_node(under_test);
    CHECK(must(there.look_at_snapshots("w/0")).increments.empty());
    const auto chain = must(here.open_snapshots("w/0", 3));
    must(chain->append("a", false));
    CHECK(must(there.look_at_snapshots("w/0")).increments == texts{"a"});
    must(chain->append("b", false));
    CHECK(must(there.look_at_snapshots("w/0")).increments == texts{"a", "b"});
  });
}

TEST_CASE("a value that is there is not written again; the records of one that is put often go") {
  folder_in_memory store;
  auto state = on_a_node(store);
  must(state.put_as("files", "1", {3, 0}));
  const auto before = store.files.syncs();
  must(state.put_as("files", "1", {3, 0}));
  CHECK(store.files.syncs() == before);
  std::size_t most = 0;
  for (incarnation term = 4; term < 60; ++term) {
    must(state.put_as("files", term < 30 ? "1" : std::to_string(term), {term, 0}));
    most = std::max(most, store.files.all_files("/mnt/store").size());
  }
  CHECK(most < 30);
  CHECK(must(state.get("files")) == "59");
}

TEST_CASE("a value of a later version is refused, and no value is taken for a shard's chain") {
  over_each_store([](store_under_test& under_test) {
    auto state = on_a_node(under_test);
    must(must(under_test.reach()->open({"clicks", "value:later"}, {3, 0}))->append_base("\x02rest"));
    CHECK(state.get("later").error().code == ec::unsupported);
    must(state.put_as("0", "a value", {3, 0}));
    CHECK(must(must(state.open_snapshots("value/0", 3))->load()).base.empty());
  });
}
