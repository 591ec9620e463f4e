// Two nodes use one `dir:` store: the older one is stopped before a file operation, wakes up when the newer one has
// gone on, and must neither replace the newer one's values or spilled output, nor remove its files.
#include "actors/node/control/topology_state.hpp"
#include "actors/node/stores/dir_chain_store.hpp"
#include "tests/support/must.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"
#include "tests/unit/snapshot/joined.hpp"

using namespace millrace;
using namespace millrace::snapshot;
using namespace millrace::snapshot::test;
using answer = interposed_file_system::answer;
using millrace::test::must;

namespace {

/// Holds all that a node keeps of an actor. The chain `control` gives lives to nodes; the tests give them here.
struct node_at_work {
  node::topology_state state;
  incarnation life;
  std::unique_ptr<snapshots> chain;
  std::unique_ptr<segments> spilled;

  node_at_work(file_system& files, incarnation now, const std::vector<segment_id>& needed = {})
      : state(std::make_shared<node::dir_chain_store>(files, "/store"), "clicks", {"0123", "clicks"}, "/own"),
        life(now), chain(must(state.open_snapshots("a", life))),
        spilled(must(state.open_segments("a", life, needed))) {}

  expected<void> put(const std::string& value) { return state.put_as("plan", value, {life, 0}); }
  void work(const std::string& who) {
    must(put(who));
    must(chain->append(who, true));
    must(spilled->write({life, 1}, who));
  }
};

/// The older node is `doing` something, stopped before each of its operations in turn, and goes on to the end.
template<class Do>
void stop_everywhere(Do&& doing) {
  bool was_stopped = true;
  for (int operation = 0; was_stopped; ++operation) {
    INFO("before operation " << operation);
    faulty_file_system disk;
    interposed_file_system files(disk);
    must(node::dir_chain_store(disk, "/store").open_chosen(node::control_of_cluster(), {1, 0}));
    node_at_work older(files, 1);
    older.work("older");
    std::unique_ptr<node_at_work> newer;
    files.before = [&, left = operation](auto, const auto&) mutable {
      if (left-- == 0) {
        newer = std::make_unique<node_at_work>(disk, 2);
        newer->work("newer");
      }
      return answer::given;
    };
    doing(older);
    files.before = [](auto, const auto&) { return answer::given; };
    was_stopped = newer != nullptr;
    if (!was_stopped)
      return;
    const auto late = older.put("stale");
    CHECK((!late && late.error().code == ec::fenced));
    CHECK(must(newer->state.get("plan")) == "newer");
    CHECK(must(newer->spilled->read({2, 1})) == "newer");
    CHECK(newer->put("newest"));
    CHECK(newer->chain->append(",newest", true));
    const node_at_work third(disk, 3, {{2, 1}});
    CHECK(must(third.state.get("plan")) == "newest");
    CHECK(must(join(must(third.chain->load()))) == "oldernewer,newest");
    CHECK(must(third.spilled->read({2, 1})) == "newer");
  }
}

}  // namespace

TEST_CASE("a value of a process that was taken for dead does not replace its successor's") {
  stop_everywhere([](node_at_work& older) { (void)older.put("stale"); });
}

TEST_CASE("spilled output of a newer life is neither removed nor replaced by an older one") {
  stop_everywhere([](node_at_work& older) {
    (void)older.spilled->write({older.life, 2}, "stale");
    (void)older.spilled->remove({{older.life, 1}});
  });
  stop_everywhere([](node_at_work& older) { (void)older.state.open_segments("a", older.life, {}); });
}
