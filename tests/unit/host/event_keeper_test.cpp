// Events go into the store under the epoch of the coordinator, and whoever leads next has them.
#include "actors/node/host/event_keeper.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/node/stores.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace millrace::host::test {
namespace {

using texts = std::vector<std::string>;

/// One process of a node, with a reach of its own to the store.
struct process {
  explicit process(std::shared_ptr<node::chain_store> store)
      : system(config), turns(millrace::test::turns_of(system)),
        keeper(spawn_event_keeper(system, std::move(store))) {}
  ~process() {
    caf::anon_send(keeper, messages::stop{});
    turns.run();
  }

  void note(std::optional<cluster::epoch> by, const std::string& text) {
    cluster::told_event e{cluster::event_kind::join, cluster::weight::normal, text};
    caf::anon_send(keeper, note_events{by, {observe::event_of(std::move(e), 7)}});
    turns.run();
  }
  texts told() {
    caf::scoped_actor self(system);
    auto asked = self->request(keeper, caf::infinite, tell_events{});
    turns.run();
    texts out;
    asked.receive(
        [&](const events_told& m) {
          for (const auto& e : m.all.events)
            out.push_back(e.text);
        },
        [](const caf::error&) { FAIL("no answer"); });
    return out;
  }

  millrace::test::turn_by_turn config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& turns;
  event_keeper keeper;
};

}  // namespace

TEST_CASE("whoever leads next has the events of those that led before") {
  node_test::folder_in_memory folder;
  process a(folder.reach());
  a.note(cluster::epoch{1, 7}, "a leads");
  a.note(std::nullopt, "table is degraded");
  CHECK(a.told() == texts{"a leads", "table is degraded"});
  process b(folder.reach());
  CHECK(b.told().empty());
  b.note(cluster::epoch{2, 3}, "b leads");
  CHECK(b.told() == texts{"a leads", "table is degraded", "b leads"});
  // The one before is fenced off, and adds nothing.
  a.note(cluster::epoch{1, 7}, "a does not know it");
  b.note(std::nullopt, "b goes on");
  CHECK(b.told() == texts{"a leads", "table is degraded", "b leads", "b goes on"});
  a.note(cluster::epoch{3, 1}, "a leads again");
  CHECK(a.told() == texts{"a leads", "table is degraded", "b leads", "b goes on", "a leads again"});
}

TEST_CASE("an event from before the first epoch is kept under it") {
  node_test::folder_in_memory folder;
  process a(folder.reach());
  a.note(std::nullopt, "t starts");
  a.note(cluster::epoch{1, 7}, "a leads");
  process next(folder.reach());
  next.note(cluster::epoch{2, 1}, "it leads");
  CHECK(next.told() == texts{"t starts", "a leads", "it leads"});
}

TEST_CASE("thousands of events leave the newest thousand, in a chain that does not grow") {
  node_test::folder_in_memory folder;
  std::size_t files_before = 0;
  for (std::uint64_t term = 1; term <= 4; ++term) {
    process a(folder.reach());
    for (int i = 0; i < 700; ++i)
      a.note(cluster::epoch{term, 1}, std::to_string(term) + "/" + std::to_string(i));
    const auto all = a.told();
    CHECK(all.back() == std::to_string(term) + "/699");
    CHECK(all.size() == std::min<std::size_t>(term * 700, observe::most_events));
    if (term == 2)
      files_before = folder.files.all_files("/mnt/store").size();
  }
  CHECK(folder.files.all_files("/mnt/store").size() <= files_before + 8);
}

TEST_CASE("what the store does not take is told all the same, and is written later") {
  node_test::folder_in_memory folder;
  process a(folder.reach());
  a.note(cluster::epoch{1, 7}, "a leads");
  folder.files.fail_next(1);
  a.note(std::nullopt, "the store is away");
  CHECK(a.told() == texts{"a leads", "the store is away"});
  a.turns.advance_time(std::chrono::seconds(5));
  a.turns.run();
  process next(folder.reach());
  next.note(cluster::epoch{2, 1}, "it leads");
  CHECK(next.told() == texts{"a leads", "the store is away", "it leads"});
}

TEST_CASE("a store that is away is tried by one timer, however many events come meanwhile") {
  node_test::folder_in_memory folder;
  process a(folder.reach());
  a.note(cluster::epoch{1, 7}, "a leads");
  folder.files.fail_next(1'000);
  for (int i = 0; i < 20; ++i)
    a.note(std::nullopt, "the store is away");
  CHECK(a.turns.clock().schedule().size() == 1);
  a.turns.advance_time(std::chrono::seconds(5));
  a.turns.run();
  CHECK(a.turns.clock().schedule().size() == 1);
  CHECK(a.told().size() == 21);
}

}  // namespace millrace::host::test
