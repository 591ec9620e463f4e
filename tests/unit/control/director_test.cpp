#include "runtime/control/director.hpp"
#include "tests/support/those.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

using namespace millrace;
using namespace millrace::control;

namespace {

/// Two lanes of one parser, a window of two shards, a window of one downstream of it, a sink, and dead
/// letters.
std::vector<member> members() {
  const std::vector<std::string> receivers{"dead", "w/0", "w/1", "raw"};
  return {{"raw", member_kind::sink},
          {"table", member_kind::sink, {}, {}, 0, {}, {"v/0/0"}},
          {"dead", member_kind::sink, {}, {}, 0, {}, {"w/0/0", "w/0/1"}, true},
          {"w/0", member_kind::shard, {}, {}, 0, "w/0/0"},
          {"w/1", member_kind::shard, {}, {}, 0, "w/0/1"},
          {"v/0", member_kind::shard, {}, {}, 0, "v/0/0", {"w/0/0", "w/0/1"}},
          {"p/lane0", member_kind::lane, "p", receivers, 1},
          {"p/lane1", member_kind::lane, "p", receivers, 1}};
}

using millrace::test::those;
template<class T>
bool has(const director_effect_list& all) {
  return !those<T>(all).empty();
}

std::vector<std::string> stops(const director_effect_list& all) {
  std::vector<std::string> out;
  for (const auto& s : those<director_effects::stop>(all))
    out.push_back(s.who);
  return out;
}
std::vector<std::string> asked(const director_effect_list& all) {
  std::vector<std::string> out;
  for (const auto& s : those<director_effects::collect>(all))
    out.push_back(s.from);
  return out;
}

/// All of them live.
director running() {
  director d(members());
  for (const auto& m : members())
    static_cast<void>(d.began(m.name, 1));
  return d;
}

std::ptrdiff_t answered(const director& d) {
  const auto parts = d.parts();
  CHECK(parts.size() == 6);
  return std::ranges::count(parts, std::string(), &messages::report_part::missing);
}

messages::report_part part_of(const std::string& name, const life& of = 1, std::uint64_t rows = 0) {
  messages::report_part p;
  p.actor = name;
  p.life = of;
  p.rows = rows;
  return p;
}

const std::vector<std::string> receivers_by_name{"dead", "raw", "table", "v/0", "w/0", "w/1"};
const error broken{ec::corrupt, fault::outside, false, "broken", {}};

director_effect_list complete_all(director& d) {
  director_effect_list last;
  for (const auto& name : receivers_by_name)
    last = d.completed(name, 1, 0);
  return last;
}

/// Gives the parts that are still missing, of whichever life.
director_effect_list give_parts(director& d, const std::vector<std::string>& names) {
  director_effect_list last;
  for (const auto& name : names)
    last = d.part(part_of(name, d.is_present(name, 2) ? 2 : 1));
  return last;
}

}  // namespace

TEST_CASE("lanes of one parser hear how far the slowest of the others is, each what is news to it") {
  auto all = members();
  for (auto& m : all)
    m.limits_drift = m.kind == member_kind::lane;
  all.push_back({.name = "q/lane0", .kind = member_kind::lane, .parser = "q"});
  director d(all);
  using told = std::vector<director_effects::tell_slowest>;
  // A lane that has yet to say something stands below all others.
  CHECK(those<director_effects::tell_slowest>(d.began("p/lane0", 1)) == told{{"p/lane0", no_watermark}});
  CHECK(d.stands_at("p/lane0", 1, 50).empty());
  CHECK(those<director_effects::tell_slowest>(d.began("p/lane1", 1)) == told{{"p/lane1", 50}});
  CHECK(those<director_effects::tell_slowest>(d.stands_at("p/lane1", 1, 70)) == told{{"p/lane0", 70}});
  CHECK(those<director_effects::tell_slowest>(d.stands_at("p/lane0", 1, 60)) == told{{"p/lane1", 60}});
  CHECK(d.stands_at("p/lane0", 1, 60).empty());
  CHECK(d.stands_at("q/lane0", 1, 1).empty());
  // The last word of a lane holds for its partitions until its next life has said more.
  static_cast<void>(d.is_down("p/lane0"));
  CHECK(d.stands_at("p/lane1", 1, 80).empty());
  CHECK(those<director_effects::tell_slowest>(d.began("p/lane0", 2)) == told{{"p/lane0", 80}});
  CHECK(those<director_effects::tell_slowest>(d.stands_at("p/lane0", 2, end_of_time)) ==
        told{{"p/lane1", end_of_time}});
}

