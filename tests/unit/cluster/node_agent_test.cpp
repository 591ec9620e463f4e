#include "runtime/cluster/node_agent.hpp"
#include "tests/support/those.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace millrace::cluster::node_agent_trial {

namespace {

const actor_id lane{"t", "lane"};
constexpr epoch first{1, 7};

using millrace::test::those;
template<class T>
std::vector<T> told(const agent_effect_list& all) {
  std::vector<T> out;
  for (const auto& t : those<agent_effects::tell>(all))
    if (const auto* const x = std::get_if<T>(&t.what))
      out.push_back(*x);
  return out;
}

registration describe_leaving() {
  registration r{"a", 11, 3, 4, 2};
  r.leaves = true;
  return r;
}

/// Has session 3 of the first epoch.
node_agent joined() {
  node_agent a("a", 11, 4, 2);
  static_cast<void>(a.on_command({first, 0, commands::welcome{11, 3}}));
  return a;
}
agent_effect_list start(node_agent& a, incarnation term, epoch from = first, session of = 3) {
  return a.on_command({from, of, commands::start{lane, 5, term}});
}

}  // namespace

TEST_CASE("a process says who it is, takes the session that is meant for it, and keeps that") {
  node_agent a("a", 11, 4, 2);
  CHECK(a.describe() == registration{"a", 11, 0, 4, 2});
  CHECK(told<registration>(a.on_command({first, 0, commands::welcome{12, 3}})).size() ==
        1);  // a new coordinator
  CHECK(a.session() == 0);
  const auto out = a.on_command({first, 0, commands::welcome{11, 3}});
  CHECK(out == agent_effect_list{agent_effects::tell{first, registration{"a", 11, 3, 4, 2}}});
  CHECK(a.on_command({first, 0, commands::welcome{11, 4}}).empty());
  CHECK(a.session() == 3);
}

TEST_CASE("a start begins the life, once, and is reported") {
  auto a = joined();
  CHECK(start(a, 8) == agent_effect_list{agent_effects::begin{lane, 5, {8}},
                                         agent_effects::tell{first, life_began{3, lane, {8}}}});
  CHECK(start(a, 8).empty());
  CHECK(start(a, 7).empty());
  const auto r = a.describe();
  CHECK(r.running == std::vector{registration::running_actor{lane, {8}}});
  CHECK(r.begun == std::vector{registration::begun_term{lane, 8}});
  CHECK(those<agent_effects::end>(start(a, 9)) == std::vector{agent_effects::end{lane, {8}}});
}

TEST_CASE("a term that was begun and is over is not begun again") {
  auto a = joined();
  static_cast<void>(start(a, 8));
  static_cast<void>(a.on_end(lane, {8}, life_end::fenced, {}, ""));
  CHECK(start(a, 8).empty());
  CHECK(a.describe().running.empty());
}

TEST_CASE("commands for another session are passed over, also before there is one") {
  auto a = joined();
  CHECK(start(a, 8, first, 2).empty());
  CHECK(start(a, 8, first, 0).empty());
  node_agent fresh("a", 12, 4, 2);
  CHECK(those<agent_effects::begin>(start(fresh, 8)).empty());
}

TEST_CASE("commands of a lower epoch are refused; a higher one is told what runs before it is obeyed") {
  auto a = joined();
  static_cast<void>(start(a, 8));
  const epoch second{2, 1}, twin{1, 6};
  CHECK(start(a, 9, twin) == agent_effect_list{agent_effects::tell{twin, epoch_refused{first}}});
  const auto out = start(a, 9, second);
  CHECK(told<registration>(out).at(0).running.at(0).now == life{8});
  CHECK(those<agent_effects::begin>(out).size() == 1);
  CHECK(start(a, 10) == agent_effect_list{agent_effects::tell{first, epoch_refused{second}}});
  CHECK(a.highest_epoch() == second);
  const auto asked = a.on_command({{3, 0}, 0, commands::register_again{}});
  CHECK(told<registration>(asked).size() == 1);
}

