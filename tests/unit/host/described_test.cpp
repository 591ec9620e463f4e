// Tests what the API says of topologies and nodes, from what a coordinator knows.
#include "actors/node/host/described.hpp"

#include <catch2/catch.hpp>

namespace millrace::host::test {
namespace {

using cluster::topology_status;

/// Topology t with a pinned lane and a free shard, on nodes a and b.
struct known {
  known() {
    state.nodes["a"] = {11, 1};
    state.nodes["b"] = {12, 2};
    auto& t = state.topologies["t"];
    t.actors["p/lane0"] = {{"p/lane0", cluster::actor_kind::lane, "p", true, "a"},
                           cluster::place{"a", 1, 5, 1}};
    t.actors["w/0"] = {{"w/0", cluster::actor_kind::shard, "w"}, cluster::place{"b", 2, 6, 1}};
    seen.present = {"a", "b"};
  }
  [[nodiscard]] node::cluster_described described() const {
    auto d = seen;
    d.state = std::make_shared<const cluster::control_state>(state);
    return d;
  }
  cluster::topology_state& t() { return state.topologies.at("t"); }
  api::answers::topology shown() {
    auto out = topology_of(described(), "t");
    REQUIRE(out);
    CHECK(topologies_of(described()).all == std::vector{*out});
    return *out;
  }
  api::answers::node node_called(const std::string& name) {
    for (auto& n : nodes_of(described(), "a").all)
      if (n.name == name)
        return n;
    FAIL("no node is called " << name);
    return {};
  }