TEST_CASE("lanes hear of a pause and of its end; a life that begins meanwhile before it meets anybody") {
  auto d = running();
  using told = std::vector<director_effects::tell_paused>;
  CHECK(d.set_paused(false).empty());
  CHECK(those<director_effects::tell_paused>(d.set_paused(true)) ==
        told{{"p/lane0", true}, {"p/lane1", true}});
  CHECK(d.set_paused(true).empty());
  static_cast<void>(d.is_down("p/lane0"));
  const auto again = d.began("p/lane0", 2);
  REQUIRE_FALSE(again.empty());
  CHECK(again.front() == director_effect(director_effects::tell_paused{"p/lane0", true}));
  CHECK(those<director_effects::tell_paused>(d.introduce_again("p/lane1")) == told{{"p/lane1", true}});
  static_cast<void>(d.is_down("p/lane1"));
  CHECK(those<director_effects::tell_paused>(d.set_paused(false)) == told{{"p/lane0", false}});
  CHECK(those<director_effects::tell_paused>(d.began("p/lane1", 2)) == told{{"p/lane1", false}});
}

TEST_CASE("a paused run ends where that is asked for") {
  auto d = running();
  static_cast<void>(d.set_paused(true));
  CHECK(asked(d.end()) == receivers_by_name);
  CHECK(stops(give_parts(d, receivers_by_name)) == std::vector<std::string>{"p/lane0", "p/lane1"});
}

TEST_CASE("a restart is of one actor, or of all of a parser, window or sink that live") {
  auto d = running();
  using told = std::vector<director_effects::restart>;
  CHECK(those<director_effects::restart>(d.restart("p")) == told{{"p/lane0"}, {"p/lane1"}});
  CHECK(those<director_effects::restart>(d.restart("w")) == told{{"w/0"}, {"w/1"}});
  CHECK(those<director_effects::restart>(d.restart("w/1")) == told{{"w/1"}});
  CHECK(those<director_effects::restart>(d.restart("table")) == told{{"table"}});
  CHECK(d.restart("").empty());
  CHECK(d.restart("p/").empty());
  static_cast<void>(d.is_down("w/0"));
  CHECK(those<director_effects::restart>(d.restart("w")) == told{{"w/1"}});
  static_cast<void>(d.end());
  CHECK(d.restart("table").empty());
}

TEST_CASE("whoever begins is introduced to those that live and work with it") {
  director d(members());
  CHECK(d.began("raw", 1).empty());
  CHECK(d.began("dead", 1) ==
        director_effect_list{director_effects::tell_dead_letter_sink{"raw", "dead", 1}});
  CHECK(d.began("table", 1) ==
        director_effect_list{director_effects::tell_dead_letter_sink{"table", "dead", 1}});
  CHECK(d.began("v/0", 1) == director_effect_list{director_effects::tell_sender{"table", "v/0/0", "v/0", 1}});
  CHECK(d.began("w/0", 1) == director_effect_list{director_effects::tell_sender{"dead", "w/0/0", "w/0", 1},
                                                  director_effects::tell_sender{"v/0", "w/0/0", "w/0", 1}});
  CHECK(d.began("p/lane0", 1) ==
        director_effect_list{director_effects::tell_paused{"p/lane0", false},
                             director_effects::tell_receiver{"p/lane0", 0, "dead", true, 1},
                             director_effects::tell_receiver{"p/lane0", 1, "w/0", true, 1},
                             director_effects::tell_receiver{"p/lane0", 2, "w/1", false, {}},
                             director_effects::tell_receiver{"p/lane0", 3, "raw", true, 1}});
  CHECK(d.began("w/1", 1) ==
        director_effect_list{director_effects::tell_sender{"dead", "w/0/1", "w/1", 1},
                             director_effects::tell_receiver{"p/lane0", 2, "w/1", true, 1},
                             director_effects::tell_sender{"v/0", "w/0/1", "w/1", 1}});
}

