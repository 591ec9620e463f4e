#include "actors/replay/route.hpp"
#include "actors/stream/replay/replay_format.hpp"
#include "tests/support/planned.hpp"

#include <catch2/catch.hpp>

using namespace millrace;
using namespace millrace::replay;

namespace {

using millrace::test::planned;

/// Stages: in -> parsed -> adults -> {table, other}; parsed -> counts -> totals; counts.late -> late; in ->
/// again -> third.
plans branching() {
  return lane::lane_plans(planned(R"json(
    "in": { "source": "file", "path": "x" },
    "parsed": { "parser": "json", "from": "in", "schema": { "a": "bigint", "at": "timestamp" }, "event_time": "at" },
    "adults": { "transform": "select", "from": "parsed", "where": "a > 18" },
    "table": { "sink": "console", "from": "adults" },
    "other": { "sink": "console", "from": "adults" },
    "counts": { "window": "tumbling", "size": "1 min", "from": "parsed", "key": [], "aggregates": { "n": "count(*)" } },
    "totals": { "sink": "console", "from": "counts" },
    "late": { "sink": "console", "from": "counts.late" },
    "again": { "parser": "text", "from": "in" },
    "third": { "sink": "console", "from": "again" })json"));
}

plans two_sources() {
  return lane::lane_plans(planned(R"json(
    "in": { "source": "file", "path": "x" },
    "more": { "source": "file", "path": "y" },
    "parsed": { "parser": "text", "from": ["in", "more"] },
    "apart": { "parser": "text", "from": "in" },
    "one": { "sink": "console", "from": "parsed" },
    "both": { "sink": "console", "from": ["parsed", "apart"] })json"));
}

letter of(const std::string& stage, const std::string& partition = "0") {
  return {"1", stage, partition, 7, "r", 0};
}

std::string why(const letter& l, const plans& all, const std::string& into, bool elsewhere = false) {
  const auto r = route_of(l, all, into);
  REQUIRE_FALSE(r);
  CHECK(r.error().elsewhere == elsewhere);
  return r.error().why;
}

std::vector<std::string> reached(const route& r) {
  std::vector<std::string> out;
  const auto walk = [&](const auto& self, const std::vector<lane::node>& nodes) -> void {
    for (const auto& n : nodes) {
      out.push_back(r.plan->topology->stages[std::visit([](const auto& x) { return x.stage; }, n.what)].name);
      if (const auto* select = std::get_if<lane::select_node>(&n.what))
        self(self, select->next);
    }
  };
  walk(walk, lane::nodes_towards(*r.plan, r.stage));
  return out;
}

}  // namespace

TEST_CASE("a record goes through the stage that it failed at, and to no other that has had it") {
  const auto all = branching();
  const auto parser = route_of(of("parsed"), all, "in");
  REQUIRE(parser);
  CHECK(parser->plan->name == "parsed");
  CHECK(reached(*parser) == std::vector<std::string>{"adults", "table", "other", "counts"});
  const auto select = route_of(of("adults"), all, "parsed");
  REQUIRE(select);
  CHECK(reached(*select) == std::vector<std::string>{"adults", "table", "other"});
  const auto sink = route_of(of("table"), all, "in");
  REQUIRE(sink);
  CHECK(reached(*sink) == std::vector<std::string>{"adults", "table"});
  const auto window = route_of(of("counts"), all, "in");
  REQUIRE(window);
  CHECK(reached(*window) == std::vector<std::string>{"counts"});
  CHECK(reaches_windows_only(*window));
  CHECK_FALSE(reaches_windows_only(*parser));
  const auto other_parser = route_of(of("third"), all, "in");
  REQUIRE(other_parser);
  CHECK(other_parser->plan->name == "again");
}

TEST_CASE("letters of stages that are not behind the one asked for are left") {
  const auto all = branching();
  CHECK(why(of("third"), all, "parsed", true) == "of stage \"third\", which is not downstream of \"parsed\"");
  CHECK(why(of("again"), all, "parsed", true) == "of stage \"again\", which is not downstream of \"parsed\"");
}

TEST_CASE("rows, and what cannot be told, are refused with the reason") {
  const auto all = branching();
  CHECK(why(of("table", "refused/table"), all, "in").find("which are its rows and not records") !=
        std::string::npos);
  CHECK(why(of("totals", "counts/0/3"), all, "in").find("which are its rows") != std::string::npos);
  CHECK(why(of("counts", "counts/0/3"), all, "in").find("which are its rows") != std::string::npos);
  CHECK(why(of("late"), all, "in").find("late ones") != std::string::npos);
  CHECK(why(of("gone"), all, "in") == "of stage \"gone\", which topology 't' does not have");
}

TEST_CASE("of a parser with several sources the partition says which it was") {
  const auto all = two_sources();
  const auto from_more = route_of(of("one", "more:0"), all, "parsed");
  REQUIRE(from_more);
  CHECK(from_more->plan->name == "parsed:more");
  CHECK(from_more->partition == "0");
  CHECK(why(of("one", "more:0"), all, "in", true).find("not downstream of") != std::string::npos);
  const auto unclear = why(of("both", "in:0"), all, "in");
  CHECK(unclear.find("several parsers") != std::string::npos);
}

TEST_CASE("what fails again goes on from where it got to") {
  const auto all = branching();
  const auto again = [&](const std::string& failed, const std::string& towards) {
    const auto r = route_of(of(failed, partition_name(towards, 3)), all, "in");
    REQUIRE(r);
    return r->stage;
  };
  CHECK(again("parsed", "parsed") == "parsed");
  CHECK(again("table", "parsed") == "table");  // the others have had it by then
  CHECK(again("parsed", "table") == "table");  // they had it before
  CHECK(again("adults", "table") == "table");
  CHECK(again("table", "adults") == "table");
  CHECK(again("adults", "adults") == "adults");
  CHECK(again("parsed", "gone") == "parsed");
}

TEST_CASE("records go in at sources and parsers") {
  const auto t = branching().front()->topology;
  CHECK(check_into(*t, "in"));
  CHECK(check_into(*t, "again"));
  const auto sink = check_into(*t, "table");
  REQUIRE_FALSE(sink);
  CHECK(sink.error().message.find("expected \"in\", \"parsed\" or \"again\"") != std::string::npos);
  const auto unknown = check_into(*t, "parse");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message.find("did you mean \"parsed\"?") != std::string::npos);
}
