// The directors of a process that leads, turn by turn; the test is their coordinator and the nodes.
#include "actors/node/host/directors.hpp"
#include "actors/node/stores/dir_chain_store.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/host/applied_here.hpp"
#include "tests/unit/snapshot/faulty_file_system.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

namespace millrace::host::test {
namespace {

using cluster::topology_status;
constexpr life present = 7;

/// One topology is directed; its actors say what a test has them say, and stop when they are told to.
class directed_here {
public:
  directed_here() {
    directors_options o;
    o.board = caf::actor_cast<switchboard>(system_.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const send_order& m) { obey(m.what); }};
    }));
    o.store = std::make_shared<node::dir_chain_store>(files_, "/mnt/store");
    o.plans = std::make_shared<planned_topologies>();
    o.on_end = [this](const std::string& topology, const topology_end& end) {
      CHECK(topology == "t");
      told.push_back(end);
    };
    board_ = caf::actor_cast<caf::actor>(o.board);
    coordinator_ = system_.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const node::ask_cluster& m) {
        wishes.push_back(m.what);
        return node::cluster_answered{};
      }};
    });
    directors_ = spawn_directors(system_, std::move(o));
    caf::anon_send(directors_, coordinator_known{caf::actor_cast<node::coordinator_actor>(coordinator_)});
    const auto applied = here_.prepared();
    state.generation = 1;
    state.plan = applied.plan;
    for (const auto& a : applied.actors) {
      actors.push_back(a.name);
      reporters += a.kind != cluster::actor_kind::lane ? 1 : 0;
    }
    lead(1);
  }
  ~directed_here() {
    caf::anon_send(directors_, messages::stop{});
    for (const auto& a : {board_, coordinator_})
      caf::anon_send_exit(a, caf::exit_reason::kill);
    turns_.run();
    turns_.clock().cancel_all();
  }
  directed_here(const directed_here&) = delete;
  directed_here& operator=(const directed_here&) = delete;

  void lead(incarnation epoch) {
    auto found = std::make_shared<cluster::control_state>();
    found->topologies["t"] = state;
    caf::anon_send(directors_, leads_now{{epoch, 1}, std::move(found)});
    turns_.run();
  }
  void lead_no_more() {
    caf::anon_send(directors_, leads_no_more{});
    turns_.run();
  }
  /// `control` has this of the topology from now on.
  void record(topology_status status, const std::string& why = {}, const std::string& actor = {}) {
    state.status = status;
    state.why = why;
    state.failed_actor = actor;
    caf::anon_send(directors_, topology_changed{"t", std::make_shared<const cluster::topology_state>(state)});
    turns_.run();
  }
  void run() {
    record(topology_status::running);
    for (const auto& a : actors)
      say(control::actor_began{"t", a, present});
    turns_.run();
  }
  void fail(const error& why) {
    say(control::actor_said{"t", messages::stage_failed{"table", present, why}});
    turns_.run();
  }
  [[nodiscard]] report_given report() {
    std::optional<report_given> out;
    const auto asker = system_.spawn([&](caf::event_based_actor* self) -> caf::behavior {
      self->request(directors_, std::chrono::minutes(1), ask_for_report{"t", "t"})
          .then([&](const report_given& r) { out = r; });
      return {[](int) {}};
    });
    turns_.run();
    caf::anon_send_exit(asker, caf::exit_reason::kill);
    turns_.run();
    REQUIRE(out);
    return *out;
  }

  cluster::topology_state state;
  std::vector<std::string> actors;
  std::size_t reporters = 0;  // lanes have no counts
  std::vector<topology_end> told;
  std::vector<cluster::request> wishes;

private:
  void say(const control::to_director& what) { caf::anon_send(directors_, said_to_director{"here", what}); }
  void obey(const control::to_node_of_actors& m) {
    const auto& what = std::get<control::actor_told>(m).what;
    const auto& actor = control::receiver_of(what);
    if (std::holds_alternative<control::director_effects::collect>(what)) {
      messages::report_part part;
      part.actor = actor;
      part.life = present;
      part.rows = 5;
      say(control::actor_said{"t", part});
    } else if (std::holds_alternative<control::director_effects::stop>(what)) {
      say(control::actor_said{"t", messages::stopped{actor, present}});
      say(control::actor_over{"t", actor, present});
    }
  }

  applied_here here_;
  snapshot::test::faulty_file_system files_;
  millrace::test::turn_by_turn config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& turns_ = millrace::test::turns_of(system_);
  caf::actor board_, coordinator_;
  directors_actor directors_;
};

