// A topology, and what its actors show, as the tests of answers need them.
#pragma once

#include "actors/observe/explain.hpp"
#include "actors/observe/graph.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "tests/support/planned.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace millrace::observe::test {

inline constexpr auto topology_text = R"json({
  "millrace": 1, "topology": "t",
  "stages": {
    "in": { "source": "generator", "kind": "clicks", "count": 10 },
    "parsed": { "parser": "json", "from": "in", "event_time": "at", "watermark_delay": "10 s",
                "schema": { "user": "text", "at": "timestamp" }%PARSER% },
    "counts": { "window": "tumbling", "size": "5 minutes", "from": "parsed", "key": ["user"],
                "aggregates": { "n": "count(*)" } },
    "sums": { "window": "tumbling", "size": "1 hour", "from": "counts", "key": ["user"],
              "aggregates": { "total": "sum(n)" } },
    "out": { "sink": "console", "from": "counts" },
    "hourly": { "sink": "console", "from": "sums" }
  }
})json";

using millrace::test::planned_text;

inline config::topology planned(const std::string& parser = {}) {
  std::string text = topology_text;
  text.replace(text.find("%PARSER%"), 8, parser);
  return planned_text(text);
}

inline event_time at(const std::string& time) {
  const auto t = expression::parse_timestamp("2026-11-01T" + time + "Z");
  REQUIRE(t);
  return {*t};
}

/// All runs, and the first window waits for records that end it: it is 12:04, and the windows up to 12:00 have fired.
inline figures running() {
  figures f;
  f.topology = "t";
  f.at = at("12:04:00");
  f.is_running = true;
  f.sources = {{"in", 100, 0.001, 0.002, {}}};
  lane_figures l;
  l.name = "parsed/lane0";
  l.node = "a";
  l.parser = "parsed";
  l.source = "in";
  l.records = 1'000;
  l.lag = 5;
  l.partitions = {{"0", at("12:03:50"), 0.1, true, false, false, {}, {}},
                  {"1", at("12:03:40"), 0.2, true, false, false, {}, {}}};
  f.lanes = {l};
  shard_figures s;
  s.node = "a";
  s.watermark = at("12:03:40");
  s.fired = at("12:03:40");
  s.windows_open = 1;
  s.rows = 40;
  s.name = "counts/0";
  s.window = "counts";
  s.next_end = at("12:05:00");
  s.held_by = {{"out", 0}, {"sums/0", 0}};
  f.shards.push_back(s);
  s.name = "sums/0";
  s.window = "sums";
  s.next_end = at("13:00:00");
  s.held_by = {{"hourly", 0}};
  f.shards.push_back(s);
  f.sinks = {{"out", "a", 40, 3, 0, true, false, {{3, at("12:00:01"), 12, 0.1, 0.02}}, {}, {}, 0.03, "usual"},
             {"hourly", "a", 0, 0, 0, true, false, {}, {}, {}, {}, "usual"}};
  f.counted = {{"in", {1'000, 1'000, 0, 0}}, {"parsed", {1'000, 1'000, 0, 0}}, {"out", {40, 40, 0, 0}}};
  return f;
}

}  // namespace millrace::observe::test