TEST_CASE("a lane goes on without whoever does not live, but waits for a first life that is sure to begin") {
  for (const bool all_begin : {false, true}) {
    director d(members(), all_begin);
    static_cast<void>(d.began("dead", 1));
    const auto told = those<director_effects::tell_receiver>(d.began("p/lane0", 1));
    CHECK(std::ranges::count(told, true, &director_effects::tell_receiver::lives) == 1);
    CHECK(std::ranges::count(told, false, &director_effects::tell_receiver::lives) == (all_begin ? 0 : 3));
    CHECK(those<director_effects::tell_receiver>(d.began("raw", 1)).size() == 1);
    // A member that has lived is told of in any case.
    const auto down = those<director_effects::tell_receiver>(d.is_down("raw"));
    REQUIRE(down.size() == 1);
    CHECK_FALSE(down.front().lives);
    CHECK(std::ranges::count(those<director_effects::tell_receiver>(d.began("p/lane0", 2)), false,
                             &director_effects::tell_receiver::lives) == (all_begin ? 1 : 3));
  }
}

TEST_CASE("who fails restarts alone; lanes send it nothing meanwhile") {
  auto d = running();
  CHECK(d.is_down("w/0") ==
        director_effect_list{director_effects::tell_receiver{"p/lane0", 1, "w/0", false, 1},
                             director_effects::tell_receiver{"p/lane1", 1, "w/0", false, 1}});
  CHECK_FALSE(d.lives("w/0"));
  CHECK(d.lives("w/1"));
  CHECK_FALSE(d.is_ending());
  CHECK(those<director_effects::tell_receiver>(d.began("w/0", 2)).size() == 2);
  CHECK(d.lives("w/0"));
  CHECK(d.is_down("p/lane1").empty());
  CHECK_FALSE(d.lives("p/lane1"));
  CHECK_FALSE(d.is_ending());
}

TEST_CASE("the run is over once every shard and sink has everything, in their present lives") {
  auto d = running();
  for (const auto* const name : {"dead", "raw", "v/0", "w/0", "w/1"})
    CHECK(d.completed(name, 1, 0).empty());
  static_cast<void>(d.is_down("w/1"));
  static_cast<void>(d.began("w/1", 2));
  CHECK(d.completed("table", 1, 0).empty());
  CHECK_FALSE(d.is_ending());
  CHECK(asked(d.completed("w/1", 2, 0)) == receivers_by_name);
  CHECK(d.finished());
}

TEST_CASE("at the end all report, then lanes stop, then shards, then sinks") {
  auto d = running();
  CHECK(has<director_effects::wait_for_reports>(complete_all(d)));
  auto last = give_parts(d, receivers_by_name);
  CHECK(has<director_effects::give_report>(last));
  CHECK(stops(last) == std::vector<std::string>{"p/lane0", "p/lane1"});
  CHECK(asked(last).empty());
  CHECK(d.stopped("p/lane0", 1).empty());
  last = d.stopped("p/lane1", 1);
  CHECK(stops(last) == std::vector<std::string>{"v/0", "w/0", "w/1"});
  CHECK(asked(last) == stops(last));
  for (const auto* const name : {"p/lane0", "p/lane1", "v/0", "w/0"})
    CHECK(d.stopped(name, 1).empty());
  last = d.stopped("w/1", 1);
  CHECK(stops(last) == std::vector<std::string>{"dead", "raw", "table"});
  static_cast<void>(d.stopped("dead", 1));
  static_cast<void>(d.part(part_of("raw", 1, 7)));  // its last word
  static_cast<void>(d.stopped("raw", 1));
  CHECK(d.stopped("table", 1) == director_effect_list{director_effects::end_run{}});
  CHECK(d.has_ended());
  CHECK(d.finished());
  CHECK_FALSE(d.failure());
  const auto parts = d.parts();
  CHECK(parts.size() == receivers_by_name.size());
  CHECK(parts[1].rows == 7);
}

