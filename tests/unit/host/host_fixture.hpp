// Topologies for the tests of this folder, and a folder of the test's own to read them in.
#pragma once

#include "actors/deployment/start_positions.hpp"
#include "actors/node/host/hosted_plan.hpp"
#include "tests/support/must.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

namespace millrace::host::test {

using millrace::test::must;

using own_folder = millrace::test::scratch;

inline std::string topology_text(const std::string& stages, const std::string& name = "t",
                                 const std::string& head = {}) {
  return fmt::format(R"({{ "millrace": 1, "topology": "{}", {} "stages": {{ {} }} }})", name, head, stages);
}

/// Lanes, two windows in series and three sinks; `path` is the file that it reads.
inline std::string series_of(const std::string& path, const std::string& on_error = "dead_letter") {
  return fmt::format(
      R"json(
    "in": {{ "source": "file", "path": "{}" }},
    "parsed": {{ "parser": "json", "from": "in", "schema": {{ "k": "text", "at": "timestamp" }},
                 "event_time": "at", "on_error": "{}" }},
    "counts": {{ "window": "tumbling", "size": "1 min", "shards": 2, "from": "parsed", "key": ["k"],
                 "aggregates": {{ "n": "count(*)" }} }},
    "hours": {{ "window": "tumbling", "size": "1 h", "shards": 1, "from": "counts",
                "aggregates": {{ "most": "max(n)" }} }},
    "table": {{ "sink": "console", "from": "hours" }},
    "raw": {{ "sink": "file", "path": "raw", "from": "parsed" }})json",
      path, on_error);
}

/// `partitions`: each parser's source partitions by the parser's name; all start at the beginning.
inline hosted_plan plan_with(const std::string& text,
                             const std::map<std::string, std::vector<std::string>>& partitions,
                             std::uint64_t lanes = 2) {
  hosted_plan p{text, "0123456789abcdef0123456789abcdef", lanes, {}};
  for (const auto& [parser, names] : partitions) {
    std::vector<deployment::started_partition> all;
    for (const auto& n : names)
      all.push_back({n, {}});
    p.values[deployment::starts_name(parser)] = deployment::encode_starts(all);
  }
  return p;
}

inline planned_topology unfolded(const hosted_plan& p) {
  return must(unfold(p, must(load_plan(p.text, "t"))));
}

}  // namespace millrace::host::test
