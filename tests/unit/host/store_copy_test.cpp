// A cluster is copied from one store to another, also by a process that is killed at any moment and comes back.
#include "actors/node/control/control_book.hpp"
#include "actors/node/host/store_copy.hpp"
#include "tests/unit/node/stores.hpp"

#include <algorithm>

using namespace millrace;
using namespace millrace::host;
using namespace node_test;

namespace {

using snapshot::test::faulty_file_system;

const cluster::actor_id counts{"clicks", "counts/0"};
const cluster::actor_id total{"clicks", "total/0"};
const cluster::actor_id identity{"clicks", "value:source/in"};
const std::vector<segment_id> spilled{{4, 1}, {5, 2}};

std::shared_ptr<dir_chain_store> store_in(faulty_file_system& files) {
  return std::make_shared<dir_chain_store>(files, "/mnt/store");
}

cluster::control_state a_cluster() {
  cluster::control_state s;
  s.cluster = "0123456789abcdef";
  s.terms = 5;
  s.sessions = 2;
  s.plans = 1;
  s.nodes["a"].session = 2;
  auto& t = s.topologies["clicks"];
  t.plan = "a plan";
  t.generation = t.number = 1;
  t.status = cluster::topology_status::stopped;
  auto& actor = t.actors["counts/0"];
  actor.spec = {"counts/0", cluster::actor_kind::shard, "counts", false, {}};
  actor.at = cluster::place{"a", 2, 5, 1};
  return s;
}

void put_control(chain_store& store, const cluster::control_state& s, life under = {7, 1}) {
  REQUIRE(must(must(store.open_chosen(control_of_cluster(), under))->append_base(cluster::encode_base(s))));
}

/// A base and increments, increments alone, a value, and spilled output.
void fill(const std::shared_ptr<dir_chain_store>& store) {
  const auto first = must(store->open(counts, {5, 0}));
  must(first->append("before", false));
  REQUIRE(must(first->append_base("base")));
  must(first->append("one", false));
  must(first->append("", true));
  const auto second = must(store->open(total, {4, 3}));
  for (const auto* const text : {"a", "b", "c"})
    must(second->append(text, false));
  REQUIRE(must(must(store->open(identity, {3, 0}))->append_base("\1files")));
  const auto segments = must(store->open_segments(counts, 5, {}));
  for (const auto& id : spilled)
    REQUIRE(segments->write(id, std::string(300, static_cast<char>('a' + id.number))));
  put_control(*store, a_cluster());
}

expected<copied_cluster> copied(const std::shared_ptr<chain_store>& from,
                                const std::shared_ptr<chain_store>& to) {
  return copy_cluster(from, to, 17, [](const copied_topology&) {});
}

void check_same(chain_store& from, chain_store& to) {
  for (const auto& whose : {counts, total, identity}) {
    const auto a = must(from.look(whose)).contents, b = must(to.look(whose)).contents;
    CHECK(a.base == b.base);
    CHECK(a.increments == b.increments);
  }
  for (const auto& id : spilled)
    CHECK(must(from.read_segment(counts, id)) == must(to.read_segment(counts, id)));
}

}  // namespace

TEST_CASE("a copy has all chains and what was spilled, and nobody is in its cluster") {
  faulty_file_system here, there;
  const auto from = store_in(here), to = store_in(there);
  fill(from);
  const auto done = must(copied(from, to));
  REQUIRE(done.topologies.size() == 1);
  CHECK(done.topologies[0].chains == 3);
  CHECK(done.topologies[0].segments == 2);
  CHECK(done.topologies[0].passed_over == 0);
  check_same(*from, *to);
  const auto found = must(node::control_book(to).look()).state;
  CHECK(found.cluster == a_cluster().cluster);
  CHECK(found.nodes.empty());
  CHECK(found.terms >= 5);
  const auto& t = found.topologies.at("clicks");
  CHECK(t.plan == "a plan");
  CHECK_FALSE(t.actors.at("counts/0").at);
  CHECK(must(copied(from, to)).was_there);
  // The first term that is given there opens every chain.
  for (const auto& whose : {counts, total, identity})
    CHECK(to->open(whose, {found.terms + 1, 0}));
}