TEST_CASE("who does not report or stop in time is left behind") {
  auto d = running();
  static_cast<void>(d.end());
  CHECK(d.reports_are_due(0).empty());
  auto last = d.reports_are_due(1);
  CHECK(stops(last) == std::vector<std::string>{"p/lane0", "p/lane1"});
  const auto lanes = those<director_effects::wait_for_stops>(last).front().number;
  static_cast<void>(d.stopped("p/lane0", 1));
  last = d.stops_are_due(lanes);
  CHECK(those<director_effects::leave_behind>(last) ==
        std::vector{director_effects::leave_behind{"p/lane1"}});
  CHECK(stops(last) == std::vector<std::string>{"v/0", "w/0", "w/1"});
  CHECK(d.stops_are_due(lanes).empty());  // the number is of another phase
}

TEST_CASE("what is stopped on request has not finished") {
  auto d = running();
  static_cast<void>(d.end());
  CHECK(d.is_ending());
  CHECK_FALSE(d.finished());
  CHECK(d.end().empty());
}

TEST_CASE("the first failure is the run's, and names its stage") {
  auto d = running();
  static_cast<void>(d.failed("raw", 1, broken));
  static_cast<void>(d.failed("table", 1, {ec::io, fault::outside, false, "other", {}}));
  REQUIRE(d.failure());
  CHECK(d.failure()->message == "broken");
  CHECK(d.failure()->stage == "raw");
  CHECK(d.is_ending());
}

TEST_CASE("what an earlier life says is dropped, also before its successor lives") {
  auto d = running();
  static_cast<void>(d.is_down("w/0"));
  const bool successor = GENERATE(false, true);
  if (successor)
    static_cast<void>(d.began("w/0", 2));
  CHECK(d.is_present("w/0", 2) == successor);
  CHECK_FALSE(d.is_present("w/0", 1));
  CHECK_FALSE(d.is_present("nobody", 1));
  CHECK(d.failed("w/0", 1, broken).empty());
  CHECK(d.fenced("w/0", 1, broken).empty());
  CHECK(d.stopped("w/0", 1).empty());
  CHECK(d.part(part_of("w/0", 1, 7)).empty());
  for (const auto& name : receivers_by_name)
    CHECK(d.completed(name, 1, 0).empty());
  CHECK_FALSE(d.is_ending());
  CHECK(answered(d) == 0);
  static_cast<void>(d.is_down("p/lane0"));
  CHECK(d.stands_at("p/lane0", 1, 50).empty());
  CHECK_FALSE(d.is_new("p/lane0", 1, "5"));
}

TEST_CASE(
    "a sink that has opened its target again is in the same life; sinks and shards are told which it is") {
  auto d = running();
  CHECK(d.is_present("raw", {1, 3}));
  static_cast<void>(d.completed("raw", {1, 3}, 0));
  for (const auto& name : receivers_by_name)
    static_cast<void>(d.completed(name, 1, 0));
  CHECK(d.finished());
  auto e = running();
  static_cast<void>(e.is_down("w/0"));
  CHECK(e.began("w/0", 7) ==
        director_effect_list{director_effects::tell_sender{"dead", "w/0/0", "w/0", 7},
                             director_effects::tell_receiver{"p/lane0", 1, "w/0", true, 7},
                             director_effects::tell_receiver{"p/lane1", 1, "w/0", true, 7},
                             director_effects::tell_sender{"v/0", "w/0/0", "w/0", 7}});
}

TEST_CASE("a newest life that is refused ends the run: its chain or target belongs to another process") {
  auto d = running();
  const error taken{ec::fenced, fault::outside, false, "another life has it", {}};
  const auto effects = d.fenced("w/0", 1, taken);
  CHECK(asked(effects) == std::vector<std::string>{"dead", "raw", "table", "v/0", "w/1"});
  REQUIRE(d.failure());
  CHECK(d.failure()->code == ec::fenced);
  CHECK(d.failure()->stage == "w/0");
  CHECK(d.is_ending());
  // It ends in silence, and nobody raises the number.
  CHECK(d.is_down("w/0").empty());
  CHECK(stops(give_parts(d, {"dead", "raw", "table", "v/0", "w/1"})) ==
        std::vector<std::string>{"p/lane0", "p/lane1"});
  static_cast<void>(d.stopped("p/lane0", 1));
  CHECK(stops(d.stopped("p/lane1", 1)) == std::vector<std::string>{"v/0", "w/1"});
}