TEST_CASE("a stop ends the life of its term and lower ones, and what has not begun does not begin") {
  auto a = joined();
  static_cast<void>(start(a, 8));
  CHECK(a.on_command({first, 3, commands::stop{lane, 7}}).empty());
  CHECK(a.on_command({first, 3, commands::stop{lane, 9}}) ==
        agent_effect_list{agent_effects::end{lane, {8}}});
  CHECK(start(a, 9).empty());
  CHECK(those<agent_effects::begin>(start(a, 10)).size() == 1);
}

TEST_CASE("a life that fails gets the next count, not the next term") {
  auto a = joined();
  static_cast<void>(start(a, 8));
  CHECK(a.on_failure(lane, {8}) == agent_effect_list{agent_effects::begin{lane, 5, {8, 1}}});
  CHECK(a.on_failure(lane, {8}).empty());  // it has been replaced
  CHECK(a.on_failure(lane, {8, 5}) ==
        agent_effect_list{agent_effects::begin{lane, 5, {8, 6}}});  // it has raised it itself
  CHECK(a.on_failure(lane, {7, 9}).empty());
  CHECK(a.on_failure({"t", "nobody"}, {8}).empty());
}

TEST_CASE("a life whose count cannot be raised is worn out") {
  auto a = joined();
  static_cast<void>(start(a, 8));
  const auto ends = told<life_ended>(a.on_failure(lane, {8, most_counts}));
  REQUIRE(ends.size() == 1);
  CHECK(ends.front().how == life_end::worn_out);
}

TEST_CASE("a fenced life is reported and not restarted; one that was replaced is not reported") {
  auto a = joined();
  static_cast<void>(start(a, 8));
  static_cast<void>(a.on_failure(lane, {8}));
  CHECK(a.on_end(lane, {8}, life_end::fenced, {9}, "").empty());
  CHECK(
      a.on_end(lane, {8, 1}, life_end::fenced, {9}, "x") ==
      agent_effect_list{agent_effects::tell{first, life_ended{3, lane, {8, 1}, life_end::fenced, {9}, "x"}}});
  CHECK(a.describe().running.empty());
}

TEST_CASE("who has to leave ends all actors and obeys nobody any more") {
  auto a = joined();
  static_cast<void>(start(a, 8));
  CHECK(a.on_command({first, 0, commands::leave{12, "not meant"}}).empty());
  const auto out = a.on_command({first, 0, commands::leave{11, "over"}});
  auto leaves = describe_leaving();
  leaves.begun = {{lane, 8}};
  CHECK(out == agent_effect_list{agent_effects::end{lane, {8}}, agent_effects::tell{first, leaves},
                                 agent_effects::leave{"over"}});
  CHECK(a.is_over());
  CHECK(start(a, 9).empty());
  // Each coordinator that asks hears that it leaves.
  const epoch second{2, 1};
  CHECK(a.on_command({second, 0, commands::register_again{}}) ==
        agent_effect_list{agent_effects::tell{second, leaves}});
  CHECK(start(a, 9, second).empty());
  CHECK(told<epoch_refused>(a.on_command({first, 0, commands::register_again{}})).size() == 1);
  node_agent stranger("b", 12, 4, 2);  // nobody waits for one without a session
  CHECK(stranger.on_command({first, 0, commands::leave{12, "over"}}).size() == 2);
}

TEST_CASE("a node that is silent is detached by its senders") {
  auto a = joined();
  CHECK(a.on_command({first, 3, commands::detach{"b"}}) == agent_effect_list{agent_effects::detach{"b"}});
}

TEST_CASE("terms are remembered within bounds; what is forgotten counts as begun") {
  auto a = joined();
  for (incarnation term = 1; term <= 5'000; ++term)
    static_cast<void>(a.on_command({first, 3, commands::start{{"t", std::to_string(term)}, 1, term}}));
  const auto r = a.describe();
  CHECK(r.begun.size() == 4'096);
  CHECK(r.begun_below == 905);
  CHECK(r.running.size() == 5'000);
  CHECK(a.on_command({first, 3, commands::start{{"t", "new"}, 1, 904}}).empty());
  CHECK_FALSE(a.on_command({first, 3, commands::start{{"t", "new"}, 1, 5'001}}).empty());
}

}  // namespace millrace::cluster::node_agent_trial
