// A user's unit tests: FILE.test.json read, its topology planned, and every case checked against the plan
// (sources, stages, columns, types), before anything runs. Mistakes become findings, as those of a topology.
#pragma once

#include "config/plan.hpp"
#include "tools/dry_run/dry_run.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace millrace::dry_run {

/// Says what a column must hold: a value of its type, or (text) a part of it.
struct expected_cell {
  std::string column;
  boost::json::value value{};
  std::optional<std::string> contains{};
};
/// A row as far as the test says it.
struct expected_row {
  std::vector<expected_cell> cells;
  std::string text;  // the user's own text, on one line
};
struct expectation {
  std::string stage;
  std::optional<std::vector<expected_row>> rows;
  std::optional<std::uint64_t> count;
  std::optional<bool> ordered;  // default: as the stage's rows are
};
/// Records, then time that passes.
struct step {
  std::vector<arrival> records;
  micros advance{};
};
struct test_case {
  std::string name;
  std::optional<event_micros> clock;
  bool end = true;
  std::vector<step> steps;
  std::map<std::string, std::set<std::string>> partitions;
  std::vector<expectation> expect;
};
struct test_file {
  config::topology topology;
  std::vector<test_case> cases;
};

struct loaded_tests {
  std::optional<test_file> tests;  // no value when a finding is an error
  std::vector<config::finding> findings;
};
/// Reads this file, its topology with overlays, and the files of records that it names.
[[nodiscard]] loaded_tests load_tests(const std::string& file, const config::catalog& connectors);

}  // namespace millrace::dry_run
