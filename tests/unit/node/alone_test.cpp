// A node that is alone, turn by turn: it waits for nobody, so all that it does is done before any time passes.
#include "actors/node/control/control_book.hpp"
#include "actors/node/control/node_options.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/node/stores.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

using namespace node_test;

namespace {

/// Lives that end when they are told to.
struct willing_lives final : life_factory {
  void begin(const cluster::actor_id& actor, std::uint64_t, const life& now, const life_listener&) override {
    running[actor.name] = now;
  }
  void end(const cluster::actor_id& actor, const life& last) override {
    running.erase(actor.name);
    caf::anon_send(agent, life_over{actor, last, life_outcome::ended});
  }
  void detach(const std::string&) override {}
  void directed_by(const cluster::process_id&, const cluster::epoch&) override {}

  life_listener agent;
  std::map<std::string, life> running;
};

const cluster::records::topology_applied one_lane{
    "t", "plan", 0, {{"lane0", cluster::actor_kind::lane, "lanes"}}};

struct no_transport final : node_transport {
  void send(const cluster::process_id&, std::string) override { FAIL("there is nobody to send to"); }
};

/// Processes of one node, one after the other, over one store. No time passes.
class one_node {
public:
  ~one_node() {
    kill();
    turns_.clock().cancel_all();
  }

  using introduction = std::function<void(caf::scheduler::test_coordinator&)>;
  void begin(bool is_alone = true, std::vector<cluster::registration::last_word> last_words = {},
             std::vector<cluster::request> begins_with = {}, const introduction& introduce = {}) {
    lives_ = std::make_shared<willing_lives>();
    node_options o;
    o.mine = {"here", ++instances_};
    o.cluster = "c";
    o.is_alone = is_alone;
    o.last_words = std::move(last_words);
    o.store = store_.reach();
    o.transport = std::make_shared<no_transport>();
    o.lives = lives_;
    o.on_over = [this](const std::string& why) { over = why; };
    o.clock = [] { return cluster::moment{std::chrono::hours(1), 3'600'000'000}; };
    o.begins_with = std::move(begins_with);
    over.clear();
    now_ = spawn_node(system_, std::move(o), [&](const node_actors& actors) {
      lives_->agent = actors.agent;
      if (introduce)
        introduce(turns_);
    });
    turns_.run();
  }
  void apply() {
    caf::anon_send(now_.coordinator, ask_cluster{one_lane});
    turns_.run();
  }
  void leave() {
    caf::anon_send(now_.agent, leave_cluster{});
    turns_.run();
  }
  void kill() {
    for (const auto& a :
         {caf::actor_cast<caf::actor>(now_.post), caf::actor_cast<caf::actor>(now_.coordinator),
          caf::actor_cast<caf::actor>(now_.agent), caf::actor_cast<caf::actor>(now_.keeper)})
      caf::anon_send_exit(a, caf::exit_reason::kill);
    turns_.run();
    now_ = {};
  }
  void lose_control() {
    const auto seen = must(control_book(store_.reach()).look());
    must(control_book(store_.reach()).open({seen.highest.term + 1, 5}));
  }
  [[nodiscard]] const std::map<std::string, life>& running() const { return lives_->running; }
  [[nodiscard]] bool is_store_untouched() {
    return must(store_.reach()->look(control_of_cluster())).highest == life();
  }
  [[nodiscard]] cluster::control_state control() {
    const auto found = must(store_.reach()->look(control_of_cluster()));
    return must(cluster::sum_up(found.contents.base, found.contents.increments));
  }

  std::string over;

private:
  folder_in_memory store_;
  millrace::test::turn_by_turn config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& turns_ = millrace::test::turns_of(system_);
  std::shared_ptr<willing_lives> lives_;
  node_actors now_;
  std::uint64_t instances_ = 0;
};

}  // namespace

TEST_CASE("a node that is alone leads, runs what is applied and leaves before any time passes") {
  one_node n;
  n.begin();
  n.apply();
  CHECK(n.running().contains("lane0"));
  n.leave();
  CHECK(n.over == "it was asked to end");
  CHECK(n.control().nodes.at("here").is_over);
}

TEST_CASE("a node that is alone ends where another process has taken its store, and does not take it back") {
  one_node n;
  n.begin();
  n.lose_control();
  n.apply();
  CHECK(n.over.find("another process has opened") != std::string::npos);
  CHECK(n.running().empty());
}

TEST_CASE("a node that may have company waits for it") {
  one_node n;
  n.begin(false);
  n.apply();
  CHECK(n.running().empty());
}

TEST_CASE("a node that is alone goes on at once after it has left, and after it was killed") {
  const bool is_killed = GENERATE(true, false);
  one_node n;
  n.begin();
  n.apply();
  const auto first = n.running().at("lane0");
  if (is_killed)
    n.kill();
  else
    n.leave();
  n.begin();
  REQUIRE(n.running().contains("lane0"));
  CHECK(n.running().at("lane0").term > first.term);
  CHECK(n.control().nodes.at("here").session == 2);
}

TEST_CASE("an actor that ends its process again and again does not wait where its node is alone") {
  one_node n;
  n.begin();
  n.apply();
  for (std::uint64_t process = 1; process <= 5; ++process) {
    n.kill();
    n.begin(true, {{{"t", "lane0"}, process, 11, {}}});
    CHECK(n.control().topologies.at("t").actors.at("lane0").crashes.size() == process);
    CHECK(n.running().contains("lane0"));
  }
}

TEST_CASE("a node does nothing before others know it, however long the processor is with its actors") {
  one_node n;
  bool was_introduced = false;
  n.begin(true, {}, {one_lane}, [&](auto& turns) {
    turns.run();
    was_introduced = true;
    CHECK(n.running().empty());
    CHECK(n.is_store_untouched());
  });
  CHECK(was_introduced);
  CHECK(n.running().contains("lane0"));
}