TEST_CASE("a life that is refused while the run ends is not waited for, and gets no other one") {
  auto d = running();
  static_cast<void>(complete_all(d));
  SECTION("before its report") {
    static_cast<void>(give_parts(d, {"dead", "raw", "table", "v/0", "w/1"}));
    CHECK(stops(d.fenced("w/0", 1, broken)) == std::vector<std::string>{"p/lane0", "p/lane1"});
    CHECK(d.is_down("w/0").empty());
  }
  SECTION("when it stops") {
    static_cast<void>(give_parts(d, receivers_by_name));
    static_cast<void>(d.stopped("p/lane0", 1));
    static_cast<void>(d.stopped("p/lane1", 1));
    static_cast<void>(d.stopped("v/0", 1));
    static_cast<void>(d.stopped("w/1", 1));
    CHECK(stops(d.fenced("w/0", 1, broken)) == std::vector<std::string>{"dead", "raw", "table"});
    CHECK(d.is_down("w/0").empty());
  }
  CHECK_FALSE(d.finished());
  CHECK(d.failure()->message == "broken");
}

TEST_CASE("who cannot begin ends the run; what had begun is stopped in order") {
  director d(members());
  static_cast<void>(d.began("raw", 1));
  CHECK(asked(d.could_not_begin("w/0", broken)) == std::vector<std::string>{"raw"});
  CHECK(d.failure()->stage == "w/0");
  CHECK(stops(d.part(part_of("raw"))) == std::vector<std::string>{"raw"});
  CHECK(d.stopped("raw", 1) == director_effect_list{director_effects::end_run{}});
}

TEST_CASE("a run that ends first waits for the next lives of shards and sinks: they have counts, too") {
  auto d = running();
  static_cast<void>(d.is_down("w/0"));
  static_cast<void>(d.is_down("raw"));
  static_cast<void>(d.is_down("p/lane0"));
  CHECK(d.end().empty());
  CHECK(asked(d.began("raw", 2)).empty());
  SECTION("both begin") { CHECK(asked(d.began("w/0", 2)) == receivers_by_name); }
  SECTION("one cannot") {
    CHECK(asked(d.could_not_begin("w/0", broken)) ==
          std::vector<std::string>{"dead", "raw", "table", "v/0", "w/1"});
    CHECK(d.failure()->stage == "w/0");
  }
}

TEST_CASE("the next life of one that fails while others are waited for is waited for once as well") {
  auto d = running();
  static_cast<void>(d.is_down("table"));
  CHECK(asked(d.end()).empty());
  CHECK(d.is_down("w/0").empty());
  CHECK_FALSE(d.failure());
  CHECK(asked(d.began("table", 2)).empty());
  SECTION("it reports with the others") {
    CHECK(asked(d.began("w/0", 2)) == receivers_by_name);
    CHECK(stops(give_parts(d, receivers_by_name)) == std::vector<std::string>{"p/lane0", "p/lane1"});
    CHECK_FALSE(d.failure());
  }
  SECTION("it fails again: its counts are missing, and the run ends") {
    CHECK(asked(d.began("w/0", 2)) == receivers_by_name);
    static_cast<void>(d.is_down("w/0"));
    REQUIRE(d.failure());
    CHECK(stops(give_parts(d, {"dead", "raw", "table", "v/0", "w/1"})) ==
          std::vector<std::string>{"p/lane0", "p/lane1"});
  }
  SECTION("it cannot begin") {
    static_cast<void>(d.could_not_begin("w/0", broken));
    CHECK(d.failure());
    CHECK(stops(give_parts(d, {"dead", "raw", "table", "v/0", "w/1"})) ==
          std::vector<std::string>{"p/lane0", "p/lane1"});
  }
}

