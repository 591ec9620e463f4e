#include "runtime/cluster/coordinator.hpp"
#include "tests/unit/cluster/coordinator_fixture.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::coordinator_trial {

using namespace test;

TEST_CASE("nothing leaves before its record counts: a session, a start, an answer") {
  led_cluster c;
  c.is_held = true;
  auto out = c.boss.on_registered(describe("a", 11, 0), c.now);
  REQUIRE(out.size() == 1);
  const auto session = std::get<coordinator_effects::append>(out.front());
  CHECK(session.what == change{records::session_given{"a", 11, 1}});
  out = c.boss.on_appended(session.number, append_outcome::acknowledged, c.now);
  CHECK(sent<commands::welcome>(out, "a") == std::vector{commands::welcome{11, 1}});
  static_cast<void>(c.boss.on_registered(describe("a", 11, 1), c.now));
  out = c.boss.on_request(5, lanes(1), c.now);
  REQUIRE(out.size() == 1);
  const auto applied = std::get<coordinator_effects::append>(out.front());
  out = c.boss.on_appended(applied.number, append_outcome::acknowledged, c.now);
  CHECK(those<coordinator_effects::answer>(out).at(0).request == 5);
  CHECK_FALSE(those<coordinator_effects::answer>(out).at(0).failure);
  CHECK(those<coordinator_effects::tell_director>(out).at(0).topology == "t");
  CHECK(sent<commands::start>(out, "a").empty());
  const auto placed = those<coordinator_effects::append>(out).at(0);
  CHECK(placed.what == change{records::placed{lane(0), "a", 1, 1}});
  CHECK(c.boss.on_appended(placed.number + 1, append_outcome::acknowledged, c.now).empty());
  out = c.boss.on_appended(placed.number, append_outcome::acknowledged, c.now);
  CHECK(sent<commands::start>(out, "a") == std::vector{commands::start{lane(0), 1, 1}});
  CHECK(those<coordinator_effects::send>(out).at(0).what.from == epoch{1, 7});
  CHECK(those<coordinator_effects::send>(out).at(0).what.session == 1);
}

