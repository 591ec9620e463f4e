// Batches that count and were not recorded, since their leader has died, are found by the next leader. Each
// question has an answer, also where the coordinator of the node has none. The list of topologies names the
// sinks that are late, on any node.
#include "actors/node/host/question.hpp"
#include "actors/node/host/view.hpp"
#include "actors/observe/pause.hpp"
#include "tests/support/turn_by_turn.hpp"
#include "tests/unit/host/replayed_topology.hpp"

#include <caf/event_based_actor.hpp>
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
  std::shared_ptr<const cluster::control_state> state = std::make_shared<const cluster::control_state>();
  std::set<std::string> present = {};
};

node::coordinator_actor::behavior_type coordinator_behaviour(node::coordinator_actor::pointer,
                                                             const std::shared_ptr<asked_coordinator>& c) {
  return {
      [](const node::envelope_came&) {},
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
        d.state = c->state;
        d.present = c->present;
        return d;
      },
  };
}

/// Answers the questions of the view as node b, which has a late sink or does not answer.
struct other_node {
  mail_reader to;
  std::optional<std::string> troubles;
};
caf::behavior board_behaviour(caf::event_based_actor*, const std::shared_ptr<other_node>& b) {
  return {[=](const send_mail& m) {
    const auto q = decode_question(m.bytes);
    if (q && b->troubles && q->what == question_content(api::request(api::requests::own_troubles{})))
      caf::anon_send(b->to, mail_came{m.node, mail::answer,
                                      encode_answer(q->number, api::answers::document{*b->troubles})});
  }};
}

struct viewed {
  explicit viewed(std::shared_ptr<node::chain_store> store)
      : system(config), turns(millrace::test::turns_of(system)) {
    view_options o;
    o.node = "a";
    coordinating = system.spawn(coordinator_behaviour, coordinator);
    o.coordinator = coordinating;
    o.store = store;
    o.plans = std::make_shared<planned_topologies>();
    o.letters = std::move(store);
    o.running = running;
    o.events = spawn_event_keeper(system, o.store);
    o.board = caf::actor_cast<switchboard>(system.spawn(board_behaviour, other));
    view = spawn_view(system, std::move(o));
    other->to = view;
  }
  ~viewed() {
    caf::anon_send(view, messages::stop{});
    turns.run();
  }

  void pass(std::chrono::milliseconds time) {
    for (; time.count() > 0; time -= std::chrono::milliseconds(200)) {
      turns.advance_time(std::chrono::milliseconds(200));
      turns.run();
    }
  }
  void end_coordinator() {
    caf::anon_send_exit(coordinating, caf::exit_reason::user_shutdown);
    turns.run();
  }
  /// Returns the answer that it has given by now, if it has.
  std::optional<expected<api::answer>> ask(api::request what) {
    const auto got = std::make_shared<std::optional<expected<api::answer>>>();
    requests_to(view)->ask(std::move(what), {got, [got](expected<api::answer> a) { *got = std::move(a); }});
    turns.run();
    return *got;
  }
  /// The topologies, and why they stand as they do.
  [[nodiscard]] std::vector<std::string> listed() {
    std::vector<std::string> out;
    requests_to(view)->ask(api::requests::list{}, api::reply(asker, [&](expected<api::answer> a) {
                             REQUIRE(a);
                             for (const auto& t : std::get<api::answers::topologies>(*a).all)
                               out.push_back(t.name + ": " + t.reason);
                           }));
    turns.run();
    return out;
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
  node::coordinator_actor coordinating;
  std::shared_ptr<other_node> other = std::make_shared<other_node>();
  std::shared_ptr<observe::running_topologies> running = std::make_shared<observe::running_topologies>();
  std::shared_ptr<int> asker = std::make_shared<int>();
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

TEST_CASE("every question is answered where the coordinator of the node does not answer") {
  node_test::folder_in_memory folder;
  viewed v(folder.reach());
  v.end_coordinator();
  using namespace api::requests;
  for (const api::request& what :
       {api::request(list{}), api::request(nodes{}), api::request(status{}), api::request(wait{"clicks"}),
        api::request(report{"clicks"}), api::request(stop{"clicks"}),
        api::request(restart{"clicks", "counts"}), api::request(drain{"b"}), api::request(forget{"b"}),
        api::request(graph{"clicks"})}) {
    CAPTURE(what.index());
    const auto a = v.ask(what);
    REQUIRE(a);
    REQUIRE_FALSE(*a);
    CHECK(a->error().message == "the coordinator of this node does not answer; ask again");
  }
  const auto ready = v.ask(readyz{});
  REQUIRE((ready && *ready));
  CHECK(std::get<api::answers::page>(**ready).text == "the coordinator of this node does not answer\n");
  const auto healthy = v.ask(healthz{});
  REQUIRE((healthy && *healthy));
  CHECK(std::get<api::answers::page>(**healthy).is_good);
  const auto counted = v.ask(metrics{});
  REQUIRE((counted && *counted));
  CHECK(std::get<api::answers::page>(**counted).is_good);
}

TEST_CASE("a list names the troubles of topologies, here and on other nodes") {
  node_test::folder_in_memory folder;
  viewed v(folder.reach());
  v.coordinator->leads = cluster::epoch{2, 1};
  auto state = std::make_shared<cluster::control_state>();
  state->topologies["far"].status = state->topologies["near"].status = cluster::topology_status::running;
  state->topologies["near"].is_paused = true;
  v.coordinator->state = state;
  v.coordinator->present = {"a", "b"};
  auto near = std::make_shared<config::topology>();
  near->name = "near";
  observe::running_topology t{std::move(near), {}, nullptr};
  auto gauges = std::make_shared<sink::sink_gauges>();
  gauges->reached = true;
  t.gauges.sinks["rows"] = gauges;
  v.running->add(std::move(t));
  const std::string paused(observe::paused_words);
  const std::string far_is_slow =
      R"({"troubles": [{"topology": "far", "code": "target_slow", "stage": "table", "node": "b", "text": "table is slow", )"
      R"("error": "", "since": null, "remedy": ""}], "silence": {"read": [], "open": []}})";
  v.pass(seconds(3));
  CHECK(v.listed() == std::vector<std::string>{"far: ", "near: " + paused});
  gauges->call.begin(observe::flow_meter::clock::now() - std::chrono::minutes(5));
  v.other->troubles = far_is_slow;
  v.pass(seconds(3));
  const auto listed = v.listed();
  REQUIRE(listed.size() == 2);
  CHECK(listed[0] == "far: table is slow, on b");
  CHECK(listed[1].starts_with("near: " + paused +
                              "; rows is stalled: its target has not answered a call for 5 minutes, since "));
  CHECK(listed[1].ends_with(", on a"));
  v.other->troubles = R"({"troubles": [], "silence": {"read": [], "open": []}})";
  gauges->call.end();
  v.pass(seconds(3));
  CHECK(v.listed() == std::vector<std::string>{"far: ", "near: " + paused});
  v.other->troubles = far_is_slow;
  v.pass(seconds(3));
  CHECK(v.listed().front() == "far: table is slow, on b");
  v.coordinator->present = {"a"};  // it is silent
  v.pass(seconds(3));
  CHECK(v.listed().front() == "far: ");
}

}  // namespace millrace::host::test