TEST_CASE("the next life of one that fails at the end before it has reported is waited for once") {
  auto d = running();
  static_cast<void>(d.end());
  CHECK(d.is_down("w/0").empty());
  CHECK(asked(d.began("w/0", 2)) == std::vector<std::string>{"w/0"});
  SECTION("it reports") {
    CHECK(stops(give_parts(d, receivers_by_name)) == std::vector<std::string>{"p/lane0", "p/lane1"});
    CHECK_FALSE(d.failure());
  }
  SECTION("it fails again: its counts are missing") {
    static_cast<void>(d.is_down("w/0"));
    REQUIRE(d.failure());
    CHECK(d.failure()->retry);
    CHECK(stops(give_parts(d, {"dead", "raw", "table", "v/0", "w/1"})) ==
          std::vector<std::string>{"p/lane0", "p/lane1"});
  }
  SECTION("it cannot begin") {
    static_cast<void>(give_parts(d, {"dead", "raw", "table", "v/0", "w/1"}));
    auto e = running();
    static_cast<void>(e.end());
    static_cast<void>(e.is_down("w/0"));
    static_cast<void>(give_parts(e, {"dead", "raw", "table", "v/0", "w/1"}));
    CHECK(stops(e.could_not_begin("w/0", broken)) == std::vector<std::string>{"p/lane0", "p/lane1"});
  }
}

TEST_CASE(
    "a shard that fails after everything was complete comes to the end once more, and the run with it") {
  auto d = running();
  static_cast<void>(complete_all(d));
  static_cast<void>(d.part(part_of("raw")));
  static_cast<void>(d.is_down("w/0"));
  CHECK_FALSE(d.is_ending());
  CHECK_FALSE(d.finished());
  static_cast<void>(d.began("w/0", 2));
  CHECK(asked(d.completed("w/0", 2, 0)).empty());  // the first collection is still under way
  CHECK(d.finished());
  static_cast<void>(give_parts(d, {"dead", "table", "v/0", "w/1"}));
  CHECK(d.is_ending());
}

TEST_CASE("who fails after its last report stays down") {
  auto d = running();
  static_cast<void>(d.end());
  static_cast<void>(give_parts(d, receivers_by_name));
  CHECK(d.is_down("w/0").empty());
  static_cast<void>(d.stopped("p/lane0", 1));
  CHECK(stops(d.stopped("p/lane1", 1)) == std::vector<std::string>{"v/0", "w/1"});
}

TEST_CASE("who failed after its last report and restarts all the same does not take its counts back") {
  auto d = running();
  static_cast<void>(complete_all(d));
  static_cast<void>(d.part(part_of("w/0", 1, 68)));
  static_cast<void>(give_parts(d, {"dead", "raw", "table", "v/0", "w/1"}));
  static_cast<void>(d.is_down("w/0"));
  static_cast<void>(d.began("w/0", 2));
  static_cast<void>(d.part(part_of("w/0", 2, 32)));
  const auto parts = d.parts();
  const auto kept = std::ranges::find(parts, "w/0", &messages::report_part::actor);
  REQUIRE(kept != parts.end());
  CHECK(kept->rows == 68);
}

TEST_CASE("a report is asked of shards and sinks; who dies meanwhile is not waited for") {
  auto d = running();
  CHECK(asked(d.report()) == receivers_by_name);
  CHECK(d.report().empty());  // one is under way
  static_cast<void>(give_parts(d, {"dead", "raw", "table", "v/0", "w/0"}));
  CHECK(has<director_effects::give_report>(d.is_down("w/1")));
  CHECK_FALSE(d.is_ending());
  CHECK(answered(d) == 5);
  CHECK(asked(d.report()).size() == 5);
  CHECK(d.reports_are_due(1).empty());
  static_cast<void>(d.part(part_of("raw", 1, 7)));
  CHECK(d.reports_are_due(2) == director_effect_list{director_effects::give_report{}});
  CHECK(answered(d) == 1);  // the counts of the others are old, or none
  for (const auto& p : d.parts())
    CHECK(p.missing == (p.actor == "raw" ? "" : p.actor));
}