const error wrong_table{ec::mismatch, fault::user, false, "the table has no column n", {}};

}  // namespace

TEST_CASE("the end of a topology is told once it is recorded, with its last report and the error as it was") {
  directed_here d;
  d.run();
  d.fail(wrong_table);
  REQUIRE(d.wishes.size() == 1);
  const auto& wish = std::get<cluster::records::topology_failed>(d.wishes.front());
  CHECK(d.told.empty());
  d.record(topology_status::failed, wish.why, wish.actor);
  REQUIRE(d.told.size() == 1);
  const auto& end = d.told.front();
  CHECK_FALSE(end.finished);
  REQUIRE(end.failure);
  CHECK(end.failure->code == ec::mismatch);
  CHECK(end.failure->whose == fault::user);
  CHECK(end.failure->message == "the table has no column n");
  CHECK(end.failure->stage == "table");
  REQUIRE(end.parts.size() == d.reporters);
  CHECK(end.parts.front().rows == 5);
  d.record(topology_status::failed, wish.why, wish.actor);
  CHECK(d.told.size() == 1);
}

TEST_CASE("a topology that the coordinator has ended is told of with what is recorded") {
  directed_here d;
  d.run();
  SECTION("before its director had ended it") {
    d.record(topology_status::failed, "its chain is damaged", "counts/0");
  }
  SECTION("while its director ended it for another reason") {
    d.fail(wrong_table);
    d.record(topology_status::failed, "its chain is damaged", "counts/0");
  }
  REQUIRE(d.told.size() == 1);
  REQUIRE(d.told.front().failure);
  CHECK(d.told.front().failure->message == "its chain is damaged");
  CHECK(d.told.front().failure->stage == "counts/0");
}

TEST_CASE("a topology that is stopped has neither finished nor failed") {
  directed_here d;
  d.run();
  d.record(topology_status::stopping);
  REQUIRE(d.wishes.size() == 1);
  CHECK(std::holds_alternative<cluster::records::finished>(d.wishes.front()));
  CHECK(d.told.empty());
  d.record(topology_status::stopped);
  REQUIRE(d.told.size() == 1);
  CHECK_FALSE(d.told.front().finished);
  CHECK_FALSE(d.told.front().failure);
  CHECK(d.told.front().parts.size() == d.reporters);
}

TEST_CASE("a plan that cannot be read ends its topology with the reason") {
  directed_here d;
  d.state.plan = "?";
  d.record(topology_status::running);
  REQUIRE(d.wishes.size() == 1);
  CHECK(d.told.empty());
  const auto why = std::get<cluster::records::topology_failed>(d.wishes.front()).why;
  d.record(topology_status::failed, why, "t");
  REQUIRE(d.told.size() == 1);
  REQUIRE(d.told.front().failure);
  CHECK(d.told.front().failure->code == decode_plan("?").error().code);
  CHECK(d.wishes.size() == 1);
}

TEST_CASE("an end that was recorded at the end of an epoch is told under the next one") {
  directed_here d;
  d.run();
  d.fail(wrong_table);
  d.lead_no_more();
  SECTION("it was recorded") {
    d.state.status = topology_status::failed;
    d.state.why = wrong_table.message;
    d.lead(2);
    REQUIRE(d.told.size() == 1);
    CHECK(d.told.front().failure->code == ec::mismatch);
    d.lead_no_more();
    d.lead(3);
    CHECK(d.told.size() == 1);
  }
  SECTION("it was not") {
    d.lead(2);
    CHECK(d.told.empty());
    d.record(topology_status::running);
    d.record(topology_status::stopped);
    CHECK(d.told.size() == 1);
  }
  SECTION("another plan was applied instead") {
    d.state.generation = 2;
    d.state.status = topology_status::stopped;
    d.lead(2);
    CHECK(d.told.empty());
  }
}

TEST_CASE("a topology that was over before it was directed here is not told of") {
  directed_here d;
  d.record(topology_status::finished);
  CHECK(d.told.empty());
}

TEST_CASE("a report is given as text and as the parts that it was made of") {
  directed_here d;
  d.run();
  const auto running = d.report();
  CHECK(running.is_known);
  REQUIRE(running.parts.size() == d.reporters);
  CHECK(running.parts.front().rows == 5);
  d.record(topology_status::stopping);
  d.record(topology_status::stopped);
  CHECK(d.report().parts.size() == d.reporters);
}

}  // namespace millrace::host::test