TEST_CASE("a copy that is killed at any moment is repeated, and ends as one that was not") {
  faulty_file_system here;
  const auto from = store_in(here);
  fill(from);
  bool ended = false;
  for (std::uint64_t operations = 1; !ended; ++operations) {
    for (const bool power_was_lost : {false, true}) {
      faulty_file_system there(operations);
      there.crash_after(operations);
      ended = copied(from, store_in(there)).has_value() && !there.is_dead();
      there.restart(power_was_lost);
      const auto to = store_in(there);
      // A node that comes first finds nothing at all, or is refused.
      if (const auto part = must(node::control_book(to).look()).state; part.cluster.empty())
        CHECK(must(to->list("clicks")).empty());
      else
        CHECK((refusal_of_part(part, "there") || must(copied(from, to)).was_there));
      REQUIRE(copied(from, to));
      check_same(*from, *to);
      REQUIRE(must(copied(from, to)).was_there);
    }
  }
}

TEST_CASE("a store with another cluster, or with this one further along, is refused") {
  const auto mine = a_cluster();
  CHECK_FALSE(refusal_of(mine, {}, "dir:/there"));
  auto other = mine;
  other.cluster = "copy of 0123456789abcdef";
  CHECK_FALSE(refusal_of(mine, other, "dir:/there"));
  CHECK_FALSE(refusal_of_part(mine, "dir:/there"));
  CHECK(refusal_of_part(other, "dir:/there")->message ==
        "dir:/there has a part of a cluster, whose copy was cut short; repeat `millrace state copy`, or name "
        "another store");
  other.cluster = "fedcba9876543210";
  CHECK(refusal_of(mine, other, "dir:/there")->message ==
        "dir:/there has another cluster, fedcba9876543210; name an empty store");
  auto further = mine;
  further.sessions = 3;
  CHECK(refusal_of(mine, further, "dir:/there")->message ==
        "dir:/there has this cluster already, and nodes have gone on with it there; name an empty store");
}

TEST_CASE("a store whose control changes meanwhile is refused") {
  class changing final : public chain_store {
  public:
    explicit changing(std::shared_ptr<dir_chain_store> inner) : inner_(std::move(inner)) {}
    expected<opened_chain> open(const cluster::actor_id& w, const life& n) override {
      return inner_->open(w, n);
    }
    expected<opened_chain> open_chosen(const cluster::actor_id& w, const life& c) override {
      return inner_->open_chosen(w, c);
    }
    expected<found_chain> look(const cluster::actor_id& w) override { return inner_->look(w); }
    expected<std::unique_ptr<snapshot::segments>> open_segments(const cluster::actor_id& w, incarnation t,
                                                                const std::vector<segment_id>& n) override {
      return inner_->open_segments(w, t, n);
    }
    expected<std::vector<std::string>> list(const std::string& chains) override {
      auto next = a_cluster();
      next.sessions = 3;
      put_control(*inner_, next, {8, 1});
      return inner_->list(chains);
    }
    expected<std::vector<segment_id>> list_segments(const cluster::actor_id& w) override {
      return inner_->list_segments(w);
    }
    expected<std::string> read_segment(const cluster::actor_id& w, const segment_id& id) override {
      return inner_->read_segment(w, id);
    }
    expected<void> clear(const std::string& chains) override { return inner_->clear(chains); }
    [[nodiscard]] std::string shown() const override { return inner_->shown(); }

  private:
    std::shared_ptr<dir_chain_store> inner_;
  };
  faulty_file_system here, there;
  const auto inner = store_in(here);
  fill(inner);
  const auto refused = copied(std::make_shared<changing>(inner), store_in(there));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::locked);
  CHECK_THAT(refused.error().message, Catch::Contains("somebody runs it"));
  CHECK(refusal_of_part(must(node::control_book(store_in(there)).look()).state, "there"));
}