TEST_CASE("a partition that was found is told to receivers before lanes, and to later lives") {
  auto d = running();
  CHECK(d.is_new("p/lane0", 1, "5"));
  CHECK_FALSE(d.is_new("w/0", 1, "5"));
  CHECK_FALSE(d.is_new("nobody", 1, "5"));
  static_cast<void>(d.is_down("raw"));
  const auto effects = d.start({"p", "5", "p/5", {{0, 3}}, "p/lane0"});
  CHECK(those<director_effects::tell_log>(effects) ==
        std::vector<director_effects::tell_log>{
            {"dead", "p/5", {{0, 3}}}, {"w/0", "p/5", {{0, 3}}}, {"w/1", "p/5", {{0, 3}}}});
  CHECK(those<director_effects::tell_partition>(effects).size() == 2);
  CHECK(std::holds_alternative<director_effects::tell_log>(effects.front()));
  CHECK(std::holds_alternative<director_effects::tell_partition>(effects.back()));
  CHECK_FALSE(d.is_new("p/lane1", 1, "5"));
  CHECK(d.found().feeding("raw") == std::map<log_id, mark>{{"p/5", {{0, 3}}}});
  static_cast<void>(d.end());
  CHECK_FALSE(d.is_new("p/lane0", 1, "6"));
}

TEST_CASE("what was complete before a partition was found is complete again once it has that, too") {
  auto d = running();
  for (const auto* name : {"dead", "raw", "table", "v/0", "w/0"})
    CHECK(d.completed(name, 1, 0).empty());
  static_cast<void>(d.start({"p", "5", "p/5", {{0, 3}}, "p/lane0"}));
  for (const auto* name : {"w/1", "dead", "raw"})
    CHECK(d.completed(name, 1, 1).empty());
  CHECK(d.completed("w/0", 1, 0).empty());  // the message was on its way when the partition was found
  CHECK(asked(d.completed("w/0", 1, 1)) == receivers_by_name);
}

TEST_CASE("a new life is told of partitions that were found before it can be complete") {
  auto d = running();
  static_cast<void>(d.start({"p", "5", "p/5", {{0, 3}}, "p/lane0"}));
  static_cast<void>(d.is_down("w/0"));
  const auto effects = d.began("w/0", 2);
  CHECK(those<director_effects::tell_log>(effects) ==
        std::vector<director_effects::tell_log>{{"w/0", "p/5", {{0, 3}}}});
  CHECK(std::holds_alternative<director_effects::tell_log>(effects.front()));
}

TEST_CASE("who may have missed what was said is told of partitions that were found as well") {
  auto d = running();
  static_cast<void>(d.start({"p", "5", "p/5", {{0, 3}}, "p/lane0"}));
  const auto lane = d.introduce_again("p/lane1");
  CHECK(those<director_effects::tell_partition>(lane) ==
        std::vector<director_effects::tell_partition>{{"p/lane1", "5", "p/lane0"}});
  CHECK(those<director_effects::tell_log>(lane).empty());
  const auto shard = d.introduce_again("w/0");
  CHECK(those<director_effects::tell_log>(shard) ==
        std::vector<director_effects::tell_log>{{"w/0", "p/5", {{0, 3}}}});
  CHECK(std::holds_alternative<director_effects::tell_log>(
      shard.front()));  // it comes before its lanes ask for it
  CHECK(those<director_effects::tell_partition>(shard).empty());
}

