// Nodes tell a coordinator: sessions, what runs, silence, deaths, refused lives; and takeovers.
#include "tests/unit/cluster/coordinator_fixture.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::coordinator_nodes_trial {

using namespace test;

namespace {

/// Two lanes, one on each of two nodes.
led_cluster two_nodes() {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  static_cast<void>(c.join("b", 12));
  static_cast<void>(c.ask(lanes(2)));
  REQUIRE(c.place_of(lane(0)).node == "a");
  REQUIRE(c.place_of(lane(1)).node == "b");
  return c;
}

}  // namespace

TEST_CASE("a process that asks again gets the same session; another one of that name gets its own") {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  CHECK(
      sent<commands::welcome>(c.take(c.boss.on_registered(describe("a", 11, 0), c.now)), "a").at(0).session ==
      1);
  const auto out = c.take(c.boss.on_registered(describe("a", 12, 0), c.now));
  CHECK(sent<commands::leave>(out, "a").at(0).instance == 11);
  CHECK(sent<commands::welcome>(out, "a") == std::vector{commands::welcome{12, 2}});
  CHECK(sent<commands::leave>(c.take(c.boss.on_registered(describe("a", 11, 1), c.now)), "a").size() == 1);
  CHECK(sent<commands::leave>(c.take(c.boss.on_registered(describe("z", 13, 1), c.now)), "z").size() == 1);
}

TEST_CASE("a process that asks twice before its session is recorded gets one") {
  led_cluster c;
  c.is_held = true;
  const auto out = c.boss.on_registered(describe("a", 11, 0), c.now);
  CHECK(c.boss.on_registered(describe("a", 11, 0), c.now).empty());
  c.is_held = false;
  CHECK(those<coordinator_effects::append>(c.take(out)).size() == 1);
}

