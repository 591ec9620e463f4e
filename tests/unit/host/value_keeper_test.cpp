// Small values of actors go into the store under the life of their keeper.
#include "actors/node/control/topology_state.hpp"
#include "actors/node/host/value_keeper.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/node/stores.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

namespace millrace::host::test {
namespace {

using millrace::test::must;

struct kept_over_nodes {
  kept_over_nodes() : system(config), turns(millrace::test::turns_of(system)) {
    keeper = spawn_value_keeper(
        system, [mine = state()](const std::string& name, const std::string& value, const life& whose) {
          return mine->put_as(name, value, whose);
        });
  }
  ~kept_over_nodes() {
    caf::anon_send(keeper, messages::stop{});
    turns.run();
  }

  /// Returns the state as a process of another node has it.
  std::shared_ptr<node::topology_state> state(std::map<std::string, std::string> decided = {}) {
    return std::make_shared<node::topology_state>(files.reach(), "clicks",
                                                  snapshot::identity{"0123abcd", "clicks"},
                                                  "/var/lib/millrace", std::move(decided));
  }
  template<class Answer, class Message>
  Answer ask(Message m) {
    caf::scoped_actor self(system);
    auto asked = self->request(keeper, caf::infinite, std::move(m));
    turns.run();
    Answer out;
    asked.receive([&](const Answer& a) { out = a; }, [](const caf::error&) { FAIL("no answer"); });
    return out;
  }
  messages::value_kept value(const life& of, const std::string& value) {
    return ask<messages::value_kept>(messages::keep_value{"table", of, "committed/table", value});
  }

  node_test::folder_in_memory files;
  millrace::test::turn_by_turn config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& turns;
  messages::state_keeper keeper;
};

}  // namespace

TEST_CASE("a value that was kept is read by other nodes; a former life keeps none any more") {
  kept_over_nodes k;
  const auto first = k.value({5, 0}, "one");
  CHECK(first.name == "committed/table");
  CHECK_FALSE(first.failure);
  CHECK(must(k.state()->get("committed/table")) == "one");
  CHECK_FALSE(k.value({7, 0}, "two").failure);
  const auto former = k.value({5, 1}, "zombie");
  REQUIRE(former.failure);
  CHECK(former.failure->code == ec::fenced);
  CHECK(must(k.state()->get("committed/table")) == "two");
}

TEST_CASE("a value of the plan holds until an actor has put another") {
  kept_over_nodes k;
  const std::map<std::string, std::string> decided{{"committed/table", "decided"}};
  CHECK(must(k.state(decided)->get("committed/table")) == "decided");
  CHECK_FALSE(k.state(decided)->get("committed/other"));
  CHECK_FALSE(k.value({5, 0}, "one").failure);
  CHECK(must(k.state(decided)->get("committed/table")) == "one");
}

TEST_CASE(
    "R1: lanes of one node keep their source's identity in any order; one of another node fences them off") {
  kept_over_nodes k;
  const auto keep = [&](const std::string& lane, const life& of, const std::string& identity) {
    return k.ask<messages::value_kept>(messages::keep_value{lane, of, "source/clicks", identity}).failure;
  };
  CHECK_FALSE(keep("p/lane1", {10, 0}, "one file"));
  CHECK_FALSE(keep("p/lane0", {9, 0}, "one file"));
  CHECK_FALSE(keep("p/lane0", {9, 1}, "two files"));
  CHECK(must(k.state()->get("source/clicks")) == "two files");
  const auto former = keep("p/lane0", {9, 0}, "zombie");
  REQUIRE(former);
  CHECK(former->code == ec::fenced);
  must(k.state()->put_as("source/clicks", "elsewhere", {12, 0}));
  const auto zombie = keep("p/lane1", {10, 0}, "zombie");
  REQUIRE(zombie);
  CHECK(zombie->code == ec::fenced);
  CHECK(must(k.state()->get("source/clicks")) == "elsewhere");
}

}  // namespace millrace::host::test