TEST_CASE("an append whose outcome is not known ends the epoch, and asks for another one") {
  led_cluster c;
  c.is_held = true;
  const auto number = those<coordinator_effects::append>(c.boss.on_request(5, lanes(1), c.now)).at(0).number;
  static_cast<void>(c.boss.on_request(6, records::stop_asked{"t"}, c.now));
  const auto before = c.boss.state();
  const auto out = c.boss.on_appended(number, append_outcome::unknown, c.now);
  const auto answers = those<coordinator_effects::answer>(out);
  REQUIRE(answers.size() == 2);
  CHECK((answers[0].failure->retry && answers[1].failure->retry));
  CHECK(those<coordinator_effects::step_down>(out).at(0).stands_again);
  CHECK(c.boss.is_over());
  CHECK(c.boss.state() == before);
  CHECK(c.boss.on_appended(number, append_outcome::acknowledged, c.now).empty());
  CHECK(c.boss.on_registered(describe("a", 11, 0), c.now).empty());
  CHECK(c.boss.tick(at(9'000)).empty());
  CHECK(those<coordinator_effects::answer>(c.boss.on_request(7, lanes(1), c.now)).at(0).failure->retry);
}

TEST_CASE("a higher epoch ends this one, by the store's word or a node's; a lower one does not") {
  led_cluster c;
  CHECK(c.boss.on_higher_epoch({1, 6}, c.now).empty());
  CHECK(c.boss.on_higher_epoch({1, 7}, c.now).empty());
  c.is_held = true;
  led_cluster d;
  const auto out = c.boss.on_higher_epoch({2, 0}, c.now);
  CHECK_FALSE(those<coordinator_effects::step_down>(out).at(0).stands_again);
  CHECK(c.boss.on_higher_epoch({2, 0}, c.now).empty());
  d.is_held = true;
  const auto number = those<coordinator_effects::append>(d.boss.on_request(5, lanes(1), d.now)).at(0).number;
  const auto refused = d.boss.on_appended(number, append_outcome::refused, d.now);
  CHECK_FALSE(those<coordinator_effects::step_down>(refused).at(0).stands_again);
}

TEST_CASE("a cluster is founded by its first coordinator alone") {
  led_cluster c;
  CHECK(c.boss.state().cluster == "c");
  led_cluster next(c.boss.state(), {2, 1});
  CHECK(those<coordinator_effects::append>(next.first).empty());
}

TEST_CASE("actors are placed over the nodes; a node that joins gets some, one by one, once each has begun") {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  static_cast<void>(c.ask(lanes(6)));
  auto out = c.join("b", 12);
  CHECK(sent<commands::start>(out, "b") == std::vector{commands::start{lane(0), 1, 7}});
  CHECK(sent<commands::stop>(out, "a") == std::vector{commands::stop{lane(0), 1}});
  CHECK(sent<commands::start>(c.pass(1'000, {"a", "b"}), "b").empty());
  const auto session = c.boss.state().nodes.at("b").session;
  CHECK(c.take(c.boss.on_life_began("b", {session, lane(0), {1}}, c.now)).empty());
  out = c.take(c.boss.on_life_began("b", {session, lane(0), {7}}, c.now));
  CHECK(sent<commands::start>(out, "b") == std::vector{commands::start{lane(1), 1, 8}});
  auto r = describe("b", 12, session);
  r.running = {{lane(0), {7}}, {lane(1), {8}}};
  out = c.take(c.boss.on_registered(r, c.now));
  CHECK(sent<commands::start>(out, "b") == std::vector{commands::start{lane(2), 1, 9}});
}

TEST_CASE("a draining node gives away what it has one by one, and gets nothing") {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  static_cast<void>(c.join("b", 12));
  static_cast<void>(c.ask(lanes(4)));
  auto out = c.ask(records::drain_set{"a", true});
  CHECK_FALSE(those<coordinator_effects::answer>(out).at(0).failure);
  const auto moved = sent<commands::start>(out, "b");
  REQUIRE(moved.size() == 1);
  out = c.take(c.boss.on_life_began("b", {2, moved[0].actor, {moved[0].term}}, c.now));
  CHECK(sent<commands::start>(out, "b").size() == 1);
  out = c.take(c.boss.on_life_ended("b", {2, moved[0].actor, {moved[0].term}, life_end::worn_out}, c.now));
  CHECK(sent<commands::start>(out, "b").size() == 1);
}

TEST_CASE("a changed plan gives each actor that stays a new term where it is, and ends those that go") {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  static_cast<void>(c.ask(lanes(2)));
  CHECK(those<coordinator_effects::append>(c.ask(lanes(2))).empty());
  const auto out = c.ask(lanes(1, "q"));
  CHECK(sent<commands::stop>(out, "a") == std::vector{commands::stop{lane(1), 2}});
  CHECK(sent<commands::start>(out, "a") == std::vector{commands::start{lane(0), 2, 3}});
  CHECK(c.boss.state().find(lane(1)) == nullptr);
}

TEST_CASE("a topology that stops keeps its places until its director has finished it") {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  static_cast<void>(c.ask(lanes(1)));
  auto out = c.ask(records::stop_asked{"t"});
  CHECK(those<coordinator_effects::tell_director>(out).size() == 1);
  CHECK(sent<commands::stop>(out, "a").empty());
  out = c.ask(records::finished{"t"});
  CHECK(sent<commands::stop>(out, "a") == std::vector{commands::stop{lane(0), 1}});
  CHECK(those<coordinator_effects::tell_director>(out).size() == 1);
  CHECK(c.boss.state().topologies.at("t").status == topology_status::stopped);
}

TEST_CASE("an actor that fails for good fails its topology, and the others are stopped") {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  static_cast<void>(c.ask(lanes(2)));
  const auto out =
      c.take(c.boss.on_life_ended("a", {1, lane(0), {1}, life_end::failed, {}, "no such topic"}, c.now));
  CHECK(sent<commands::stop>(out, "a").size() == 2);
  const auto& t = c.boss.state().topologies.at("t");
  CHECK((t.status == topology_status::failed && t.failed_actor == "lane0" && t.why == "no such topic"));
}

TEST_CASE("a pinned actor waits for its node, until that is forgotten; a node that is there is not") {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  static_cast<void>(c.join("b", 12));
  static_cast<void>(
      c.ask(records::topology_applied{"t", "p", 0, {{"file", actor_kind::sink, "", true, "a"}}}));
  const actor_id file{"t", "file"};
  CHECK(c.place_of(file).node == "a");
  CHECK(those<coordinator_effects::answer>(c.ask(records::node_forgotten{"a"})).at(0).failure->code ==
        ec::locked);
  static_cast<void>(c.pass(3'000, {"b"}));
  CHECK(c.boss.waiting(c.now) == std::vector{file});
  const auto out = c.ask(records::node_forgotten{"a"});
  CHECK(those<coordinator_effects::answer>(out).at(0).lost == std::vector{file});
  CHECK(c.place_of(file).node == "b");
  CHECK(c.boss.waiting(c.now).empty());
}

TEST_CASE(
    "the chains of a removed topology go once that is recorded, and again until the store has done it") {
  led_cluster c;
  c.join("a", 11);
  c.ask(lanes(1));
  c.ask(records::finished{"t"});
  c.is_held = true;
  auto told = c.ask(records::topology_removed{"t"});
  CHECK(those<coordinator_effects::clear_chains>(told).empty());
  c.is_held = false;
  told = c.take(told);
  REQUIRE(those<coordinator_effects::clear_chains>(told).size() == 1);
  CHECK(those<coordinator_effects::clear_chains>(told).front().chains == "t");
  CHECK(those<coordinator_effects::tell_director>(told).size() == 1);
  CHECK(those<coordinator_effects::answer>(told).size() == 1);
  CHECK(those<coordinator_effects::clear_chains>(c.take(c.boss.on_cleared("t", false, c.now))).empty());
  told = c.pass(6'000, {"a"});
  REQUIRE(those<coordinator_effects::clear_chains>(told).size() == 1);
  c.take(c.boss.on_cleared("t", true, c.now));
  CHECK(c.boss.state().leftovers.empty());
  CHECK(those<coordinator_effects::clear_chains>(c.pass(6'000, {"a"})).empty());
}

TEST_CASE("a topology that begins anew runs once that is recorded, and the chains of the one before go") {
  led_cluster c;
  c.join("a", 11);
  c.ask(lanes(1));
  auto anew = lanes(1, "p2");
  anew.begins_anew = true;
  CHECK(those<coordinator_effects::answer>(c.ask(anew)).at(0).failure->code == ec::mismatch);
  c.ask(records::finished{"t"});
  c.is_held = true;
  auto told = c.ask(anew);
  CHECK(c.boss.state().topologies.at("t").plan == "p");
  c.is_held = false;
  told = c.take(told);
  CHECK(c.boss.state().topologies.at("t").plan == "p2");
  CHECK(c.place_of(lane(0)).generation == 2);
  CHECK(those<coordinator_effects::clear_chains>(told).at(0).chains == "t");
}

TEST_CASE("the next coordinator goes on with what was removed") {
  led_cluster c;
  c.ask(records::topology_applied{"u", "p", 0, {}});
  c.ask(lanes(1));
  c.ask(records::finished{"t"});
  c.ask(records::finished{"u"});
  c.ask(records::topology_removed{"t"});
  c.ask(records::topology_removed{"u"});
  led_cluster next(c.boss.state(), {2, 7});
  REQUIRE(those<coordinator_effects::clear_chains>(next.first).size() == 1);
  CHECK(those<coordinator_effects::clear_chains>(next.first).front().chains == "t");
  // The store keeps the one, and the other goes meanwhile.
  next.take(next.boss.on_cleared("t", false, next.now));
  const auto told = next.pass(6'000, {});
  REQUIRE(those<coordinator_effects::clear_chains>(told).size() == 1);
  CHECK(those<coordinator_effects::clear_chains>(told).front().chains == "u");
  next.take(next.boss.on_cleared("u", true, next.now));
  CHECK(next.boss.state().leftovers == std::set<std::string>{"t"});
}

TEST_CASE("the floor of formats is raised once all nodes write them, and keeps older ones out") {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  CHECK(those<coordinator_effects::answer>(c.ask(records::formats_raised{2})).at(0).failure->code ==
        ec::unsupported);
  auto r = describe("a", 11, 1);
  r.formats = 2;
  static_cast<void>(c.take(c.boss.on_registered(r, c.now)));
  CHECK_FALSE(those<coordinator_effects::answer>(c.ask(records::formats_raised{2})).at(0).failure);
  CHECK(sent<commands::leave>(c.take(c.boss.on_registered(describe("b", 12, 0), c.now)), "b").size() == 1);
}

TEST_CASE("what is asked for in vain is answered at once, and too much is refused") {
  led_cluster c;
  CHECK(those<coordinator_effects::answer>(c.ask(records::stop_asked{"no"})).at(0).failure->code ==
        ec::not_found);
  c.is_held = true;
  std::size_t refused = 0;
  for (int i = 0; i < 1'100; ++i)
    refused += those<coordinator_effects::answer>(c.ask(lanes(1, std::to_string(i)))).size();
  CHECK(refused == 99);
}

TEST_CASE("after a thousand records a base is written, once nothing else is to be done") {
  led_cluster c;
  static_cast<void>(c.ask(lanes(0)));
  std::size_t bases = 0;
  for (int i = 0; i < 1'500; ++i)
    bases +=
        those<coordinator_effects::write_base>(c.ask(records::verdict_given{"t", "log", {0, i}, ""})).size();
  CHECK(bases == 1);
}

}  // namespace millrace::cluster::coordinator_trial