TEST_CASE("silence detaches after half a second, and gives new terms elsewhere after two") {
  auto c = two_nodes();
  auto out = c.pass(400, {"a"});
  CHECK(those<coordinator_effects::detach>(out).empty());
  out = c.pass(100, {"a"});
  CHECK(those<coordinator_effects::detach>(out).at(0).node == "b");
  CHECK(sent<commands::detach>(out, "a") == std::vector{commands::detach{"b"}});
  CHECK(those<coordinator_effects::append>(out).empty());
  CHECK(those<coordinator_effects::detach>(c.pass(1'400, {"a"})).empty());
  CHECK(c.place_of(lane(1)).node == "b");
  out = c.pass(100, {"a"});
  CHECK(sent<commands::start>(out, "a") == std::vector{commands::start{lane(1), 1, 3}});
  CHECK(c.boss.state().nodes.at("b").is_over == false);
  CHECK(c.boss.state().find(lane(1))->died_at == std::nullopt);
}

TEST_CASE(
    "a node that is heard again in time keeps what it has; one that comes later is asked what it runs") {
  auto c = two_nodes();
  static_cast<void>(c.pass(1'500, {"a"}));
  static_cast<void>(c.pass(3'000, {"a", "b"}));
  CHECK(c.place_of(lane(1)).term == 2);
  static_cast<void>(c.pass(3'000, {"a"}));
  auto out = c.take(c.boss.on_heard("b", 2, c.now));
  CHECK(sent<commands::register_again>(out, "b").size() == 1);
  auto r = describe("b", 12, 2);
  r.running = {{lane(1), {2}}};
  r.begun = {{lane(1), 2}};
  out = c.take(c.boss.on_registered(r, c.now));
  CHECK(sent<commands::stop>(out, "b").at(0) == commands::stop{lane(1), 2});
}

TEST_CASE("a broken link detaches at once, and once; a link that is back asks what runs") {
  auto c = two_nodes();
  auto out = c.take(c.boss.on_link_lost("b", 2, c.now));
  CHECK(those<coordinator_effects::detach>(out).size() == 1);
  CHECK(those<coordinator_effects::detach>(c.take(c.boss.on_link_lost("b", 2, c.now))).empty());
  CHECK(those<coordinator_effects::detach>(c.take(c.boss.on_link_lost("a", 9, c.now))).empty());
  CHECK(sent<commands::register_again>(c.take(c.boss.on_link_up("b", c.now)), "b").size() == 1);
}

TEST_CASE("a dead process ends its session: new terms elsewhere at once, and it comes back no more") {
  auto c = two_nodes();
  CHECK(c.take(c.boss.on_node_dead("b", 9, c.now)).empty());
  const auto out = c.take(c.boss.on_node_dead("b", 2, c.now));
  CHECK(those<coordinator_effects::detach>(out).size() == 1);
  CHECK(those<coordinator_effects::append>(out).at(0).what ==
        change{records::session_ended{"b", 2, true, 0}});
  CHECK(c.place_of(lane(1)).node == "a");
  CHECK(sent<commands::leave>(c.take(c.boss.on_registered(describe("b", 12, 2), c.now)), "b").size() == 1);
  CHECK(sent<commands::welcome>(c.take(c.boss.on_registered(describe("b", 13, 0), c.now)), "b").size() == 1);
}

TEST_CASE("a process that leaves in order is counted under nobody") {
  auto c = two_nodes();
  static_cast<void>(c.take(c.boss.on_node_left("b", 2, c.now)));
  CHECK(c.take(c.boss.on_node_left("b", 9, c.now)).empty());
  CHECK(c.boss.state().find(lane(1))->died_at == std::nullopt);
  CHECK(c.place_of(lane(1)).node == "a");
}

TEST_CASE("a process that leaves gets nothing more, and keeps its places until it has left") {
  auto c = two_nodes();
  auto r = describe("b", 12, 2);
  r.leaves = true;
  CHECK(those<coordinator_effects::append>(c.take(c.boss.on_registered(r, c.now)))
            .empty());  // though nothing runs there
  CHECK(c.place_of(lane(1)) == place{"b", 2, 2, 1});
  static_cast<void>(c.ask(lanes(4, "wider")));
  CHECK(c.place_of(lane(1)).term == 2);
  CHECK(c.place_of(lane(2)).node == "a");
  CHECK(c.place_of(lane(3)).node == "a");
  static_cast<void>(c.take(c.boss.on_node_left("b", 2, c.now)));
  CHECK(c.place_of(lane(1)).node == "a");
}

namespace {

/// The nodes a, which leads, and b.
led_cluster leading_on_a() {
  auto c = two_nodes();
  c.boss.lives_on("a");
  return c;
}
void leave(led_cluster& c, const std::string& node, std::uint64_t instance, session of) {
  auto r = describe(node, instance, of);
  r.leaves = true;
  static_cast<void>(c.take(c.boss.on_registered(r, c.now)));
}
bool has_left(const led_cluster& c, const std::string& node) {
  return c.boss.state().nodes.at(node).has_left;
}
void say_left(led_cluster& c, const std::string& node, session of) {
  static_cast<void>(c.take(c.boss.on_node_left(node, of, c.now)));
}

}  // namespace

TEST_CASE("a leader that leaves yields to those that stay, and goes after a second if none takes the lead") {
  auto c = leading_on_a();
  CHECK_FALSE(c.boss.yields_to("b"));
  leave(c, "a", 11, 1);
  CHECK(c.boss.yields_to("b"));
  CHECK_FALSE(c.boss.yields_to("a"));
  say_left(c, "a", 1);
  static_cast<void>(c.pass(900, {"a", "b"}));
  say_left(c, "a", 1);
  CHECK_FALSE(has_left(c, "a"));
  static_cast<void>(c.pass(100, {"a", "b"}));
  say_left(c, "a", 1);
  CHECK(has_left(c, "a"));
}

TEST_CASE("a leader that leaves goes after those that leave as well, and at once where nobody is left") {
  auto c = leading_on_a();
  leave(c, "a", 11, 1);
  leave(c, "b", 12, 2);
  CHECK_FALSE(c.boss.yields_to("b"));
  say_left(c, "a", 1);
  static_cast<void>(c.pass(5'000, {"a", "b"}));  // b ends what it has
  say_left(c, "a", 1);
  CHECK_FALSE(has_left(c, "a"));
  say_left(c, "b", 2);
  CHECK(has_left(c, "b"));
  say_left(c, "a", 1);
  CHECK(has_left(c, "a"));
}

TEST_CASE("a leader whose node drains yields to those that do not, until the drain is taken back") {
  auto c = leading_on_a();
  static_cast<void>(c.join("c", 13));
  static_cast<void>(c.ask(records::drain_set{"a", true}));
  CHECK(c.boss.yields_to("b"));
  static_cast<void>(c.ask(records::drain_set{"b", true}));  // it would give the lead back
  CHECK_FALSE(c.boss.yields_to("b"));
  CHECK(c.boss.yields_to("c"));
  static_cast<void>(c.ask(records::drain_set{"a", false}));
  CHECK_FALSE(c.boss.yields_to("c"));
  leave(c, "a", 11, 1);  // one that drains is better than none
  CHECK(c.boss.yields_to("b"));
}

TEST_CASE("a new coordinator forgets no node before that has been silent for its time") {
  auto before = two_nodes();
  led_cluster c(before.boss.state(), {2, 7});
  const auto refused = [&] {
    const auto all = those<coordinator_effects::answer>(c.ask(records::node_forgotten{"b"}));
    return all.at(0).failure ? std::optional(all.at(0).failure->code) : std::nullopt;
  };
  static_cast<void>(c.take(c.boss.on_registered(describe("a", 11, 1), c.now)));
  CHECK(refused() == ec::unavailable);
  static_cast<void>(c.pass(1'900, {"a"}));
  CHECK(refused() == ec::unavailable);
  if (GENERATE(false, true)) {
    static_cast<void>(c.take(c.boss.on_registered(describe("b", 12, 2), c.now)));
    CHECK(refused() == ec::locked);
  } else {
    static_cast<void>(c.pass(100, {"a"}));
    CHECK_FALSE(refused());
  }
}

TEST_CASE("a process that registers while it is recorded as dead or its node as forgotten is told to leave") {
  const auto try_both = [](led_cluster c, coordinator_effect_list under_way) {
    c.is_held = true;
    static_cast<void>(c.boss.on_registered(describe("b", 12, 2), c.now));
    const auto number = those<coordinator_effects::append>(under_way).at(0).number;
    const auto out = c.boss.on_appended(number, append_outcome::acknowledged, c.now);
    CHECK(sent<commands::leave>(out, "b").size() == 1);
    CHECK(c.boss.nodes().find("b") == nullptr);
  };
  auto dead = two_nodes();
  auto under_way = dead.boss.on_node_dead("b", 2, dead.now);
  try_both(dead, under_way);
  auto forgotten = two_nodes();
  static_cast<void>(forgotten.pass(3'000, {"a"}));
  under_way = forgotten.boss.on_request(99, records::node_forgotten{"b"}, forgotten.now);
  try_both(forgotten, under_way);
}

TEST_CASE("an actor that asks for a new term twice gets one") {
  auto c = two_nodes();
  c.is_held = true;
  const life_ended e{1, lane(0), {1}, life_end::fenced};
  const auto number = those<coordinator_effects::append>(c.boss.on_life_ended("a", e, c.now)).at(0).number;
  CHECK(c.boss.on_life_ended("a", e, c.now).empty());
  const auto out = c.boss.on_appended(number, append_outcome::acknowledged, c.now);
  CHECK(sent<commands::start>(out, "a").size() == 1);
  CHECK(those<coordinator_effects::append>(out).empty());
}

TEST_CASE("deaths of nodes fail no topology, and what they ran begins elsewhere at once") {
  auto c = two_nodes();
  static_cast<void>(c.join("c", 13));
  for (session n = 20; n < 40; ++n) {
    const auto& at = c.place_of(lane(0));
    const auto node = at.node;
    static_cast<void>(c.pass(11'000, {"a", "b", "c"}));
    static_cast<void>(c.take(c.boss.on_node_dead(node, at.session, c.now)));
    CHECK(c.place_of(lane(0)).node != node);
    static_cast<void>(c.join(node, n));
  }
  CHECK(c.boss.state().topologies.at("t").is_active());
}

TEST_CASE(
    "an actor under two deaths in a row waits until the second node is there again, or for five seconds") {
  for (const bool comes_back : {true, false}) {
    auto c = two_nodes();
    static_cast<void>(c.join("c", 13));
    static_cast<void>(c.take(c.boss.on_node_dead("b", 2, c.now)));
    const auto second = c.place_of(lane(1));
    CHECK(second.node == "c");
    static_cast<void>(c.pass(1'000, {"a", "c"}));
    static_cast<void>(c.take(c.boss.on_node_dead("c", second.session, c.now)));
    CHECK(c.place_of(lane(1)) == second);
    if (comes_back) {
      static_cast<void>(c.join("c", 14));
    } else {
      static_cast<void>(c.pass(4'900, {"a"}));
      CHECK(c.place_of(lane(1)) == second);
      static_cast<void>(c.pass(100, {"a"}));
    }
    CHECK(c.place_of(lane(1)).session == (comes_back ? 4 : 1));
  }
}

TEST_CASE("a suspect begins again on the node that it has taken down, after waits that double") {
  auto c = two_nodes();
  REQUIRE(c.place_of(lane(1)).node == "b");
  const auto crash = [&](std::uint64_t n) {
    static_cast<void>(c.take(c.boss.on_node_dead("b", c.boss.state().nodes.at("b").session, c.now)));
    auto next = describe("b", 100 + n, 0);
    next.last_words = {{lane(1), n, 11, attempt{"p/1", {0, 165}, {0, 166}, 1}}};
    static_cast<void>(c.take(c.boss.on_registered(next, c.now)));
    static_cast<void>(c.take(c.boss.on_registered(next, c.now)));  // an envelope that comes twice
    next = describe("b", 100 + n, c.boss.state().nodes.at("b").session);
    static_cast<void>(c.take(c.boss.on_registered(next, c.now)));
    CHECK(c.boss.state().find(lane(1))->crashes.back().process == n);
    CHECK(c.boss.state().find(lane(1))->crashes.back().node == "b");
  };
  crash(1);
  CHECK(c.place_of(lane(1)).node == "a");  // it was placed before anything was known
  static_cast<void>(c.pass(60'000, {"a", "b"}));
  static_cast<void>(c.take(c.boss.on_node_dead("a", 1, c.now)));
  CHECK(c.place_of(lane(0)).node == "b");
  CHECK(c.place_of(lane(1)).node == "a");
  static_cast<void>(c.pass(5'000, {"b"}));
  REQUIRE(c.place_of(lane(1)).node == "b");
  static_cast<void>(c.join("a", 21));
  crash(2);
  CHECK(c.place_of(lane(1)).session == c.boss.state().nodes.at("b").session);
  crash(3);
  CHECK(c.place_of(lane(1)).session < c.boss.state().nodes.at("b").session);
  static_cast<void>(c.pass(4'900, {"a", "b"}));
  CHECK(c.place_of(lane(1)).session < c.boss.state().nodes.at("b").session);
  static_cast<void>(c.pass(100, {"a", "b"}));
  CHECK(c.place_of(lane(1)).session == c.boss.state().nodes.at("b").session);
  crash(4);
  static_cast<void>(c.pass(9'900, {"a", "b"}));
  CHECK(c.place_of(lane(1)).session < c.boss.state().nodes.at("b").session);
  static_cast<void>(c.pass(100, {"a", "b"}));
  CHECK(c.place_of(lane(1)).session == c.boss.state().nodes.at("b").session);
  CHECK(c.boss.state().topologies.at("t").is_active());
}

TEST_CASE("H2: a life that is refused gets a new term if it is the newest, and nothing if it is not") {
  auto c = two_nodes();
  const auto fenced = [&](const std::string& node, session of, const actor_id& id, life last, life by = {}) {
    return c.take(c.boss.on_life_ended(node, {of, id, last, life_end::fenced, by}, c.now));
  };
  CHECK(fenced("a", 1, lane(1), {2}).empty());  // its place is another node
  CHECK(those<coordinator_effects::append>(fenced("a", 9, lane(0), {1})).empty());  // another session
  auto out = fenced("a", 1, lane(0), {1, 4}, {1, 5});
  CHECK(sent<commands::start>(out, "a") == std::vector{commands::start{lane(0), 1, 3}});
  CHECK(c.place_of(lane(0)).node == "a");
  CHECK(fenced("a", 1, lane(0), {1, 4}).empty());  // has its successor
  CHECK(c.take(c.boss.on_life_ended("a", {1, lane(0), {3}, life_end::completed}, c.now)).empty());
}

TEST_CASE("who is fenced off again and again gets a new term after waits that grow, and soon again after a "
          "quiet time") {
  auto c = two_nodes();
  const auto fence = [&] {
    const auto now = c.place_of(lane(0));
    return c.take(c.boss.on_life_ended("a", {now.session, lane(0), {now.term}, life_end::fenced, {}}, c.now));
  };
  CHECK(sent<commands::start>(fence(), "a").size() == 1);
  CHECK(sent<commands::start>(fence(), "a").size() == 1);
  std::size_t terms = 0;
  for (int second = 0; second < 600; ++second) {
    terms += sent<commands::start>(fence(), "a").size();
    terms += sent<commands::start>(c.pass(1'000, {"a", "b"}), "a").size();
  }
  CHECK(terms > 15);
  CHECK(terms < 35);
  CHECK(c.boss.state().topologies.at("t").is_active());
  static_cast<void>(c.pass(200'000, {"a", "b"}));
  CHECK(sent<commands::start>(fence(), "a").size() == 1);
}

TEST_CASE("a life that control never gave fails the topology") {
  for (const auto& [last, by] : {std::pair<life, life>{{9}, {}}, {{1}, {9}}}) {
    auto c = two_nodes();
    static_cast<void>(c.take(c.boss.on_life_ended("a", {1, lane(0), last, life_end::fenced, by}, c.now)));
    const auto& t = c.boss.state().topologies.at("t");
    CHECK(t.status == topology_status::failed);
    CHECK(t.why.find("the life 9.0") == 0);
  }
}

TEST_CASE(
    "what is placed on a node and did not reach it is sent again; what has begun there and is over is not") {
  auto c = two_nodes();
  auto r = describe("a", 11, 1);
  CHECK(sent<commands::start>(c.take(c.boss.on_registered(r, c.now)), "a") ==
        std::vector{commands::start{lane(0), 1, 1}});
  r.begun = {{lane(0), 1}};
  CHECK(sent<commands::start>(c.take(c.boss.on_registered(r, c.now)), "a") ==
        std::vector{commands::start{lane(0), 1, 3}});
  r.begun = {};
  r.begun_below = 4;
  CHECK(sent<commands::start>(c.take(c.boss.on_registered(r, c.now)), "a") ==
        std::vector{commands::start{lane(0), 1, 4}});
}

TEST_CASE("a new coordinator waits for what nodes run before it places anything") {
  const auto before = two_nodes();
  led_cluster c(before.boss.state(), {2, 1});
  CHECK(sent<commands::register_again>(c.first, "a").size() == 1);
  CHECK(sent<commands::register_again>(c.first, "b").size() == 1);
  CHECK(those<coordinator_effects::tell_director>(c.first).size() == 1);
  // The order matters: words that nodes say to the directors once would come too soon.
  CHECK(std::holds_alternative<coordinator_effects::tell_director>(c.first.front()));
  auto r = describe("a", 11, 1);
  r.running = {{lane(0), {1}}};
  CHECK(c.take(c.boss.on_registered(r, c.now)).empty());
  CHECK(those<coordinator_effects::append>(c.pass(1'900, {"a"})).empty());
  const auto out = c.pass(100, {"a"});
  CHECK(sent<commands::start>(out, "a") == std::vector{commands::start{lane(1), 1, 3}});
  CHECK(c.place_of(lane(0)).term == 1);
}

TEST_CASE("the node of a cluster of one is not away, however long it is silent") {
  const bool is_alone = GENERATE(true, false);
  coordinator boss({1, 7}, {}, at(0), {}, is_alone);
  const auto do_all = [&](coordinator_effect_list all) {
    for (std::size_t i = 0; i < all.size(); ++i)
      if (const auto* const a = std::get_if<coordinator_effects::append>(&all[i])) {
        const auto more = boss.on_appended(a->number, append_outcome::acknowledged, at(0));
        all.insert(all.end(), more.begin(), more.end());
      }
    return all;
  };
  do_all(boss.begin("c", 1, at(0)));
  do_all(boss.on_registered(describe("a", 1, 0), at(0)));
  do_all(boss.on_registered(describe("a", 1, 1), at(0)));
  REQUIRE(boss.nodes().find("a") != nullptr);
  const auto after = do_all(boss.tick(at(60'000)));
  CHECK(those<coordinator_effects::detach>(after).empty() == is_alone);
  CHECK((boss.nodes().find("a") != nullptr) == is_alone);
}

TEST_CASE("a new coordinator does not wait again for a node that has been silent before") {
  const auto before = two_nodes();
  led_cluster c(before.boss.state(), {2, 1});
  c.boss.silent_since("b", at(-2'000).running);
  auto r = describe("a", 11, 1);
  r.running = {{lane(0), {1}}};
  CHECK(c.take(c.boss.on_registered(r, c.now)).empty());
  CHECK(sent<commands::start>(c.pass(100, {"a"}), "a") == std::vector{commands::start{lane(1), 1, 3}});
}

TEST_CASE("a move is not waited for once its node is gone") {
  led_cluster c;
  static_cast<void>(c.join("a", 11));
  static_cast<void>(c.ask(lanes(4)));
  CHECK(sent<commands::start>(c.join("b", 12), "b").size() == 1);
  static_cast<void>(c.take(c.boss.on_node_dead("b", 2, c.now)));
  CHECK(c.place_of(lane(0)).node == "a");
  CHECK(sent<commands::start>(c.join("b", 13), "b").size() == 1);
}

}  // namespace millrace::cluster::coordinator_nodes_trial
