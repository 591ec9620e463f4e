#include "runtime/cluster/admission.hpp"
#include "tests/unit/cluster/control_examples.hpp"

#include <catch2/catch.hpp>

namespace millrace::cluster::admission_trial {

using test::state_of;

namespace {

const actor_id lane{"t", "lane"}, shard{"t", "w/0"}, sink{"t", "sink"};
const std::vector<actor_spec> actors{
    {"lane", actor_kind::lane}, {"w/0", actor_kind::shard, "w"}, {"sink", actor_kind::sink, "", true, ""}};
const event_micros minute = micros(std::chrono::minutes(1)).count();

control_state running() {
  return state_of({records::founded{"c", 1}, records::topology_applied{"t", "p1", 1, actors},
                   records::session_given{"a", 11, 1}, records::placed{lane, "a", 1, 1},
                   records::placed{shard, "a", 1, 2}, records::placed{sink, "a", 1, 3}});
}

change admitted(const control_state& s, const record& r, event_micros now = 0) {
  const auto c = admit(s, r, now);
  REQUIRE(c);
  return *c;
}
ec refused(const control_state& s, const record& r) {
  const auto c = admit(s, r, 0);
  REQUIRE_FALSE(c);
  CHECK(c.error().whose == fault::user);
  return c.error().code;
}
void fold(control_state& s, const change& c) {
  for (const auto& r : c)
    REQUIRE(s.apply(r));
}

}  // namespace

TEST_CASE("a cluster is founded once, and its floor of formats only rises") {
  CHECK(admitted({}, records::founded{"c", 1}).size() == 1);
  CHECK(admitted(running(), records::founded{"d", 1}).empty());
  CHECK(admitted(running(), records::formats_raised{2}).size() == 1);
  CHECK(admitted(running(), records::formats_raised{1}).empty());
}

TEST_CASE("a plan gets the next generation; the same plan again is no change") {
  CHECK(admitted(running(), records::topology_applied{"t", "p1", 0, actors}).empty());
  CHECK(admitted(running(), records::topology_applied{"t", "p2", 0, actors}) ==
        change{records::topology_applied{"t", "p2", 2, actors}});
  CHECK(admitted(running(), records::topology_applied{"u", "p", 0, {}}) ==
        change{records::topology_applied{"u", "p", 1, {}}});
  auto asked_elsewhere = actors;
  asked_elsewhere[0].node = "b";  // its wish for a node where it begins
  CHECK(admitted(running(), records::topology_applied{"t", "p1", 0, asked_elsewhere}).empty());
  asked_elsewhere[0].is_pinned = true;
  CHECK(admitted(running(), records::topology_applied{"t", "p1", 0, asked_elsewhere}).size() == 1);
  auto fewer = actors;
  fewer.pop_back();
  CHECK(admitted(running(), records::topology_applied{"t", "p1", 0, fewer}).size() == 1);
  auto s = running();
  fold(s, {records::finished{"t"}});
  CHECK(admitted(s, records::topology_applied{"t", "p1", 0, actors}).size() == 1);
}

TEST_CASE("of two plans that were prepared for one end the second is refused, unless it is the same") {
  auto s = running();
  fold(s, {records::finished{"t"}});
  fold(s, admitted(s, records::topology_applied{"t", "next run", 1, actors}));
  REQUIRE(s.topologies.at("t").generation == 2);
  CHECK(admitted(s, records::topology_applied{"t", "next run", 1, actors}).empty());
  CHECK(refused(s, records::topology_applied{"t", "next run, of more files", 1, actors}) == ec::unavailable);
  CHECK(refused(s, records::topology_applied{"t", "p1", 1, actors}) == ec::unavailable);
  CHECK(admitted(s, records::topology_applied{"t", "mended", 2, actors}).size() == 1);
  fold(s, {records::finished{"t"}});
  CHECK(refused(s, records::topology_applied{"t", "next run", 1, actors}) == ec::unavailable);
}

TEST_CASE("what control could not hold is refused, as is what still stops") {
  CHECK(refused({}, records::topology_applied{"", "p", 0, {}}) == ec::invalid_argument);
  CHECK(refused({}, records::topology_applied{std::string(1'001, 'x'), "p", 0, {}}) == ec::invalid_argument);
  CHECK(refused({}, records::topology_applied{"t", std::string(max_plan_bytes + 1, 'x'), 0, {}}) ==
        ec::invalid_argument);
  CHECK(refused({}, records::topology_applied{"t", "p", 0, {{"x"}, {"x"}}}) == ec::invalid_argument);
  CHECK(refused({}, records::topology_applied{"t", "p", 0, {{""}}}) == ec::invalid_argument);
  std::vector<actor_spec> many(max_actors + 1);
  for (std::size_t i = 0; i < many.size(); ++i)
    many[i].name = std::to_string(i);
  CHECK(refused({}, records::topology_applied{"t", "p", 0, many}) == ec::invalid_argument);
  control_state full;
  for (std::size_t i = 0; i < max_topologies; ++i)
    fold(full, {records::topology_applied{std::to_string(i), "p", 1, {}}});
  CHECK(refused(full, records::topology_applied{"t", "p", 0, {}}) == ec::invalid_argument);
  auto s = running();
  fold(s, {records::stop_asked{"t"}});
  CHECK(refused(s, records::topology_applied{"t", "p1", 0, actors}) == ec::unavailable);
}

TEST_CASE("a process gets one session however often it asks; the next one ends it as by a death") {
  const auto s = running();
  CHECK(admitted(s, records::session_given{"a", 11}).empty());
  CHECK(admitted(s, records::session_given{"b", 12}) == change{records::session_given{"b", 12, 2}});
  CHECK(admitted(s, records::session_given{"a", 12}, 5) ==
        change{records::session_ended{"a", 1, true, 5}, records::session_given{"a", 12, 2}});
  CHECK(refused(s, records::session_given{"", 12}) == ec::invalid_argument);
}

TEST_CASE("the end of a session is recorded once, with its time") {
  const auto s = running();
  CHECK(admitted(s, records::session_ended{"a", 1, true}, 5) ==
        change{records::session_ended{"a", 1, true, 5}});
  CHECK(admitted(s, records::session_ended{"a", 1, false}, 5) ==
        change{records::session_ended{"a", 1, false, 5}});
  CHECK(admitted(s, records::session_ended{"a", 2, true}).empty());
  CHECK(admitted(s, records::session_ended{"b", 1, true}).empty());
  auto over = s;
  fold(over, admitted(s, records::session_ended{"a", 1, true}));
  CHECK(admitted(over, records::session_ended{"a", 1, true}).empty());
}

TEST_CASE("what a node tells of an earlier process is recorded once, with its time and node") {
  auto s = running();
  const attempt records{"log", {0, 1}, {0, 2}, 1};
  const records::crash_told told{shard, {"a", 7, 0, records}};
  auto with_time = told;
  with_time.what.at = 5;
  CHECK(admitted(s, told, 5) == change{with_time});
  fold(s, admitted(s, told, 5));
  CHECK(admitted(s, told, 6).empty());
  auto crashed = told;
  crashed.what.process = 8;
  crashed.what.signal = 11;
  fold(s, admitted(s, crashed, 6));
  CHECK(s.find(shard)->crashes.size() == 1);
  CHECK(admitted(s, crashed, 7).empty());
  CHECK(admitted(s, records::crash_told{{"t", "nobody"}, crashed.what}).empty());
  CHECK(admitted(s, records::crash_told{{"nothing", "w/0"}, crashed.what}).empty());
  crashed.what.process = 9;
  crashed.what.records->log = std::string(max_name_bytes + 1, 'l');
  CHECK_FALSE(std::get<records::crash_told>(admitted(s, crashed).at(0)).what.records);
}

TEST_CASE("what a topology that is over is told needs no record; one that nobody knows is named") {
  auto s = running();
  CHECK(admitted(s, records::topology_failed{"t", "lane", std::string(9'000, 'x')}) ==
        change{records::topology_failed{"t", "lane", std::string(max_text_bytes, 'x')}});
  CHECK(admitted(s, records::stop_asked{"t"}).size() == 1);
  fold(s, {records::finished{"t"}});
  CHECK(admitted(s, records::finished{"t"}).empty());
  CHECK(admitted(s, records::topology_failed{"t", "lane", ""}).empty());
  CHECK(admitted(s, records::placed{lane, "a", 1, 9}).empty());
  CHECK(admitted(s, records::term_granted{lane, 9}).empty());
  CHECK(refused(s, records::stop_asked{"no"}) == ec::not_found);
  CHECK(refused(s, records::verdict_given{"no"}) == ec::not_found);
  CHECK(refused(s, records::verdicts_settled{"no"}) == ec::not_found);
  CHECK(refused(s, records::partition_started{"no"}) == ec::not_found);
  CHECK(refused(s, records::drain_set{"no", true}) == ec::not_found);
  CHECK(refused(s, records::node_forgotten{"no"}) == ec::not_found);
}

TEST_CASE("what does not run is not stopped, paused or resumed: the error says how and when it has ended") {
  const event_micros noon = 1'700'000'000'123'456;
  const auto stopped = GENERATE(false, true);
  const auto failed = GENERATE(false, true);
  auto s = running();
  if (stopped)
    fold(s, admitted(s, records::stop_asked{"t"}));
  CHECK(admitted(s, records::stop_asked{"t"}).empty() == stopped);  // it runs until it has stopped
  fold(s, failed ? admitted(s, records::topology_failed{"t", "lane", "why"}, noon)
                 : admitted(s, records::finished{"t"}, noon));
  const std::string how = failed ? "has failed" : stopped ? "was stopped" : "has ended";
  for (const record& r : {record(records::stop_asked{"t"}), record(records::pause_set{"t", true}),
                          record(records::pause_set{"t", false})}) {
    CHECK(refused(s, r) == ec::mismatch);
    CHECK(admit(s, r, 0).error().message ==
          "the topology t " + how + " at 2023-11-14T22:13:20Z; it does not run");
  }
}

TEST_CASE("a name that is not there is answered with those that are, up to ten") {
  auto s = running();
  CHECK(admit(s, records::stop_asked{"no"}, 0).error().message == "the cluster has no topology no; it has t");
  CHECK(admit(s, records::drain_set{"no", true}, 0).error().message ==
        "the cluster has no node no; it has a");
  CHECK(admit({}, records::stop_asked{"no"}, 0).error().message ==
        "the cluster has no topology no; it has none");
  for (int i = 10; i < 22; ++i)
    fold(s, {records::topology_applied{"t" + std::to_string(i), "p", 1, {}}});
  CHECK(admit(s, records::stop_asked{"no"}, 0).error().message ==
        "the cluster has no topology no; it has t, t10, t11, t12, t13, t14, t15, t16, t17, t18 and 3 more");
}

TEST_CASE("a drain is recorded once and taken back once; a node that is over runs nothing to give away") {
  auto s = running();
  CHECK(admitted(s, records::drain_set{"a", false}).empty());
  fold(s, admitted(s, records::drain_set{"a", true}));
  CHECK(s.nodes.at("a").is_draining);
  CHECK(admitted(s, records::drain_set{"a", true}).empty());
  fold(s, admitted(s, records::drain_set{"a", false}));
  CHECK_FALSE(s.nodes.at("a").is_draining);
  const auto has_died = GENERATE(false, true);
  fold(s, {records::session_ended{"a", 1, has_died}});
  CHECK(s.nodes.at("a").has_left != has_died);
  for (const bool drains : {true, false}) {
    CHECK(refused(s, records::drain_set{"a", drains}) == ec::mismatch);
    CHECK(admit(s, records::drain_set{"a", drains}, 0).error().message ==
          std::string("the node a has ") + (has_died ? "died" : "left") +
              ": it runs nothing, and gets work again once it is started");
  }
  fold(s, {records::session_given{"a", 12, 2}});
  CHECK_FALSE(s.nodes.at("a").has_left);
}

TEST_CASE("a pause is recorded once, holds until it is ended, and ends with the topology") {
  auto s = running();
  CHECK(admitted(s, records::pause_set{"t", false}).empty());
  fold(s, admitted(s, records::pause_set{"t", true}));
  CHECK(s.topologies.at("t").is_paused);
  CHECK(admitted(s, records::pause_set{"t", true}).empty());
  CHECK(admitted(s, records::pause_set{"t", false}).size() == 1);
  fold(s, {records::finished{"t"}});
  CHECK_FALSE(s.topologies.at("t").is_paused);
  CHECK(refused(s, records::pause_set{"t", true}) == ec::mismatch);
  CHECK(refused(s, records::pause_set{"no", true}) == ec::not_found);
}

TEST_CASE("a topology is removed once it is over; asked again while its chains go, it is removed already") {
  auto s = running();
  CHECK(refused(s, records::topology_removed{"no"}) == ec::not_found);
  CHECK(refused(s, records::topology_removed{"t"}) == ec::mismatch);
  fold(s, {records::stop_asked{"t"}});
  CHECK(refused(s, records::topology_removed{"t"}) == ec::mismatch);
  fold(s, {records::finished{"t"}});
  fold(s, admitted(s, records::topology_removed{"t"}));
  CHECK(s.topologies.empty());
  CHECK(s.leftovers == std::set<std::string>{"t"});
  CHECK(admitted(s, records::topology_removed{"t"}).empty());
  fold(s, admitted(s, records::chains_cleared{"t"}));
  CHECK(s.leftovers.empty());
  CHECK(admitted(s, records::chains_cleared{"t"}).empty());
  CHECK(refused(s, records::topology_removed{"t"}) == ec::not_found);
}

TEST_CASE("a topology of a removed one's name has other generations and other chains, and begins anew") {
  auto s = running();
  fold(s, admitted(s, records::topology_applied{"t", "p2", 0, actors}));
  fold(s, {records::finished{"t"}, records::topology_removed{"t"}});
  fold(s, admitted(s, records::topology_applied{"t", "p1", 0, actors}));
  const auto second = s.topologies.at("t");
  CHECK(second.generation == 3);
  CHECK(chains_of("t", second.first_generation) == "t@3");
  CHECK(second.begins_anew);
  fold(s, admitted(s, records::topology_applied{"t", "p2", 0, actors}));
  CHECK(s.topologies.at("t").generation == 4);
  CHECK(s.topologies.at("t").first_generation == 3);
  // Another name was never removed, so nothing is known of its targets.
  fold(s, admitted(s, records::topology_applied{"u", "p", 0, {}}));
  CHECK_FALSE(s.topologies.at("u").begins_anew);
  CHECK(chains_of("u", s.topologies.at("u").first_generation) == "u@5");
  fold(s, {records::finished{"t"}});
  fold(s, admitted(s, records::topology_removed{"t"}));
  CHECK(s.leftovers == std::set<std::string>{"t", "t@3"});
  CHECK(admitted(s, records::topology_removed{"t"}).empty());
  // Somebody has prepared a plan for the state that is gone.
  CHECK(admit(s, records::topology_applied{"t", "p3", 4, actors}, 0).error().code == ec::unavailable);
  fold(s, admitted(s, records::topology_applied{"t", "p3", 0, actors}));
  CHECK(admit(s, records::topology_applied{"t", "p4", 4, actors}, 0).error().code == ec::unavailable);
  const auto now = s.topologies.at("t").generation;
  CHECK(admitted(s, records::topology_applied{"t", "p4", now, actors}).size() == 1);
  // A plan that a removed topology may have had contradicts the state.
  CHECK_FALSE(s.apply(records::topology_applied{"t", "p", 4, {}}));
}

TEST_CASE("a topology that begins anew takes the place of the one before in one change, once that is over") {
  auto s = running();
  fold(s, admitted(s, records::topology_applied{"u", "p", 0, {}}));
  const auto anew = [](std::uint64_t goes_on_from) {
    return records::topology_applied{"t", "p1", goes_on_from, actors, true};
  };
  CHECK(refused(s, anew(1)) == ec::mismatch);
  fold(s, {records::stop_asked{"t"}});
  CHECK(refused(s, anew(1)) == ec::unavailable);
  fold(s, {records::finished{"t"}});
  CHECK(refused(s, anew(2)) == ec::unavailable);
  const auto c = admitted(s, anew(1));
  CHECK(c == change{records::topology_removed{"t"}, records::topology_applied{"t", "p1", 3, actors}});
  fold(s, c);
  const auto& t = s.topologies.at("t");
  CHECK(t.status == topology_status::running);
  CHECK(t.begins_anew);
  CHECK(chains_of("t", t.first_generation) == "t@3");
  CHECK(s.leftovers == std::set<std::string>{"t"});
  // One that is not there begins as any does.
  CHECK(admitted(s, records::topology_applied{"v", "p", 0, {}, true}) ==
        change{records::topology_applied{"v", "p", 4, {}}});
}

TEST_CASE("a hundred topologies are too many until one is removed, and names are remembered up to a bound") {
  control_state s;
  for (std::size_t i = 0; i < max_topologies; ++i)
    fold(s, admitted(s, records::topology_applied{"t" + std::to_string(i), "p", 0, {}}));
  CHECK(refused(s, records::topology_applied{"more", "p", 0, {}}) == ec::invalid_argument);
  fold(s, {records::finished{"t7"}, records::topology_removed{"t7"}});
  CHECK(admitted(s, records::topology_applied{"more", "p", 0, {}}).size() == 1);
  for (std::size_t i = 0; i < max_removed; ++i) {
    const auto name = "later" + std::to_string(i);
    fold(s, admitted(s, records::topology_applied{name, "p", 0, {}}));
    fold(s, {records::finished{name}, records::topology_removed{name}});
    fold(s, {records::chains_cleared{chains_of(name, s.plans)}});
  }
  CHECK(s.removed.size() == max_removed);
  CHECK_FALSE(s.removed.contains("t7"));
}

TEST_CASE("a verdict, its settling, a start and a draining are recorded once") {
  auto s = running();
  for (const record& r : change{
           records::verdict_given{"t", "log", {0, 1}, "why"}, records::verdicts_settled{"t", "log", {0, 2}},
           records::partition_started{"t", "p", "1", "log", {}, "lane"}, records::drain_set{"a", true}}) {
    const auto c = admitted(s, r);
    CHECK(c == change{r});
    fold(s, c);
    CHECK(admitted(s, r).empty());
  }
}

TEST_CASE("a node can be forgotten while something is pinned to it, though nobody has seen it since") {
  auto s = running();
  CHECK(pinned_to(s, "a") == std::vector{sink});
  CHECK(admitted(s, records::node_forgotten{"a"}).size() == 1);
  fold(s, {records::topology_applied{"u", "p", 1, {{"file", actor_kind::sink, "", true, "never"}}}});
  CHECK(admitted(s, records::node_forgotten{"never"}).size() == 1);
  fold(s, {records::node_forgotten{"a"}});
  CHECK(pinned_to(s, "a").empty());
}

}  // namespace millrace::cluster::admission_trial
