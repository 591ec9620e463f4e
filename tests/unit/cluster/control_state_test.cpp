#include "runtime/cluster/control_state.hpp"
#include "tests/unit/cluster/control_examples.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::control_state_trial {

using test::one_of_each;
using test::state_of;

namespace {

const actor_id lane{"t", "lane"};
const actor_id file{"t", "file"};

control_state running() {
  return state_of({records::founded{"c", 1},
                   records::topology_applied{
                       "t", "p1", 1, {{"lane", actor_kind::lane}, {"file", actor_kind::sink, "", true, ""}}},
                   records::session_given{"a", 11, 1}, records::placed{lane, "a", 1, 1},
                   records::placed{file, "a", 1, 2}});
}

void refuse(control_state s, const record& r) {
  const auto before = s;
  const auto done = s.apply(r);
  REQUIRE_FALSE(done);
  CHECK(done.error().code == ec::corrupt);
  CHECK(s == before);
}

}  // namespace

TEST_CASE("the text of a state has its nodes, topologies and actors, and no plan") {
  const auto text = to_text(state_of(one_of_each()));
  CHECK(text == "cluster 00112233445566778899aabbccddeeff, formats 4, 2 sessions, 4 terms\n"
                "node a session 1 draining\n"
                "topology clicks generation 1 stopping, 1 verdicts, 1 starts\n"
                "  file pinned to its first node on b session 2 term 3 generation 1\n"
                "  p/lane0 on a session 1 term 4 generation 1\n"
                "  w/0 on b session 2 term 2 generation 1, 1 crashes\n"
                "topology fourth generation 1 running paused, 0 verdicts, 0 starts\n"
                "topology third generation 6 since 6 running, 0 verdicts, 0 starts\n"
                "chains other are to be cleared\n");
  CHECK(to_string(topology_status::running) == "running");
}

TEST_CASE("no term and no session is given twice, whoever had it") {
  refuse(running(), records::placed{lane, "a", 1, 2});
  refuse(running(), records::term_granted{lane, 1});
  refuse(running(), records::session_given{"b", 12, 1});
}

TEST_CASE("records that contradict the state are refused, and change nothing") {
  const auto s = running();
  refuse(s, records::founded{"d", 1});
  refuse(s, records::topology_applied{"t", "", 1, {}});
  refuse(s, records::topology_applied{"new", "", 0, {}});
  refuse(s, records::session_ended{"a", 7, true, 0});
  refuse(s, records::session_ended{"z", 1, true, 0});
  refuse(s, records::placed{{"t", "nobody"}, "a", 1, 9});
  refuse(s, records::placed{{"no", "lane"}, "a", 1, 9});
  refuse(s, records::term_granted{{"t", "nobody"}, 9});
  refuse(s, records::verdict_given{"no", "", {}, ""});
  refuse(s, records::verdicts_settled{"no", "", {}});
  refuse(s, records::partition_started{"no", "", "", "", {}, ""});
  refuse(s, records::topology_failed{"no", "", ""});
  refuse(s, records::finished{"no"});
  refuse(s, records::stop_asked{"no"});
  refuse(s, records::drain_set{"no", true});
}

TEST_CASE("a pinned actor belongs to the node that it was placed on first, until that is forgotten") {
  auto s = running();
  CHECK(s.find(file)->spec.node == "a");
  REQUIRE(s.apply(records::topology_applied{"t", "p2", 2, {{"file", actor_kind::sink, "", true, ""}}}));
  CHECK(s.find(file)->spec.node == "a");
  CHECK(s.find(file)->at->generation == 1);
  CHECK(s.find(lane) == nullptr);
  REQUIRE(s.apply(records::node_forgotten{"a"}));
  CHECK(s.find(file)->spec.node.empty());
  CHECK(s.nodes.empty());
}

