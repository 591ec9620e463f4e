#include "actors/observe/ledger.hpp"
#include "actors/observe/report.hpp"
#include "actors/observe/report_schema.hpp"
#include "runtime/base/shard_name.hpp"
#include "runtime/delivery/ledger.hpp"
#include "tests/unit/observe/observe_fixture.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <set>

using namespace millrace;
using namespace millrace::observe;
using namespace millrace::observe::test;

namespace {

using parts_list = std::vector<messages::report_part>;
constexpr position end_of_output{60, whole};

messages::report_part part_of(std::string actor) {
  messages::report_part p;
  p.actor = std::move(actor);
  return p;
}

/// Ten records of the topology of the fixture have gone through: two rows of each shard of `counts` to the sink `out` and the
/// window `sums`, and a row of each shard of that to `hourly`.
struct counted_run {
  counted_run() {
    dead = part_of("dead_letters");
    for (const auto* stage : {"in", "parsed", "counts"})
      dead.counts[stage] = {.in = 10, .out = 10};
    dead.vector["parsed/generator"] = {{0, 10}, no_watermark};
    out = part_of("out");
    hourly = part_of("hourly");
    shards_of("counts", 2, {"out", "sums"}, out);
    shards_of("sums", 1, {"hourly"}, hourly);
    for (auto& s : shards)
      if (stage_of_actor(s.actor) == "sums") {
        for (const auto& up : shards)
          if (stage_of_actor(up.actor) == "counts")
            s.vector[up.actor] = {end_of_output, no_watermark};
        s.counts["sums"] = {.in = 2, .out = 2};
        s.counts[delivery::taken_by("sums")].in = 2;
      }
  }
  /// Each shard gives `rows` to each of the receivers, and the sink takes and commits them.
  void shards_of(const std::string& window, std::uint64_t rows, const std::vector<std::string>& receivers,
                 messages::report_part& sink) {
    const auto n = std::get<config::window_plan>(plan.find(window)->plan).definition.shards;
    for (std::uint32_t i = 0; i < n; ++i) {
      auto& s = shards.emplace_back(part_of(to_string(shard_name{window, 0, i})));
      s.rows = rows;
      for (const auto& r : receivers)
        s.counts[delivery::given_to(r)].in = rows;
      s.vector[s.actor] = {end_of_output, no_watermark};
      sink.vector[s.actor] = {end_of_output, no_watermark};
    }
    sink.counts[sink.actor] = {.in = n * rows, .out = n * rows};
    sink.counts[delivery::taken_by(sink.actor)].in = n * rows;
  }
  void lose_at_out() {
    --out.counts["out"].in;
    --out.counts["out"].out;
    --out.counts[delivery::taken_by("out")].in;
  }
  [[nodiscard]] parts_list parts() const {
    auto all = shards;
    all.insert(all.end(), {dead, out, hourly});
    return all;
  }
  [[nodiscard]] whole_ledger ledger(bool ended = false) const {
    const auto l = ledger_of(report_text(plan, parts(), ended));
    REQUIRE(l);
    return *l;
  }
  static ledger_entry at(const whole_ledger& l, const std::string& stage) {
    return *std::ranges::find(l.stages, stage, &ledger_entry::stage);
  }

  config::topology plan = planned();
  parts_list shards;
  messages::report_part dead, out, hourly;
};

/// Each member is one of the schema's, and all are there that a report always has. Gives the names that were seen.
std::set<std::string> fits(const boost::json::object& o, const boost::json::object& schema) {
  std::set<std::string> seen;
  const auto& known = schema.at("properties").as_object();
  for (const auto& [name, value] : o) {
    INFO(name);
    REQUIRE(known.contains(name));
    seen.emplace(name);
    const auto& one = known.at(name).as_object();
    if (const auto* const inner = one.if_contains("additionalProperties"))
      for (const auto& [_, each] : value.as_object())
        if (each.is_object())
          seen.merge(fits(each.as_object(), inner->as_object()));
  }
  if (const auto* const required = schema.if_contains("required"))
    for (const auto& name : required->as_array())
      CHECK(o.contains(name.as_string()));
  return seen;
}

}  // namespace

TEST_CASE("a report has the members that its schema lists, and no others") {
  counted_run r;
  deployment::pipeline_gauges gauges;
  gauges.lanes["parsed/lane0"] = std::make_shared<lane::lane_gauges>();
  gauges.lanes["parsed/lane0"]->parser = "parsed";
  gauges.lanes["parsed/lane0"]->source = "in";
  gauges.lanes["parsed/lane0"]->lag_bytes = 1;
  gauges.sinks["out"] = std::make_shared<sink::sink_gauges>();
  flow_meter flow;
  flow.sample({}, gauges);
  auto parts = r.parts();
  std::set<std::string> seen;
  for (const bool ended : {false, true})
    seen.merge(
        fits(boost::json::parse(report_text(r.plan, parts, ended, &flow)).as_object(), report_schema()));
  CHECK_FALSE(seen.contains("incomplete"));
  parts.back().missing = "node b";
  const auto lacking = boost::json::parse(report_text(r.plan, parts, false)).as_object();
  CHECK(lacking.at("incomplete") == boost::json::array{"node b did not answer"});
  seen.merge(fits(lacking, report_schema()));
  for (const auto* name :
       {"incomplete", "in_flight", "rows", "rows_dead_letters", "late_at_shard", "pending_records",
        "pending_bytes", "wait_seconds", "work_seconds", "commit_seconds"})
    CHECK(seen.contains(name));
}