  cluster::control_state state;
  node::cluster_described seen;
};

}  // namespace

TEST_CASE("a topology is described by its status") {
  known k;
  using s = api::topology_state;
  CHECK(k.shown() == api::answers::topology{"t", s::running, ""});
  k.t().status = topology_status::stopping;
  CHECK(k.shown() == api::answers::topology{"t", s::running, "it is stopping"});
  k.t().status = topology_status::stopped;
  CHECK(k.shown() == api::answers::topology{"t", s::stopped, ""});
  k.t().status = topology_status::finished;
  CHECK(k.shown() == api::answers::topology{"t", s::ended, ""});
  k.t().ended_at = 1'800'000'000'000'000;
  CHECK(k.shown().ended_at == api::event_time{1'800'000'000'000'000});
  k.t().status = topology_status::running;
  CHECK(k.shown() == api::answers::topology{"t", s::running, ""});
}

TEST_CASE("a topology that has failed says why, and which actor it was unless that is the topology itself") {
  known k;
  k.t().status = topology_status::failed;
  k.t().why = "no such column";
  CHECK(k.shown() == api::answers::topology{"t", api::topology_state::failed, "no such column"});
  k.t().failed_actor = "t";
  CHECK(k.shown().reason == "no such column");
  k.t().failed_actor = "table";
  CHECK(k.shown().reason == "table: no such column");
}

TEST_CASE("actors that wait are named, with the node that they wait for and how to give it up") {
  known k;
  k.seen.waiting = {{"other", "x"}, {"t", "p/lane0"}};
  const auto pinned = k.shown();
  CHECK(pinned.state == api::topology_state::running);
  CHECK(pinned.reason == "p/lane0 waits for node a, on whose disk it is: start node a again; `millrace "
                         "forget a` gives it up there, "
                         "and what only its disk has is lost, such as unread lines");
  k.seen.waiting = {{"t", "w/0"}, {"t", "gone"}};
  CHECK(
      k.shown().reason ==
      "w/0, gone wait for a node that may be given something: start another node, or `millrace undrain` one");
  k.seen.waiting = {{"t", "gone"}};
  CHECK(k.shown().reason ==
        "gone waits for a node that may be given something: start another node, or `millrace undrain` one");
}

TEST_CASE("actors that wait for several nodes are told by node, in one trouble") {
  known k;
  k.t().actors["s"] = {{"s", cluster::actor_kind::sink, "s", true, "c"}};
  k.seen.waiting = {{"t", "p/lane0"}, {"t", "s"}, {"t", "w/0"}};
  auto& a = k.state.nodes.at("a");
  a.is_over = true;
  a.deaths = {1'700'000'000'000'000};
  const auto all = waiting_of(k.described(), "t");
  REQUIRE(all.size() == 3);
  CHECK((all[0].stages == std::vector<std::string>{"w"} && all[0].since == api::event_time{}));
  CHECK((all[1].stages == std::vector<std::string>{"p"} &&
         all[1].text == "p/lane0 waits for node a, on whose disk it is"));
  CHECK(all[1].since == api::event_time{1'700'000'000'000'000});
  CHECK((all[2].stages == std::vector<std::string>{"s"} &&
         all[2].text == "s waits for node c, on whose disk it is"));
  CHECK(all[2].remedy.starts_with("start node c; "));  // no process of that name was here
  const auto shown = k.shown();
  REQUIRE(shown.troubles.size() == 1);
  CHECK(shown.troubles[0].since == all[1].since);
}

TEST_CASE("a drained node is given its actors by undrain") {
  known k;
  k.seen.waiting = {{"t", "p/lane0"}};
  auto& a = k.state.nodes.at("a");
  a.is_draining = true;
  CHECK(waiting_of(k.described(), "t").at(0).remedy == "`millrace undrain a`");
  k.seen.present = {"b"};
  CHECK(waiting_of(k.described(), "t")
            .at(0)
            .remedy.starts_with("start node a again, and `millrace undrain a`; "));
}

TEST_CASE(
    "actors wait for a node since it died, and nobody knows since when for one that has ended in order") {
  known k;
  k.t().actors["p/lane1"] = k.t().actors.at("p/lane0");
  k.seen.waiting = {{"t", "p/lane0"}, {"t", "p/lane1"}};
  auto& a = k.state.nodes.at("a");
  a.is_over = true;
  a.deaths = {1'600'000'000'000'000, 1'700'000'000'000'000};
  CHECK(api::answers::since_of(k.shown()) == api::event_time{1'700'000'000'000'000});
  CHECK(k.shown().reason ==
        "p/lane0, p/lane1 wait for node a, on whose disk they are, since 2023-11-14T22:13:20Z: start node a "
        "again; `millrace forget a` gives them up there, and what only its disk has is lost, such as unread "
        "lines");
  a.has_left = true;
  CHECK(api::answers::since_of(k.shown()) == api::event_time{});
  a = {11, 3};  // it is back, and was never given the lane
  a.deaths = {1'600'000'000'000'000};
  CHECK(api::answers::since_of(k.shown()) == api::event_time{});
}

TEST_CASE("an actor that has ended processes is named, with the node, its records and the next try") {
  known k;
  auto& a = k.t().actors.at("p/lane0");
  k.seen.now = 100'000'000;
  a.crashes = {{"b", 1, 11, attempt{"p/4", {0, 165}, {0, 265}, 100}, 90'000'000}};
  CHECK(k.shown().reason ==
        "p/lane0 has taken down node b between p/4@165 and p/4@265, since 1970-01-01T00:01:30Z");
  CHECK(api::answers::since_of(k.shown()) == api::event_time{90'000'000});
  a.crashes.push_back({"b", 2, 11, attempt{"p/4", {0, 165}, {0, 166}, 1, position{0, 165}}, 95'000'000});
  a.crashes.push_back({"a", 3, 11, attempt{"p/4", {0, 165}, {0, 166}, 1, position{0, 165}}, 99'999'999});
  CHECK(k.shown().reason == "p/lane0 has taken down node a (3 times) at record p/4@165; next try in 5 s, "
                            "since 1970-01-01T00:01:30Z");
  const auto told = crashes_of(k.described(), "t");
  REQUIRE(told.size() == 1);
  CHECK((told[0].stage == "p" && told[0].actor == "p/lane0" && told[0].is_waiting));
  k.seen.now = 105'000'000;
  CHECK(k.shown().reason ==
        "p/lane0 has taken down node a (3 times) at record p/4@165, since 1970-01-01T00:01:30Z");
  CHECK_FALSE(crashes_of(k.described(), "t").at(0).is_waiting);
  a.crashes.back().records = attempt{"w/0/5", {7, whole}, {9, whole}, 3};
  CHECK(k.shown().reason ==
        "p/lane0 has taken down node a (3 times) in the output of w/0/5, since 1970-01-01T00:01:30Z");
  k.seen.now = 705'000'000;
  CHECK(k.shown().reason.empty());
}

TEST_CASE("a shard has one name, without its generation") {
  known k;
  auto& t = k.t();
  t.actors["w/4/7"] = {{"w/4/7", cluster::actor_kind::shard, "w"}, cluster::place{"a", 1, 7, 1}};
  CHECK(k.node_called("a").actors == std::vector<std::string>{"t/p/lane0", "t/w/7"});
  k.seen.waiting = {{"t", "w/4/7"}};
  CHECK(k.shown().troubles.at(0).text == "w/7 waits for a node that may be given something");
  k.seen.waiting.clear();
  t.actors.at("w/4/7").crashes = {{"b", 1, 11, std::nullopt, 0}};
  CHECK(crashes_of(k.described(), "t").at(0).actor == "w/7");
  CHECK(k.shown().troubles.at(0).text == "w/7 has taken down node b");
  t.status = topology_status::failed;
  t.failed_actor = "w/4/7";
  t.why = "no such column";
  CHECK(k.shown().reason == "w/7: no such column");
}

TEST_CASE("a node that dies again and again is flapping") {
  known k;
  k.state.nodes["b"].deaths = {1, 2, 3, 4, 5};
  CHECK(k.node_called("b").state == api::node_state::flapping);
  k.seen.now = 600'000'005;
  CHECK(k.node_called("b").state == api::node_state::up);
}

TEST_CASE("a topology that the cluster does not have is not found") {
  const auto none = topology_of(known().described(), "nothing");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == ec::not_found);
}

TEST_CASE("a node has a session, its actors of that session, and may lead") {
  known k;
  CHECK(k.node_called("a") == api::answers::node{"a", 1, true, api::node_state::up, {"t/p/lane0"}});
  CHECK(k.node_called("b") == api::answers::node{"b", 2, false, api::node_state::up, {"t/w/0"}});
  k.state.nodes["b"].session = 3;  // its actors are of the process before
  CHECK(k.node_called("b").actors.empty());
}

TEST_CASE("a node is silent when it does not answer, draining while it has actors, and drained without") {
  known k;
  k.seen.present = {"a"};
  CHECK(k.node_called("b").state == api::node_state::silent);
  k.state.nodes["b"].is_draining = true;
  CHECK(k.node_called("b").state == api::node_state::draining);
  k.t().actors.at("w/0").at.reset();
  CHECK(k.node_called("b").state == api::node_state::drained);
  k.state.nodes["b"].has_left = true;
  CHECK(k.node_called("b").state == api::node_state::left);
}

TEST_CASE("a drain leaves what is pinned to the node, and says what would release it") {
  known k;
  const auto none = [](const std::string&) { return nullptr; };
  CHECK(staying_on(k.described(), "b", none).empty());
  const auto stays = staying_on(k.described(), "a", none);
  REQUIRE(stays.size() == 1);
  CHECK(stays[0].actor == "t/p/lane0");
  CHECK(stays[0].why == "it is on the disk of a");
  CHECK(stays[0].release.find("`millrace forget a`") != std::string::npos);
  const auto plan = load_plan(R"({"millrace":1,"topology":"t","stages":{
    "in":{"source":"kafka","brokers":"b:9092","topic":"t","node":"a"},
    "p":{"parser":"json","from":"in","schema":{"n":"bigint"}},
    "out":{"sink":"console","from":"p"}}})",
                              "t");
  REQUIRE(plan);
  const auto named = staying_on(k.described(), "a", [&](const std::string&) { return *plan; });
  CHECK(named.at(0).why == "\"node\" of in names a");
  CHECK(named.at(0).release == "`millrace apply` of t with another \"node\" in in");
  k.t().status = topology_status::stopped;
  CHECK(staying_on(k.described(), "a", none).empty());
}

}  // namespace millrace::host::test
