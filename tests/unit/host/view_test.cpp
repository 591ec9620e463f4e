// Batches that count and were not recorded, since their leader has died, are found by whoever leads next.
#include "actors/host/view.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/host/replayed_topology.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>

namespace millrace::host::test {
namespace {

/// Answers the view as a coordinator would, which leads or not.
struct asked_coordinator {
  std::optional<cluster::epoch> leads;
  std::optional<error> refuses;
  std::vector<cluster::request> recorded;
};

node::coordinator_actor::behavior_type coordinator_behaviour(node::coordinator_actor::pointer,
                                                             const std::shared_ptr<asked_coordinator>& c) {
  return {
      [](const node::letter_came&) {},
      [](const node::cluster_known&) {},
      [](const node::link_up&) {},
      [](const node::link_lost&) {},
      [](const node::process_dead&) {},
      [](const node::node_leaves&) {},
      [](const node::node_is_over&) {},
      [=](const node::ask_cluster& m) {
        if (!c->refuses)
          c->recorded.push_back(m.what);
        return node::cluster_answered{c->refuses, {}};
      },
      [=](const node::describe_cluster&) {
        node::cluster_described d;
        d.leads = c->leads;
        return d;
      },
  };
}

struct viewed {
  explicit viewed(std::shared_ptr<node::chain_store> store)
      : system(config), turns(millrace::test::turns_of(system)) {
    view_options o;
    o.node = "a";
    o.coordinator = system.spawn(coordinator_behaviour, coordinator);
    o.store = store;
    o.letters = std::move(store);
    o.running = std::make_shared<observe::running_topologies>();
    view = spawn_view(system, std::move(o));
  }
  ~viewed() {
    caf::anon_send(view, messages::stop{});
    turns.run();
  }
  viewed(const viewed&) = delete;
  viewed& operator=(const viewed&) = delete;

  void pass(std::chrono::milliseconds time) {
    for (; time.count() > 0; time -= std::chrono::milliseconds(200)) {
      turns.advance_time(std::chrono::milliseconds(200));
      turns.run();
    }
  }
  [[nodiscard]] std::vector<std::string> recorded() const {
    std::vector<std::string> out;
    for (const auto& r : coordinator->recorded)
      out.push_back(std::get<cluster::records::partition_started>(r).partition);
    return out;
  }

  millrace::test::turn_by_turn config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& turns;
  std::shared_ptr<asked_coordinator> coordinator = std::make_shared<asked_coordinator>();
  view_actor view;
};

using std::chrono::seconds;

}  // namespace

TEST_CASE("whoever leads next records the batches whose leader has died before it could") {
  node_test::folder_in_memory folder;
  const replaying r(folder.reach(), 7);
  REQUIRE(r.replay().starts.size() == 1);  // and nobody was told of it
  viewed v(r.store);
  v.pass(seconds(3));
  CHECK(v.recorded().empty());  // it does not lead
  v.coordinator->leads = cluster::epoch{2, 1};
  v.pass(seconds(3));
  CHECK(v.recorded() == std::vector<std::string>{"replay:parsed:1"});
  v.pass(seconds(60));
  CHECK(v.recorded().size() == 1);  // an epoch looks once
  // The record does not count in this store, as if that leader had died, too.
  v.coordinator->leads = cluster::epoch{3, 1};
  v.pass(seconds(3));
  CHECK(v.recorded() == std::vector<std::string>{"replay:parsed:1", "replay:parsed:1"});
}

TEST_CASE("a leader whose record of a left batch fails looks again") {
  node_test::folder_in_memory folder;
  const replaying r(folder.reach(), 7);
  REQUIRE(r.replay().starts.size() == 1);
  viewed v(r.store);
  v.coordinator->leads = cluster::epoch{2, 1};
  v.coordinator->refuses = outside_error(ec::unavailable, "the store takes too long").value();
  v.pass(seconds(3));
  CHECK(v.recorded().empty());
  v.coordinator->refuses.reset();
  v.pass(seconds(12));
  CHECK(v.recorded() == std::vector<std::string>{"replay:parsed:1"});
}

}  // namespace millrace::host::test