TEST_CASE("the equation holds where every record is settled, while a topology runs and at its end") {
  const counted_run r;
  for (const bool ended : {false, true}) {
    const auto l = r.ledger(ended);
    CHECK(l.holds == true);
    CHECK(l.incomplete.empty());
    for (const auto& s : l.stages)
      CHECK(s.in_flight == 0);
    CHECK(verdict_of(l) == "the equation of every stage holds");
    CHECK(imbalances_of(l).empty());
  }
}

TEST_CASE("a row that a sink has yet to take is in flight, and one that it has lost breaks the equation") {
  counted_run r;
  const auto whole_in = r.out.counts.of("out").in;
  r.lose_at_out();
  const auto lost = r.ledger();
  CHECK(lost.holds == false);
  CHECK(verdict_of(lost) == "the equation of a stage does not hold");
  for (const auto& s : lost.stages)
    CHECK(s.holds == (s.stage != "out"));
  CHECK(imbalances_of(lost) ==
        std::vector{
            std::pair(std::string("out"), fmt::format("of {} rows that it was given 1 are lost", whole_in))});
  CHECK(counted_run::at(lost, "out").in == whole_in);
  CHECK(counted_run::at(lost, "out").in_flight == 0);

  r.out.vector[r.shards[0].actor].at = {30, whole};  // it has yet to take what that shard gave last
  const auto flies = r.ledger();
  CHECK(flies.holds == true);
  CHECK(counted_run::at(flies, "out").in_flight == 1);
  r.out.vector.erase(r.shards[0].actor);  // it has yet to begin with that shard
  CHECK(counted_run::at(r.ledger(), "out").in_flight == 1);
  CHECK(r.ledger(true).holds == false);  // no row is on its way after the end
}

TEST_CASE("how far dead letters have followed a window says nothing of what it has given") {
  counted_run r;
  r.lose_at_out();
  const auto& shard = r.shards[0].actor;
  r.out.vector[shard].at = r.dead.vector[shard].at = {30, whole};
  CHECK(r.ledger().holds == true);
  CHECK(counted_run::at(r.ledger(), "out").in_flight == 1);
}

TEST_CASE("a row that is lost between two windows breaks the equation of the second one") {
  counted_run r;
  auto& s = *std::ranges::find(r.shards, std::string("sums/0/0"), &messages::report_part::actor);
  s.counts["sums"] = {.in = 1, .out = 1};
  s.counts[delivery::taken_by("sums")].in = 1;
  CHECK(r.ledger().holds == false);
  CHECK(counted_run::at(r.ledger(), "sums").holds == false);
  s.vector["counts/0/0"].at = lowest_position;
  CHECK(r.ledger().holds == true);
}

TEST_CASE("a record that is lost between a lane and its sink breaks the equation") {
  auto plan = planned_text(R"json({
    "millrace": 1, "topology": "t",
    "stages": {
      "in": { "source": "generator", "kind": "clicks", "count": 10 },
      "parsed": { "parser": "json", "from": "in", "schema": { "user": "text" } },
      "out": { "sink": "console", "from": "parsed" }
    }
  })json");
  auto dead = part_of("dead_letters");
  dead.counts["in"] = dead.counts["parsed"] = {.in = 10, .out = 10};
  dead.counts[delivery::given_to("out")].in = 10;
  dead.vector["parsed/generator"].at = {0, 10};
  auto out = part_of("out");
  out.counts["out"] = {.in = 9, .out = 9};
  out.counts[delivery::taken_by("out")].in = 9;
  out.vector["parsed/generator"].at = {0, 10};
  CHECK(ledger_of(report_text(plan, {dead, out}, false))->holds == false);
  out.vector["parsed/generator"].at = {0, 9};
  CHECK(ledger_of(report_text(plan, {dead, out}, false))->holds == true);
  CHECK(ledger_of(report_text(plan, {dead, out}, true))->holds == false);
}

TEST_CASE("a sink that was added later has more than was given since: it reads the log from its start") {
  counted_run r;
  r.out.counts[delivery::taken_by("out")].in += 100;
  CHECK(r.ledger(true).holds == true);
}

TEST_CASE("counts that are missing make a ledger incomplete, and no zeros that hold") {
  counted_run r;
  SECTION("of an actor on a node that did not answer") {
    r.out = part_of("out");
    r.out.missing = r.shards[0].missing = "node b";
    CHECK(r.ledger().incomplete == std::vector<std::string>{"node b did not answer"});
  }
  SECTION("of a shard that nobody has heard of") {
    r.shards.erase(r.shards.begin());
    CHECK(r.ledger().incomplete == std::vector<std::string>{"counts/0 did not answer"});
  }
  SECTION("of a sink") {
    r.out.actor = "somebody_else";
    CHECK(r.ledger().incomplete == std::vector<std::string>{"out did not answer"});
  }
  const auto l = r.ledger();
  CHECK_FALSE(l.holds);
  for (const auto& s : l.stages)
    CHECK_FALSE(s.holds);
  CHECK(verdict_of(l).starts_with("incomplete: "));
  CHECK(imbalances_of(l).empty());
  CHECK(ledger_of(report_text(r.plan, {}, true))->incomplete.size() > 3);
  CHECK(read_json<whole_ledger>(json_of(l)) == l);
}
