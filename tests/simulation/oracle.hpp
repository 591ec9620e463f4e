// Computes the outcome of a scenario record by record, by brute force: nothing here knows of frames, shards,
// slices or crashes.
#pragma once

#include "tests/simulation/scenario.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace millrace::simulation {

struct expectation {
  /// Rows of each sink as JSON, sorted. A sink downstream of updates has the last row of each group, without
  /// `batch`.
  std::map<std::string, std::vector<std::string>> rows;
  std::vector<std::string> refused;                                   // refused rows of sink `rows`, sorted
  std::set<std::tuple<std::string, std::string, std::int64_t>> dead;  // stage, partition, position
  std::map<std::string, std::uint64_t> in;                            // records that a stage takes in
  std::uint64_t late = 0;
};

[[nodiscard]] expectation expect(const scenario& s);

}  // namespace millrace::simulation