TEST_CASE("what has failed or finished has no places; applied again it goes on with what was decided") {
  auto s = running();
  REQUIRE(s.apply(records::verdict_given{"t", "log", {0, 1}, "why"}));
  REQUIRE(s.apply(records::partition_started{"t", "p", "1", "log", {}, "lane"}));
  REQUIRE(s.apply(records::topology_failed{"t", "lane", "why"}));
  CHECK_FALSE(s.find(lane)->at);
  refuse(s, records::placed{lane, "a", 1, 9});
  refuse(s, records::stop_asked{"t"});
  REQUIRE(s.apply(records::topology_applied{"t", "p1", 2, {{"lane", actor_kind::lane}}}));
  const auto& t = s.topologies.at("t");
  CHECK((t.status == topology_status::running && t.why.empty() && t.failed_actor.empty()));
  CHECK((t.verdicts.size() == 1 && t.starts.size() == 1));
  REQUIRE(s.apply(records::finished{"t"}));
  CHECK(s.topologies.at("t").status == topology_status::finished);
}

TEST_CASE("a verdict stays as it was given first, and goes once it is settled; so does a start stay") {
  auto s = running();
  REQUIRE(s.apply(records::verdict_given{"t", "log", {0, 1}, "first"}));
  REQUIRE(s.apply(records::verdict_given{"t", "log", {0, 1}, "second"}));
  CHECK(s.topologies.at("t").verdicts.begin()->second == "first");
  REQUIRE(s.apply(records::verdicts_settled{"t", "other", {9, 9}}));
  REQUIRE(s.apply(records::verdicts_settled{"t", "log", {0, 1}}));
  CHECK(s.topologies.at("t").verdicts.size() == 1);
  REQUIRE(s.apply(records::verdicts_settled{"t", "log", {0, 2}}));
  CHECK(s.topologies.at("t").verdicts.empty());
  REQUIRE(s.apply(records::partition_started{"t", "p", "1", "log", {{0, 5}}, "lane"}));
  REQUIRE(s.apply(records::partition_started{"t", "p", "1", "log", {{0, 9}}, "lane"}));
  CHECK(s.topologies.at("t").starts.begin()->second.start.at == position{0, 5});
}

TEST_CASE(
    "a new plan forgets crashes, and a verdict those at its record; deaths of a node outlive its sessions") {
  auto s = running();
  const attempt records{"log", {0, 10}, {0, 20}, 10};
  const records::crash_told told{lane, {"a", 1, 11, records, 5}};
  REQUIRE(s.apply(told));
  REQUIRE(s.apply(records::crash_told{{"t", "nobody"}, told.what}));
  CHECK(s.find(lane)->crashes == std::vector{told.what});
  REQUIRE(s.apply(records::verdict_given{"t", "log", {0, 20}, ""}));
  REQUIRE(s.apply(records::verdict_given{"t", "other", {0, 10}, ""}));
  CHECK(s.find(lane)->crashes.size() == 1);
  REQUIRE(s.apply(records::verdict_given{"t", "log", {0, 19}, ""}));
  CHECK(s.find(lane)->crashes.empty());
  REQUIRE(s.apply(told));
  REQUIRE(s.apply(records::session_ended{"a", 1, true, 7}));
  CHECK(s.find(lane)->died_at == 7);
  CHECK(s.find(file)->died_at == 7);
  REQUIRE(s.apply(records::session_given{"a", 12, 2}));
  CHECK(s.nodes.at("a").deaths == std::vector<event_micros>{7});
  REQUIRE(s.apply(records::topology_applied{"t", "p2", 2, {{"lane", actor_kind::lane}}}));
  CHECK(s.find(lane)->crashes.empty());
  CHECK(s.find(lane)->died_at == std::nullopt);
}

TEST_CASE("a new session ends the draining, and the floor of formats never falls") {
  auto s = running();
  REQUIRE(s.apply(records::drain_set{"a", true}));
  REQUIRE(s.apply(records::session_given{"a", 12, 2}));
  CHECK_FALSE(s.nodes.at("a").is_draining);
  REQUIRE(s.apply(records::formats_raised{5}));
  REQUIRE(s.apply(records::formats_raised{4}));
  CHECK(s.formats == 5);
}

}  // namespace millrace::cluster::control_state_trial
