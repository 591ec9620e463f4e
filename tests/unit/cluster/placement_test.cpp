#include "runtime/cluster/placement.hpp"

#include <catch2/catch.hpp>

#include <map>

namespace millrace::cluster::placement_trial {

namespace {

placeable_actor actor(const std::string& name, const std::string& group, const std::string& at = "",
                      session of = 0) {
  return {{"t", name}, group, false, "", at, of};
}
placeable_actor pinned(const std::string& name, const std::string& to) { return {{"t", name}, "", true, to}; }

const std::vector<offered_node> two{{"a", 1, 1}, {"b", 2, 1}};

std::map<std::string, int> count(const std::vector<move>& all) {
  std::map<std::string, int> out;
  for (const auto& m : all)
    ++out[m.to];
  return out;
}

}  // namespace

TEST_CASE("the shards of one window are spread, as are its lanes, and all is within one") {
  const auto all =
      moves(two, {actor("l0", "l"), actor("l1", "l"), actor("w0", "w"), actor("w1", "w"), actor("w2", "w")});
  REQUIRE(all.size() == 5);
  CHECK(count(all) == std::map<std::string, int>{{"a", 3}, {"b", 2}});
  CHECK(all[0].to != all[1].to);
  CHECK(all[2].to != all[3].to);
  CHECK(all[0] == move{{"t", "l0"}, "a", 1, reason::homeless});
}

TEST_CASE("a node with twice the cores gets twice the work") {
  std::vector<placeable_actor> six;
  for (int i = 0; i < 6; ++i)
    six.push_back(actor(std::to_string(i), "w"));
  CHECK(count(moves({{"a", 1, 4}, {"b", 2, 2}}, six)) == std::map<std::string, int>{{"a", 4}, {"b", 2}});
  CHECK(count(moves({{"a", 1, 0}, {"b", 2, 1}}, six)) == std::map<std::string, int>{{"a", 3}, {"b", 3}});
}

TEST_CASE("a place in a session that is over is none, nor one on a node that is not there") {
  const auto all = moves(two, {actor("x", "", "a", 1), actor("y", "", "b", 9), actor("z", "", "gone", 1)});
  REQUIRE(all.size() == 2);
  CHECK(all[0].id.name == "y");
  CHECK(all[1].id.name == "z");
}

TEST_CASE("a pinned actor waits for its node; one that has none yet takes any") {
  CHECK(moves(two, {pinned("f", "c")}).empty());
  CHECK(waiting(two, {pinned("f", "c"), pinned("g", "a"), actor("x", "")}) ==
        std::vector<actor_id>{{"t", "f"}});
  CHECK(moves(two, {pinned("f", "b")}).at(0).to == "b");
  CHECK(moves(two, {pinned("f", "")}).at(0).to == "a");
  CHECK(waiting({}, {actor("x", "")}).size() == 1);
}

TEST_CASE("an actor with a home begins there, goes elsewhere with that node, and stays where it is then") {
  auto lane = actor("l", "l");
  lane.home = "b";
  CHECK(moves(two, {lane}).at(0).to == "b");
  CHECK(moves({two[0]}, {lane}).at(0).to == "a");
  CHECK(moves({two[0], {"b", 2, 1, true}}, {lane}).at(0).to == "a");
  lane.at = "a";
  lane.at_session = 1;
  CHECK(moves(two, {lane, actor("w", "w", "a", 1), actor("x", "x", "b", 2)}).empty());
  const auto balanced = moves(two, {lane, actor("w", "w", "a", 1), actor("x", "x", "a", 1)});
  REQUIRE(balanced.size() == 1);
  CHECK(balanced[0].id.name == "w");
}

TEST_CASE("a node that leaves gets nothing, and keeps what it has until it has left") {
  offered_node leaving{"a", 1, 4};
  leaving.is_leaving = true;
  leaving.is_draining = GENERATE(false, true);
  CHECK(moves({leaving, {"b", 2, 1}}, {actor("x", "", "a", 1), actor("y", "", "a", 1)}).empty());
  CHECK(moves({leaving, {"b", 2, 1}}, {actor("new", ""), actor("x", "", "b", 2)}).at(0).to == "b");
  CHECK(moves({leaving}, {actor("new", ""), pinned("f", "a")}).empty());
}

TEST_CASE("a draining node gets nothing and gives what it has one by one, but what is pinned to it") {
  const std::vector<offered_node> nodes{{"a", 1, 1, true}, {"b", 2, 1}};
  auto file = pinned("f", "a");
  file.at = "a";
  file.at_session = 1;
  auto x = actor("x", "", "a", 1);
  auto y = actor("y", "", "a", 1);
  CHECK(moves(nodes, {file, x, y}) == std::vector{move{{"t", "x"}, "b", 2, reason::drained}});
  x.at = "b", x.at_session = 2;
  CHECK(moves(nodes, {file, x, y}) == std::vector{move{{"t", "y"}, "b", 2, reason::drained}});
  y.at = "b", y.at_session = 2;
  CHECK(moves(nodes, {file, x, y}).empty());
  CHECK(moves({{"a", 1, 1, true}}, {actor("x", "", "a", 1), actor("new", "")}).empty());
}

TEST_CASE("what has no place comes before what could be balanced, and that one at a time") {
  std::vector<placeable_actor> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(actor(std::to_string(i), "w", "a", 1));
  all.push_back(actor("new", "w"));
  CHECK(moves(two, all) == std::vector{move{{"t", "new"}, "b", 2, reason::homeless}});
  all.back() = actor("new", "w", "b", 2);
  CHECK(moves(two, all) == std::vector{move{{"t", "0"}, "b", 2, reason::balance}});
  all.front() = actor("0", "w", "b", 2);
  CHECK(moves(two, all).empty());
}

TEST_CASE("a balanced node gives a shard away where another one has none of the window and no more to do") {
  const std::vector<placeable_actor> all{actor("w0", "w", "a", 1), actor("w1", "w", "a", 1),
                                         actor("l0", "l", "a", 1), actor("l1", "l", "b", 2),
                                         actor("l2", "l", "b", 2)};
  CHECK(moves(two, all) == std::vector{move{{"t", "w0"}, "b", 2, reason::spread}});
  const std::vector<placeable_actor> even{actor("w0", "w", "a", 1), actor("w1", "w", "a", 1),
                                          actor("l1", "l", "b", 2), actor("l2", "l", "b", 2)};
  CHECK(moves(two, even).empty());  // it would take two moves
}

TEST_CASE("an actor that may not begin yet gets no place, and waits for no node") {
  auto x = actor("x", "");
  x.may_begin = false;
  CHECK(moves(two, {x, actor("y", "", "gone", 1)}).size() == 1);
  CHECK(waiting(two, {x}).empty());
}

TEST_CASE("a flapping node gets what no other can have, and its share again when it flaps no more") {
  std::vector<offered_node> nodes{{"a", 1, 1}, {"b", 2, 1, false, true}};
  CHECK(count(moves(nodes, {actor("x", "w"), actor("y", "w"), pinned("f", "b")})) ==
        std::map<std::string, int>{{"a", 2}, {"b", 1}});
  const std::vector running{actor("x", "w", "a", 1), actor("y", "w", "a", 1)};
  CHECK(moves(nodes, running).empty());
  nodes[1].is_flapping = false;
  CHECK(moves(nodes, running).at(0).to == "b");
  nodes[0].is_flapping = nodes[1].is_flapping = true;  // none is better than another
  CHECK(moves(nodes, running).at(0).to == "b");
  CHECK(moves({{"b", 2, 1, false, true}}, {actor("x", "")}).at(0).to == "b");
}

}  // namespace millrace::cluster::placement_trial
