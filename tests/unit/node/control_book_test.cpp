#include "actors/node/control/control_book.hpp"
#include "actors/node/control/control_keeper.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/node/stores.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>

using namespace node_test;
using cluster::append_outcome;

namespace {

cluster::change founding(const std::string& name) { return {cluster::records::founded{name, 1}}; }
cluster::change session_of(const std::string& node, cluster::session s) {
  return {cluster::records::session_given{node, 11, s}};
}

}  // namespace

TEST_CASE("what is appended under an epoch is found by the next one, and by who only looks") {
  over_each_store([](store_under_test& under_test) {
    control_book a(under_test.reach()), b(under_test.reach());
    CHECK(must(b.look()).highest == cluster::epoch());
    CHECK(must(a.open({1, 7})).cluster.empty());
    CHECK(a.append({1, 7}, founding("c#1")) == append_outcome::acknowledged);
    CHECK(a.append({1, 7}, session_of("a", 1)) == append_outcome::acknowledged);
    const auto seen = must(b.look());
    CHECK(seen.highest == cluster::epoch(1, 7));
    CHECK(seen.state.cluster == "c#1");
    CHECK(a.write_base({1, 7}, seen.state) == append_outcome::acknowledged);
    CHECK(must(b.look()).state == seen.state);
    CHECK(must(b.open({2, 3})) == seen.state);
    CHECK(a.append({1, 7}, session_of("b", 2)) == append_outcome::refused);
    CHECK(must(b.look()).state == seen.state);
  });
}

TEST_CASE("an opening that came too late is told so") {
  over_each_store([](store_under_test& under_test) {
    control_book a(under_test.reach()), b(under_test.reach());
    must(a.open({1, 7}));
    CHECK(b.open({1, 8}).error().code == ec::fenced);
    CHECK(b.append({1, 8}, founding("b")) == append_outcome::unknown);
    CHECK(a.append({1, 7}, founding("a")) == append_outcome::acknowledged);
  });
}

TEST_CASE("R4: after an append without an answer nothing more is written under that epoch") {
  folder_in_memory store;
  control_book book(store.reach());
  must(book.open({1, 7}));
  CHECK(book.append({1, 7}, founding("c#1")) == append_outcome::acknowledged);
  store.files.fail_next(50);
  CHECK(book.append({1, 7}, session_of("a", 1)) == append_outcome::unknown);
  CHECK_FALSE(book.last_error().empty());
  store.files.fail_next(0);
  CHECK(book.append({1, 7}, session_of("b", 1)) == append_outcome::unknown);
  CHECK(book.write_base({1, 7}, {}) == append_outcome::unknown);
  const auto state = must(book.open({2, 1}));
  CHECK_FALSE(state.nodes.contains("b"));
  CHECK(book.append({2, 1}, session_of("c", 5)) == append_outcome::acknowledged);
}

TEST_CASE("a cluster whose coordinators take turns does not leave more and more behind") {
  folder_in_memory store;
  control_book book(store.reach());
  std::size_t most = 0;
  for (incarnation term = 1; term <= 40; ++term) {
    must(book.open({term, 1}));
    if (term == 1)
      CHECK(book.append({term, 1}, founding("c#1")) == append_outcome::acknowledged);
    most = std::max(most, store.files.all_files("/mnt/store").size());
  }
  CHECK(must(book.look()).state.cluster == "c#1");
  CHECK(most < 30);
}

TEST_CASE("control that holds what is not a record is an error, not an empty cluster") {
  folder_in_memory store;
  const auto foreign = must(store.reach()->open_chosen(control_of_cluster(), {1, 7}));
  must(foreign->append("\x06\x01no record", true));
  control_book book(store.reach());
  CHECK(book.look().error().code == ec::corrupt);
  CHECK(book.open({2, 1}).error().code == ec::corrupt);
}

TEST_CASE("the keeper answers in order, and ends behind what came before") {
  folder_in_memory store;
  test::turn_by_turn config;
  caf::actor_system system(config);
  auto& turns = test::turns_of(system);
  const auto keeper = spawn_control_keeper(system, store.reach());
  caf::scoped_actor self(system);
  self->send(keeper, open_control{{1, 7}});
  self->send(keeper, append_to_control{{1, 7}, 1, founding("c#1")});
  self->send(keeper, write_control_base{{1, 7}, 2, {}});
  self->send(keeper, append_to_control{{1, 6}, 3, founding("c#2")});
  self->send(keeper, look_at_control{});
  self->send(keeper, stop_keeper{});
  turns.run();
  std::vector<append_outcome> outcomes;
  bool is_opened = false, is_seen = false;
  for (int left = 5; left > 0; --left)
    self->receive([&](const control_opened& m) { is_opened = !m.failure && m.mine == cluster::epoch(1, 7); },
                  [&](const control_appended& m) { outcomes.push_back(m.how); },
                  [&](const control_seen& m) { is_seen = !m.failure; });
  CHECK(is_opened);
  CHECK(is_seen);
  CHECK(outcomes ==
        std::vector{append_outcome::acknowledged, append_outcome::acknowledged, append_outcome::unknown});
}
