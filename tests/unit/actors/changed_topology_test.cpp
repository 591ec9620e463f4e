// A topology that is changed under its state, as far as the state survives that.
#include "actors/deployment/parsed_by.hpp"
#include "tests/unit/actors/pipeline_fixture.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

constexpr int records = 300;

std::string clicks() {
  std::string out;
  for (int i = 0; i < records; ++i)
    out += R"({"user":"u)" + std::to_string(i % 3) + R"(","at":"2021-04-24 19:)" +
           std::to_string(10 + i / 100) + ":00\"}\n";
  return out + "no record\n";
}

/// Counts by user; `more` are stages that stand before the window.
std::string topology(const test::pipeline_fixture& f, const std::string& more) {
  return R"json({ "millrace": 1, "topology": "changed", "stages": {
    "clicks": { "source": "file", "path": ")json" +
         f.path("clicks.jsonl") + R"json(" },
    "parsed": { "parser": "json", "from": "clicks", "schema": { "user": "text", "at": "timestamp" },
                "event_time": "at" },)json" +
         more + R"json(
    "counts": { "window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["user"], "shards": 2,
                "aggregates": { "n": "count(*)" } },
    "out": { "sink": "file", "path": ")json" +
         f.path("out.jsonl") + R"json(", "from": "counts" } } })json";
}

delivery::ledger run(test::pipeline_fixture& f, const std::string& text) {
  f.write("topology.json", text);
  f.load("topology.json");
  f.start();
  REQUIRE(f.ended_within(std::chrono::seconds(60)));
  REQUIRE_FALSE(f.end().failure);
  delivery::ledger out;
  for (const auto& part : f.end().parts)
    out.add(part.counts);
  return out;
}

}  // namespace

TEST_CASE("counters stay with their stages where others are put between them, and taken out again") {
  test::pipeline_fixture f("millrace-changed");
  f.write("clicks.jsonl", clicks());
  const auto before = run(f, topology(f, ""));
  CHECK(before.of("clicks").in == records + 1);
  CHECK(before.of("parsed") == delivery::stage_counts{.in = records + 1, .out = records, .dead = 1});
  CHECK(before.of("counts").out == records);
  const auto rows = before.of("out").out;
  CHECK(rows == 3);

  const auto added = run(f, topology(f, R"json(
    "wide": { "transform": "select", "from": "parsed", "columns": { "who": "\"user\"" } },
    "all": { "sink": "file", "path": ")json" +
                                            f.path("all.jsonl") + R"json(", "from": "wide" },)json"));
  for (const auto* const stage : {"clicks", "parsed", "counts", "out"}) {
    INFO(stage);
    CHECK(added.of(stage) == before.of(stage));
  }
  CHECK(added.of("all").out == records);

  const auto again = run(f, topology(f, ""));
  for (const auto* const stage : {"clicks", "parsed", "counts", "out"}) {
    INFO(stage);
    CHECK(again.of(stage) == before.of(stage));
  }
}

TEST_CASE("a lane keeps by which topology it parses") {
  test::pipeline_fixture f("millrace-parsed-by");
  f.write("clicks.jsonl", clicks());
  const auto counts = run(f, topology(f, ""));
  CHECK(counts.of("parsed").in == records + 1);
  const auto state = host::look_at_run(f.state(), f.topology().name);
  REQUIRE(state);
  CHECK(state->has_read);
  const auto kept = deployment::parsed_by(*state->values, "parsed/lane0");
  REQUIRE(kept);
  CHECK(*kept == f.topology().state_fingerprint);
}