TEST_CASE("whatever fails when, a run ends once, and nobody stops before those that send to it") {
  for (std::uint32_t seed = 0; seed < 2'000; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto one_in = [&](std::uint32_t n) { return random() % n == 0; };
    director d(members());
    std::vector<std::string> waiting;  // actors that wait for a life
    std::vector<std::string> open_reports, stopping, alive;
    std::uint64_t report = 0, stop = 0;
    int ends = 0;
    std::map<std::string, int> kind;
    std::map<std::string, incarnation> terms;
    for (const auto& m : members())
      kind[m.name] = static_cast<int>(m.kind);
    director_effect_list queue;
    const auto take = [&](const director_effect_list& more) {
      queue.insert(queue.end(), more.begin(), more.end());
    };
    const auto begin = [&](const std::string& name) {
      if (one_in(40)) {
        take(d.could_not_begin(name, broken));
      } else {
        alive.push_back(name);
        take(d.began(name, ++terms[name]));
      }
    };
    const auto run = [&] {
      while (!queue.empty()) {
        const auto o = queue.front();
        queue.erase(queue.begin());
        REQUIRE(ends == 0);
        if (const auto* const c = std::get_if<director_effects::collect>(&o)) {
          CHECK(d.lives(c->from));
          open_reports.push_back(c->from);
        } else if (const auto* const s = std::get_if<director_effects::stop>(&o)) {
          for (const auto& name : alive)
            if (kind[name] < kind[s->who])
              CHECK(std::find(stopping.begin(), stopping.end(), name) != stopping.end());
          stopping.push_back(s->who);
        } else if (const auto* const w = std::get_if<director_effects::wait_for_reports>(&o)) {
          report = w->number;
        } else if (const auto* const x = std::get_if<director_effects::wait_for_stops>(&o)) {
          stop = x->number;
        } else if (std::holds_alternative<director_effects::end_run>(o)) {
          ++ends;
        }
      }
    };
    // The members of a kind that begin come first, then those that cannot.
    bool good = true;
    for (const auto of : {member_kind::sink, member_kind::shard, member_kind::lane}) {
      if (!good)
        break;
      std::vector<std::string> refused;
      for (const auto& m : members())
        if (m.kind == of && one_in(40)) {
          refused.push_back(m.name);
        } else if (m.kind == of) {
          alive.push_back(m.name);
          take(d.began(m.name, ++terms[m.name]));
        }
      for (const auto& name : refused)
        take(d.could_not_begin(name, broken));
      good = refused.empty();
    }
    run();
    for (int step = 0; step < 2'000 && ends == 0; ++step) {
      const auto pick = [&](std::vector<std::string>& from) {
        const auto at = from.begin() + static_cast<std::ptrdiff_t>(random() % from.size());
        auto name = *at;
        from.erase(at);
        return name;
      };
      switch (random() % 8) {
      case 0:
        if (!alive.empty() && one_in(3)) {
          waiting.push_back(pick(alive));
          take(d.is_down(waiting.back()));
        }
        break;
      case 1:
        if (!waiting.empty() && stopping.empty())
          begin(pick(waiting));
        break;
      case 2:
      case 3:
        if (!open_reports.empty())
          if (const auto name = pick(open_reports); d.lives(name))
            take(d.part(part_of(name, terms[name])));
        break;
      case 4:
        if (!stopping.empty())
          if (const auto name = stopping[random() % stopping.size()]; d.lives(name)) {
            take(d.stopped(name, terms[name]));
            alive.erase(std::find(alive.begin(), alive.end(), name));
            run();
            if (ends == 0)
              take(d.is_down(name));
          }
        break;
      case 5:
        if (!alive.empty())
          if (const auto& name = alive[random() % alive.size()]; kind[name] != 0)
            take(d.completed(name, {terms[name], 3}, 0));
        break;
      case 6: {
        // An earlier life that nobody knows of any more.
        const auto name = members()[random() % members().size()].name;
        const life former = terms[name] - (d.lives(name) ? 1 : 0);
        CHECK(d.completed(name, former, 0).empty());
        CHECK(d.stopped(name, former).empty());
        CHECK(d.failed(name, former, broken).empty());
        CHECK(d.part(part_of(name, former)).empty());
        CHECK(d.fenced(name, former, broken).empty());
        if (!alive.empty() && one_in(50)) {
          const auto refused = pick(alive);
          take(d.fenced(refused, terms[refused], broken));
          run();
          if (ends == 0)
            take(d.is_down(refused));
        }
        if (one_in(20))
          take(d.reports_are_due(report));
        if (one_in(50))
          take(d.stops_are_due(stop));
        break;
      }
      default:
        if (one_in(100))
          take(d.end());
        if (one_in(50))
          take(d.report());
      }
      run();
    }
    CHECK(ends == 1);
  }
}
